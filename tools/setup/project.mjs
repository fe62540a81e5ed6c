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

/**
 * Settings of a person's shell that would lead Python, pip, Jupyter, Node or the compilers out of the project. What pip
 * needs to reach a package index is kept (PIP_NETWORK), and what a hub tells a server.
 */
const STRAY = /^(PYTHON|PIP_|JUPYTER(?!HUB)|IPYTHON|TSX_|ESBUILD_|NODE_(PATH|PRESERVE_|REDIRECT_)|VIRTUAL_ENV$)/i;

/** pip's settings that are about the network: whatever else a person has set for pip is for other projects. */
export const PIP_NETWORK = [
  "index_url",
  "extra_index_url",
  "find_links",
  "no_index",
  "proxy",
  "cert",
  "client_cert",
  "trusted_host",
  "timeout",
  "default_timeout",
  "retries",
  "keyring_provider",
  "use_feature",
];

/** Options of Node that are about certificates, the network, memory and what is printed. */
const NODE_OPTIONS_KEPT =
  /^--(use-(openssl|bundled|system)-ca|tls-|dns-result-order|network-family-|max-|(no-)?warnings|disable-warning)/;

/**
 * Sorts the options of NODE_OPTIONS: with a debugger, a preload or frozen intrinsics a notebook kernel would not start.
 * @param {string} text
 * @returns {{ kept: string[], dropped: string[] }}
 */
export function sortNodeOptions(text) {
  /** @type {{ kept: string[], dropped: string[] }} */
  const sorted = { kept: [], dropped: [] };
  let list = sorted.dropped;
  for (const word of text.match(/(?:"(?:\\.|[^"])*"|\S)+/g) ?? []) {
    // What begins with no dash is the value of the option before it.
    if (word.startsWith("-")) list = NODE_OPTIONS_KEPT.test(word) ? sorted.kept : sorted.dropped;
    list.push(word);
  }
  return sorted;
}

/**
 * Whether a setting of a person's shell stays.
 * @param {string} name
 */
function isKept(name) {
  return !STRAY.test(name) || PIP_NETWORK.includes(name.replace(/^PIP_/i, "").toLowerCase());
}

/**
 * The environment for everything that the set-up starts.
 * @param {Project} project
 * @param {NodeJS.ProcessEnv} env the person's own
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(project, env = process.env) {
  const jupyter = (/** @type {string} */ name) => path.join(project.cache, "jupyter", name);
  const { NODE_OPTIONS, ...kept } = Object.fromEntries(Object.entries(env).filter(([name]) => isKept(name)));
  const nodeOptions = sortNodeOptions(NODE_OPTIONS ?? "").kept.join(" ");
  return {
    ...kept,
    ...(nodeOptions === "" ? {} : { NODE_OPTIONS: nodeOptions }),
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
