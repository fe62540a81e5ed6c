/*
 * Finds a Python on the machine and makes .venv with exactly the packages of requirements.txt. The environment is
 * made anew when its stamp is missing (a set-up was cut off), when the project folder was moved (an environment holds
 * its own path) or when the Python it was made from is gone. The stamp is written when the packages have been imported.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installError, runProgram } from "./programs.mjs";
import { PIP_NETWORK, environment } from "./project.mjs";
import { SetupError, again } from "./say.mjs";
import { digest, readStamp, removeStamp, stampHolds, writeStamp } from "./stamps.mjs";

/**
 * @typedef {import("./project.mjs").Project} Project
 * @typedef {{ command: string[], version: string, venv: boolean }} Python
 */

export const OLDEST_PYTHON = [3, 10];

/** Imports modules. */
const TRIAL = fileURLToPath(new URL("trial.py", import.meta.url));

/** What is imported of each list before it counts as installed. */
const NEEDED = {
  requirements: ["jupyterlab.labapp", "nbclient", "nbconvert", "zmq"],
  dev: ["jupytext", "nbgrader.preprocessors"],
  rerun: ["papermill"],
  hub: ["jupyterhub.app"],
  site: ["jupyterlite_core.app"],
};

/** Runs on any Python, down to 2: says its version and whether it can make environments. */
const PROBE = `
import json, sys
def has(name):
    try:
        __import__(name)
        return True
    except ImportError:
        return False
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "venv": has("venv") and has("ensurepip")}))
`;

/**
 * The commands under which a Python may be found, best first. COURSE_PYTHON names one that comes before all others: a
 * class needs one that everybody may run.
 * @param {NodeJS.Platform} platform
 * @returns {string[][]}
 */
export function pythonCommands(platform = process.platform) {
  if (process.env.COURSE_PYTHON) return [[process.env.COURSE_PYTHON]];
  if (platform === "win32") return [["py", "-3"], ["python"], ["python3"]];
  return [["python3"], ["python"], ...[14, 13, 12, 11, 10].map((minor) => [`python3.${minor}`])];
}

/** @param {string} version */
export function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

/**
 * Asks one command what Python it is.
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Python | null} null if there is no Python under that name
 */
function probe(command, env) {
  const [program, ...args] = command;
  const { status, stdout } = spawnSync(program, [...args, "-c", PROBE], {
    env,
    encoding: "utf8",
    timeout: 20_000,
    stdio: ["ignore", "pipe", "ignore"],
    windowsHide: true,
  });
  if (status !== 0) return null;
  try {
    return { command, .../** @type {{ version: string, venv: boolean }} */ (JSON.parse(stdout)) };
  } catch {
    return null;
  }
}

/**
 * The first Python that will do.
 * @param {Iterable<Python>} found in order of preference
 * @returns {Python}
 * @throws {SetupError} which says what is missing: Python, a newer one, or its venv module
 */
export function choosePython(found) {
  const rejected = [];
  for (const python of found) {
    if (isNewEnough(python.version) && python.venv) return python;
    rejected.push(python);
  }
  const needed = OLDEST_PYTHON.join(".");
  const bare = rejected.find((python) => isNewEnough(python.version));
  if (bare !== undefined) {
    const name = `python${bare.version.split(".", 2).join(".")}-venv`;
    throw new SetupError(
      `Python ${bare.version} lacks its venv module: install it (Debian, Ubuntu: sudo apt install ${name}), ` +
        `then ${again()}.`,
    );
  }
  if (rejected.length > 0) {
    throw new SetupError(
      `Python ${rejected[0].version} is too old: install Python ${needed} or newer (python.org, or your system's ` +
        `packages), then ${again()}.`,
    );
  }
  throw new SetupError(
    `Python is missing: install Python ${needed} or newer (python.org, or your system's packages), then ${again()}.`,
  );
}

/**
 * The PATH without the project's own environment, which may be about to be replaced.
 * @param {Project} project
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutVenv(project, env) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const folders = (env[name] ?? "").split(path.delimiter);
  return { ...env, [name]: folders.filter((folder) => !folder.startsWith(project.venv)).join(path.delimiter) };
}

/**
 * Finds the Python to make the environment from.
 * @param {Project} project
 * @returns {Python}
 * @throws {SetupError}
 */
export function findPython(project) {
  const env = withoutVenv(project, environment(project));
  const found = function* () {
    for (const command of pythonCommands()) {
      const python = probe(command, env);
      if (python !== null) yield python;
    }
  };
  return choosePython(found());
}

/**
 * Whether .venv was finished, has not been moved, and still runs.
 * @param {Project} project
 */
export function venvWorks(project) {
  const stamp = readStamp(project.venv);
  if (stamp === null || stamp.root !== project.root) return false;
  return probe([project.python], environment(project))?.version === stamp.python;
}

/**
 * The file of a list of packages besides requirements.txt, from the project's root.
 * @param {string} name such as "dev"
 */
export function requirementList(name) {
  return `tools/setup/requirements/${name}.txt`;
}

