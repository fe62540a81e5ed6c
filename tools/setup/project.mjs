/*
 * Where everything lies, and the environment in which Python, npm and JupyterLab run, so that all they write stays
 * inside the project folder: node_modules, .venv, work (the learner's copies) and .cache (downloads, logs,
 * JupyterLab's settings).
 */
import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Project
 * @property {string} root the project folder, absolute
 * @property {string} venv the folder of the Python environment
 * @property {string} python the Python inside it
 * @property {string} cache downloads, logs, JupyterLab's own files
 * @property {string} log what the set-up's commands printed
 * @property {string} notebooks the lessons as they come
 * @property {string} work the learner's copies
 */

/** The folder this file belongs to. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/**
 * Where a class shares one course folder that nobody may write to, COURSE_CACHE and COURSE_WORK say where each person's
 * own files are (deploy/).
 * @param {string} root
 * @param {NodeJS.Platform} platform
 * @param {NodeJS.ProcessEnv} env
 * @returns {Project}
 */
export function projectAt(root, platform = process.platform, env = process.env) {
  const at = (/** @type {string[]} */ ...names) => path.join(root, ...names);
  const cache = env.COURSE_CACHE ?? at(".cache");
  return {
    root,
    venv: at(".venv"),
    python: platform === "win32" ? at(".venv", "Scripts", "python.exe") : at(".venv", "bin", "python"),
    cache,
    log: path.join(cache, "setup.log"),
    notebooks: at("notebooks"),
    work: env.COURSE_WORK ?? at("work"),
  };
}

/** Settings of a person's shell that would lead Python or Jupyter out of the project. */
const STRAY = [
  "PYTHONHOME",
  "PYTHONPATH",
  "PYTHONSTARTUP",
  "PYTHONUSERBASE",
  "VIRTUAL_ENV",
  "PIP_TARGET",
  "PIP_PREFIX",
  "PIP_ROOT",
  "PIP_CONSTRAINT",
  "PIP_REQUIREMENT",
  "PIP_PYTHON",
  "PIP_DRY_RUN",
  "JUPYTER_PATH",
  "JUPYTER_CONFIG_PATH",
  "JUPYTER_TOKEN",
  "JUPYTERLAB_DIR",
  "TSX_TSCONFIG_PATH",
  "JUPYTER_ALLOW_INSECURE_WRITES",
];

/**
 * The environment for everything that the set-up starts.
 * @param {Project} project
 * @param {NodeJS.ProcessEnv} env the person's own
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(project, env = process.env) {
  const jupyter = (/** @type {string} */ name) => path.join(project.cache, "jupyter", name);
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !STRAY.includes(name)));
  return {
    ...kept,
    JUPYTER_DATA_DIR: jupyter("data"),
    JUPYTER_CONFIG_DIR: jupyter("config"),
    JUPYTER_RUNTIME_DIR: jupyter("runtime"),
    JUPYTERLAB_SETTINGS_DIR: jupyter("settings"),
    JUPYTERLAB_WORKSPACES_DIR: jupyter("workspaces"),
    IPYTHONDIR: jupyter("ipython"),
    npm_config_cache: path.join(project.cache, "npm"),
    PIP_CACHE_DIR: path.join(project.cache, "pip"),
    PIP_USER: "0",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PYTHONNOUSERSITE: "1",
    PYTHONUTF8: "1",
  };
}
