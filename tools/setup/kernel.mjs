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

/** What the course adds to JupyterLab's page, as JupyterLab wants an extension to lie: see course.js there. */
const EXTENSION = { name: "deepseek-v3-course", files: ["package.json", "static/course.js", "static/course.css"] };

/**
 * Writes a file if it says something else.
 * @param {string} file
 * @param {string} text
 * @returns {boolean} whether it was written
 */
function write(file, text) {
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
  const json = (/** @type {unknown} */ value) => `${JSON.stringify(value, null, 2)}\n`;
  const extension = (/** @type {string} */ file) =>
    write(
      path.join(share, "labextensions", EXTENSION.name, ...file.split("/")),
      fs.readFileSync(path.join(project.root, "tools", "jupyterlab", ...file.split("/")), "utf8"),
    );
  const written = [
    write(path.join(share, "kernels", "tslab", "kernel.json"), json(kernelSpec(project, node))),
    write(path.join(share, "lab", "settings", "overrides.json"), json(OVERRIDES)),
    ...EXTENSION.files.map(extension),
  ];
  return written.includes(true) ? "registered inside .venv" : "already registered";
}