/**
 * What the lists hold now, by the names under which the stamp has them.
 * @param {Project} project
 * @param {string[]} lists files, from the project's root
 * @returns {import("./stamps.mjs").Stamp}
 */
function listStamp(project, lists) {
  const entry = (/** @type {string} */ list) => [list, digest(fs.readFileSync(path.join(project.root, list)))];
  return Object.fromEntries(lists.map(entry));
}

/**
 * The environment for pip. To describe the machine to the package index, pip asks rustc for its version, and rustup's
 * rustc makes ~/.rustup when there is none: it is made in the project then.
 * @param {Project} project
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function pipEnvironment(project, env) {
  const has = env.RUSTUP_HOME !== undefined || fs.existsSync(path.join(env.HOME ?? os.homedir(), ".rustup"));
  return has ? env : { ...env, RUSTUP_HOME: path.join(project.cache, "rustup") };
}

/**
 * The environment for installing: of a person's settings of pip (files and shell) those about the network. A target or
 * prefix that is meant for other projects would leave .venv empty.
 * @param {Project} project
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, log: string }} options
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function installEnvironment(project, options) {
  const { output } = await runProgram(project.python, ["-m", "pip", "config", "list"], options);
  return { ...options.env, ...pipSettings(output), PIP_CONFIG_FILE: os.devNull };
}

/**
 * @param {string} list what pip config list prints: lines such as install.proxy='…'
 * @returns {Record<string, string>} the settings about the network, for the shell
 */
export function pipSettings(list) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [, section, key, value] of list.matchAll(/^(global|install|:env:)\.([\w-]+)=['"](.*)['"]\r?$/gm)) {
    const name = key.replace(/-/g, "_");
    const plain = value.replace(/\\(n|.)/g, (_, one) => (one === "n" ? " " : one)).trim();
    const variable = `PIP_${name.toUpperCase()}`;
    // pip's order: the shell's before a command's own before those for all commands.
    if (!PIP_NETWORK.includes(name) || plain === "") continue;
    if (section === ":env:" || process.env[variable] === undefined) found[variable] = plain;
  }
  return found;
}

/**
 * Makes .venv and installs into it what is not there yet.
 * @param {Project} project
 * @param {{ extra: string[], base?: string[] }} options extra: the lists besides the base, such as "dev"; base: the files
 *   that come first, by default requirements.txt, what a learner needs
 * @param {(text: string) => void} say
 * @returns {Promise<string>} what was done
 * @throws {SetupError} no suitable Python, no network, packages that can't be imported, …
 */
export async function setUpPython(project, { extra, base = ["requirements.txt"] }, say) {
  const options = { cwd: project.root, env: pipEnvironment(project, environment(project)), log: project.log };
  const works = venvWorks(project);
  const before = works ? readStamp(project.venv) : null;
  const lists = [...base, ...extra.map(requirementList)];
  const wanted = listStamp(project, lists);
  const venv = path.relative(project.root, project.venv);
  if (stampHolds(before, wanted)) return `${venv} with Python ${before?.python} is ready`;
  removeStamp(project.venv);
  let version = before?.python;
  const failed = (/** @type {string} */ output) =>
    installError("Python", output, path.relative(project.root, project.log));
  if (version === undefined) {
    const python = findPython(project);
    version = python.version;
    say(`making ${venv} with Python ${version}`);
    fs.rmSync(project.venv, { recursive: true, force: true, maxRetries: 3 });
    const [program, ...args] = python.command;
    const env = withoutVenv(project, options.env);
    const { code, output } = await runProgram(program, [...args, "-m", "venv", project.venv], { ...options, env });
    if (code !== 0) {
      if (/ensurepip/.test(output)) choosePython([{ ...python, venv: false }]);
      throw failed(output);
    }
  }
  say(`installing what ${lists.join(" and ")} lists${works || base.length === 0 ? "" : ", about 260 MB"}`);
  const env = await installEnvironment(project, options);
  const install = [
    "-m",
    "pip",
    "install",
    "--no-deps",
    "--no-input",
    "--progress-bar=off",
    "--no-warn-script-location",
  ];
  // What is imported is compiled when it is imported first: all of it would be a quarter more on the disk.
  const args = [...install, "--no-compile", ...lists.flatMap((name) => ["-r", name])];
  const { code, output } = await runProgram(project.python, args, { ...options, env });
  if (code !== 0) throw failed(output);
  const modules = Object.entries(NEEDED).flatMap(([list, names]) =>
    (list === "requirements" && base.length > 0) || extra.includes(list) ? names : [],
  );
  const trial = await runProgram(project.python, [TRIAL, ...modules], options);
  if (trial.code !== 0) {
    throw new SetupError(
      `The Python packages are installed but can't be imported (${trial.output.trim().split("\n").at(-1)}): delete ` +
        `${venv}, then ${again()}. See ${path.relative(project.root, project.log)}.`,
    );
  }
  // Lists that were installed before and are not wanted now are still in there.
  writeStamp(project.venv, { ...before, root: project.root, python: version, ...wanted });
  return `${venv} with Python ${version} is ready`;
}
