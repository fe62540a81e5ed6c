/*
 * The Python environment of the site's build, apart from the learner's: .cache/site/venv.
 */
import path from "node:path";
import { setUpPython } from "../setup/python.mjs";

/** @typedef {import("../setup/project.mjs").Project} Project */

/**
 * The project with the site's environment in the place of the learner's.
 * @param {Project} project
 * @returns {Project}
 */
export function withSitePython(project) {
  const venv = path.join(project.cache, "site", "venv");
  const python = path.join(venv, path.relative(project.venv, project.python));
  return { ...project, venv, python };
}

/**
 * Makes it, if it is not there.
 * @param {Project} project
 * @param {(text: string) => void} say
 */
export function setUpSitePython(project, say) {
  return setUpPython(withSitePython(project), { base: [], extra: ["site"] }, say);
}
