/*
 * npm run webgpu: the package that gives Node a GPU (132 MB, so it is no part of npm start), and whether it finds
 * one. package.json and package-lock.json stay as they are; when the lock file changes, npm start empties
 * node_modules and says that this has to be run once more.
 */
import fs from "node:fs";
import path from "node:path";
import { installError, npmCommand, runProgram } from "./programs.mjs";
import { removeSourceMaps, setUpPackages } from "./packages.mjs";
import { ROOT, environment, projectAt } from "./project.mjs";
import { Report } from "./say.mjs";
import { stopInstalling, whenStopped } from "./setup.mjs";
import { readStamp } from "./stamps.mjs";

/** The package that speaks to the driver, and TensorFlow.js's backend on top of it. */
export const GPU_PACKAGES = { webgpu: "0.6.2", "@tensorflow/tfjs-backend-webgpu": "4.22.0" };

/** Asks for an adapter, in a process of its own: a driver may bring the process down. */
const PROBE = `
const { create, globals } = require("webgpu");
Object.assign(globalThis, globals);
create([]).requestAdapter().then((adapter) => {
  const { vendor = "", architecture = "", device = "", description = "" } = adapter?.info ?? {};
  const name = description || device || [vendor, architecture].join(" ").trim() || "unnamed";
  console.log(JSON.stringify(adapter ? name : null));
  process.exit(0);
});
`;

/** @param {import("./project.mjs").Project} project */
function missingPackages(project) {
  return Object.entries(GPU_PACKAGES).filter(([name, version]) => {
    const file = path.join(project.root, "node_modules", ...name.split("/"), "package.json");
    return !fs.existsSync(file) || JSON.parse(fs.readFileSync(file, "utf8")).version !== version;
  });
}

/**
 * @param {import("./project.mjs").Project} project
 * @param {(text: string) => void} say
 * @returns {Promise<string>}
 * @throws {import("./say.mjs").SetupError}
 */
async function installGpu(project, say) {
  if (missingPackages(project).length === 0) return "already installed";
  say("installing webgpu, 132 MB");
  const [npm, first] = npmCommand();
  const names = Object.entries(GPU_PACKAGES).map(([name, version]) => `${name}@${version}`);
  const folder = path.join(project.root, "node_modules");
  // npm would bring what tests need as well, or remove it.
  const tests = readStamp(folder)?.tests === "yes" ? "--include=dev" : "--omit=dev";
  const args = ["install", "--no-save", tests, "--include=optional", "--loglevel=error", ...names];
  const options = { cwd: project.root, env: environment(project), log: project.log };
  const { code, output } = await runProgram(npm, [...first, ...args], options);
  if (code !== 0) throw installError("npm", output, path.relative(project.root, project.log));
  removeSourceMaps(folder);
  return "installed";
}

/**
 * @param {import("./project.mjs").Project} project
 * @param {NodeJS.ProcessEnv} env what is added to the environment, such as the place of a driver
 * @returns {Promise<string | null>} the name of what was found
 */
export async function findAdapter(project, env = {}) {
  const options = { cwd: project.root, env: { ...environment(project), ...env }, log: project.log };
  const { code, output } = await runProgram(process.execPath, ["--eval", PROBE], options);
  const found = code === 0 ? /^(null|".*")$/m.exec(output)?.[1] : undefined;
  return found === undefined ? null : JSON.parse(found);
}

/**
 * @param {string | null} adapter
 * @returns {string} what to tell
 */
function describe(adapter) {
  if (adapter === null) {
    return "none found (it needs a Vulkan, Metal or Direct3D 12 driver), so the course goes on with wasm";
  }
  return `${adapter}, which useBackend("auto") takes from now on`;
}

export async function main() {
  const project = projectAt(ROOT);
  const installed = whenStopped(stopInstalling);
  const report = new Report(3);
  await report.step("npm packages", (say) => setUpPackages(project, { tests: false }, say));
  await report.step("webgpu", (say) => installGpu(project, say));
  await report.step("Adapter", async () => describe(await findAdapter(project)));
  installed();
}
