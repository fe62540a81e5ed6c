/*
 * The npm packages, exactly as package-lock.json lists them. npm ci empties node_modules first, so a half-finished one
 * needs no repair.
 */
import fs from "node:fs";
import path from "node:path";
import { installError, npmCommand, runProgram } from "./programs.mjs";
import { environment } from "./project.mjs";
import { digest, readStamp, removeStamp, stampHolds, writeStamp } from "./stamps.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/**
 * What node_modules depends on: the lock file, and the Node whose binaries it holds.
 * @param {Project} project
 * @param {{ modules: string, platform: string, arch: string }} node
 * @returns {import("./stamps.mjs").Stamp}
 */
export function packagesStamp(project, node) {
  return {
    lock: digest(fs.readFileSync(path.join(project.root, "package-lock.json"))),
    node: `${node.platform}-${node.arch}-${node.modules}`,
  };
}

/**
 * Installs the npm packages if they are not there as the lock file lists them.
 * @param {Project} project
 * @param {(text: string) => void} say
 * @returns {Promise<string>} what was done
 * @throws {import("./say.mjs").SetupError} no network, a full disk, …
 */
export async function setUpPackages(project, say) {
  const folder = path.join(project.root, "node_modules");
  const { versions, platform, arch } = process;
  const wanted = packagesStamp(project, { modules: versions.modules, platform, arch });
  if (stampHolds(readStamp(folder), wanted)) return "already installed";
  const hadGpu = fs.existsSync(path.join(folder, "webgpu"));
  say("installing what package-lock.json lists, about 500 MB");
  removeStamp(folder);
  const [npm, first] = npmCommand();
  // npm would try a dead network for minutes. What it has downloaded is kept, so trying again goes on from there.
  const patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  const { code, output } = await runProgram(npm, [...first, "ci", "--include=dev", "--loglevel=error", ...patience], {
    cwd: project.root,
    env: environment(project),
    log: project.log,
  });
  if (code !== 0) throw installError("npm", output, path.relative(project.root, project.log));
  writeStamp(folder, wanted);
  return hadGpu ? "installed; for the GPU run npm run webgpu once more" : "installed";
}
