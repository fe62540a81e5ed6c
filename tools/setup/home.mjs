/*
 * A person's folder where a class shares one course: their own copies of the lessons, and links to the course's files,
 * so that what a lesson links to is found from there as well.
 */
import fs from "node:fs";
import path from "node:path";
import { describeSync, syncLessons } from "./lessons.mjs";
import { ROOT, projectAt } from "./project.mjs";

/** What lessons link to. */
const LINKED = ["lib", "data", "notebooks"];

/**
 * Makes what is missing; copies that were changed stay as they are.
 * @param {string} folder
 * @returns {string} what was done
 */
export function prepareHome(folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of LINKED) {
    const link = path.join(folder, name);
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.join(ROOT, name), link);
  }
  return describeSync(syncLessons({ ...projectAt(ROOT), work: path.join(folder, "work") }));
}
