/*
 * Builds the site: pages to read at its root, JupyterLite to run lessons in run/. It is made beside its place and put there
 * when it is whole. What it was made from is noted in it, so that it is not made again for nothing.
 */
import fs from "node:fs";
import path from "node:path";
import { Report, SetupError } from "../setup/say.mjs";
import { SETUP_STEPS, setUp } from "../setup/setup.mjs";
import { digest, readStamp, stampHolds, writeStamp } from "../setup/stamps.mjs";
import { filesOf, writeOfflineList } from "./lab/offline.mjs";
import { setUpSitePython, withSitePython } from "./python.mjs";

/** @typedef {import("../setup/project.mjs").Project} Project */

/** What the site is made from. */
const INPUTS = ["data", "docs", "lib", "notebooks", "tools", "package-lock.json", "requirements.txt", "README.md"];

const STEPS = SETUP_STEPS + 4;

/**
 * @param {Project} project
 * @param {string} address
 * @returns {import("../setup/stamps.mjs").Stamp}
 */
function stampOf(project, address) {
  const files = INPUTS.flatMap((name) => {
    const at = path.join(project.root, name);
    if (fs.statSync(at).isFile()) return [name];
    return filesOf(at).map((file) => `${name}/${file}`);
  });
  const contents = files.map((file) => `${file} ${digest(fs.readFileSync(path.join(project.root, file)))}`);
  return { site: digest([address, ...contents].join("\n")) };
}

/**
 * @param {string} out
 * @throws {SetupError} if something else lies there
 */
function requireOurs(out) {
  const there = fs.statSync(out, { throwIfNoEntry: false });
  if (there === undefined || (there.isDirectory() && fs.readdirSync(out).length === 0)) return;
  if (!there.isDirectory()) throw new SetupError(`${out} is a file: name a folder with --out.`);
  if (readStamp(out)?.site === undefined) {
    throw new SetupError(`${out} holds something else than a built site: empty it, or name another folder with --out.`);
  }
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {string} folder */
export function sizeOf(folder) {
  return filesOf(folder).reduce((sum, file) => sum + fs.statSync(path.join(folder, file)).size, 0);
}

/**
 * @param {Project} project
 * @param {{ out: string, address?: string, report?: Report, prepared?: boolean }} options address: where the site will
 *   be, ending in "/"; prepared: what the course itself needs is set up
 * @returns {Promise<boolean>} whether it was built; if not, it was there already
 * @throws {SetupError}
 */
export async function buildSite(project, { out, address = "", report = new Report(STEPS), prepared = false }) {
  requireOurs(out);
  const stamp = stampOf(project, address);
  if (stampHolds(readStamp(out), stamp)) return false;
  if (!prepared) await setUp(project, report, { extra: ["tests"] });
  await report.step("Packages of the site", (say) => setUpSitePython(project, say));
  const { python } = withSitePython(project);
  const making = `${out}.part`;
  const run = path.join(making, "run");
  fs.rmSync(making, { recursive: true, force: true });
  fs.mkdirSync(making, { recursive: true });
  // These need packages that have been installed by now.
  await report.step("Pages to read", async (say) => {
    const { buildPages } = await import("./read/build.mjs");
    return (await buildPages({ project, out: making, python, say, address })) ?? "written";
  });
  await report.step("JupyterLite", async (say) => {
    const { buildLab } = await import("./lab/build.mjs");
    return buildLab({ project, python, out: run, say });
  });
  await report.step("Kernel for a tab", async (say) => {
    const { bundleWorker } = await import("./worker/bundle.mjs");
    const { bytes } = await bundleWorker({ project: project.root, out: path.join(run, "worker"), say });
    return megabytes(bytes);
  });
  writeOfflineList(run);
  fs.writeFileSync(path.join(making, ".nojekyll"), ""); // a code host's pages leave out names that begin with _ otherwise
  writeStamp(making, stamp);
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(path.dirname(out), { recursive: true });
  fs.renameSync(making, out);
  return true;
}
