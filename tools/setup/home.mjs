/*
 * node tools/run.mjs home FOLDER: what a hub runs before a person's server starts (deploy/). Where a class shares one
 * course, a person has a folder of their own: their copies of the lessons in FOLDER/work, and links to the course's
 * files, so that what a lesson links to is found from there as well.
 */
import fs from "node:fs";
import path from "node:path";
import { describeSync, syncLessons } from "./lessons.mjs";
import { ROOT, projectAt } from "./project.mjs";
import { SetupError } from "./say.mjs";

/** What lessons link to. */
const LINKED = ["lib", "data", "notebooks"];

/**
 * Makes what is missing; copies that were changed stay as they are.
 * @param {string[]} argv
 */
export async function main([folder]) {
  if (folder === undefined) throw new SetupError("node tools/run.mjs home FOLDER: which folder?");
  fs.mkdirSync(folder, { recursive: true });
  for (const name of LINKED) {
    const link = path.join(folder, name);
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.join(ROOT, name), link);
  }
  console.log(describeSync(syncLessons({ ...projectAt(ROOT), work: path.join(folder, "work") })));
}
