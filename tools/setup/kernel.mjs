/*
 * Registers the course's kernel inside .venv and sets what JupyterLab does there: nowhere else, so that no other
 * Jupyter of the machine sees it.
 */
import fs from "node:fs";
import path from "node:path";

/** @typedef {import("./project.mjs").Project} Project */

/**
 * The kernel's kernel.json. Node's absolute path is in it: the kernel runs on the Node that set the course up, whatever
 * stands first on the PATH.
 * @param {Project} project
 * @param {string} node
 */
export function kernelSpec(project, node) {
  return {
    argv: [node, path.join(project.root, "tools", "kernel", "start.cjs"), "{connection_file}"],
    display_name: "TypeScript (course)",
    language: "typescript",
    interrupt_mode: "signal",
  };
}

/** JupyterLab's settings that differ from its own: it asks nobody about news, and looks for no updates. */
export const OVERRIDES = {
  "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
};

/**
 * Writes a file if it says something else.
 * @param {string} file
 * @param {unknown} value
 * @returns {boolean} whether it was written
 */
function writeJson(file, value) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === text) return false;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return true;
}

/**
 * @param {Project} project
 * @param {string} node
 * @returns {string} what was done
 */
export function setUpKernel(project, node = process.execPath) {
  const share = path.join(project.venv, "share", "jupyter");
  const registered = writeJson(path.join(share, "kernels", "tslab", "kernel.json"), kernelSpec(project, node));
  const settings = writeJson(path.join(share, "lab", "settings", "overrides.json"), OVERRIDES);
  return registered || settings ? "registered inside .venv" : "already registered";
}
