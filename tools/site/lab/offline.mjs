/*
 * offline.json: the digest of every file of JupyterLite's folder, by which the service worker keeps them.
 */
import fs from "node:fs";
import path from "node:path";
import { digest } from "../../setup/stamps.mjs";

const LIST = "offline.json";

/** What is kept as soon as a lesson is open; the rest (the texts, models, other lessons) once it has been asked for. */
const FIRST =
  /^(build|extensions|lab|api)\/|^[^/]+\.(json|js|webmanifest)$|^worker\/([^/]+\.(js|json|wasm)|files\/(pack|types)-[^/]+)$/;

/** The service worker itself, and pictures and licences that no page shows. */
const LEFT_OUT = /^service-worker\.js$|third-party-licenses\.json$|^build\/schemas\/@/;

/**
 * @param {string} folder
 * @returns {string[]} its files, with slashes
 */
export function filesOf(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll(path.sep, "/"),
    )
    .sort();
}

/** @param {string} run JupyterLite's folder, with all its files */
export function writeOfflineList(run) {
  const names = filesOf(run).filter((name) => name !== LIST && name !== "service-worker.js");
  const files = Object.fromEntries(
    names.map((name) => [name, digest(fs.readFileSync(path.join(run, name))).slice(0, 16)]),
  );
  const first = names.filter((name) => FIRST.test(name) && !LEFT_OUT.test(name));
  fs.writeFileSync(path.join(run, LIST), JSON.stringify({ files, first }));
}
