/*
 * node tools/run.mjs home FOLDER: what a hub runs before a person's server starts (deploy/). Where a class shares one
 * course, a person has a folder of their own: their copies of the lessons in FOLDER/work, and links to the course's
 * files, so that what a lesson links to is found from there as well. What is theirs is neither removed nor replaced, and
 * whatever is in the way is named: the server starts all the same.
 */
import fs from "node:fs";
import path from "node:path";
import { describeSync, syncLessons } from "./lessons.mjs";
import { ROOT, projectAt } from "./project.mjs";
import { SetupError, dayOf, oneLine } from "./say.mjs";

/** What lessons link to. */
const LINKED = ["lib", "data", "notebooks"];

/**
 * What lies under a name; a link that leads nowhere is something too.
 * @param {string} file
 */
function statOf(file) {
  return fs.lstatSync(file, { throwIfNoEntry: false });
}

/**
 * Makes room for a folder where something else lies: that gets a dated name.
 * @param {string} file
 * @param {Date} now
 * @returns {string[]} what to tell
 */
function makeFolder(file, now) {
  const isFolder = fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const moved = isFolder || statOf(file) === undefined ? [] : [moveAside(file, now)];
  fs.mkdirSync(file, { recursive: true });
  return moved;
}

/**
 * @param {string} file
 * @param {Date} now
 */
function moveAside(file, now) {
  const base = `${file}.${dayOf(now)}`;
  let aside = base;
  for (let number = 2; statOf(aside) !== undefined; number++) aside = `${base}-${number}`;
  fs.renameSync(file, aside);
  return `${file} was in the way of the course's and is now ${aside}`;
}

/**
 * Links to a folder of the course. Only a link that leads into a course is replaced: this command made it.
 * @param {string} link
 * @param {string} target
 * @param {Date} now
 * @returns {string[]} what to tell
 */
function makeLink(link, target, now) {
  const told = [];
  const there = statOf(link);
  if (there?.isSymbolicLink()) {
    const leads = path.resolve(path.dirname(link), fs.readlinkSync(link));
    if (leads === target) return [];
    if (!fs.existsSync(leads)) told.push(moveAside(link, now));
    else if (fs.existsSync(path.join(leads, "..", "tools", "run.mjs"))) fs.unlinkSync(link);
  }
  if (statOf(link) === undefined) fs.symlinkSync(target, link);
  else told.push(`${link} is yours and stays: links in lessons lead there, until it has another name`);
  return told;
}

/**
 * Makes what is missing; copies that were changed stay as they are.
 * @param {string} folder
 * @param {{ root?: string, now?: Date }} options
 * @returns {string[]} what to tell, a line for each thing; the last is about the lessons' copies
 */
export function setUpHome(folder, { root = ROOT, now = new Date() } = {}) {
  /** @type {string[]} */
  const told = [];
  const attempt = (/** @type {string} */ what, /** @type {() => string[]} */ work) => {
    try {
      told.push(...work());
    } catch (error) {
      told.push(oneLine(`${what} could not be made: ${error instanceof Error ? error.message : String(error)}`));
    }
  };
  attempt(folder, () => makeFolder(folder, now));
  for (const name of LINKED) {
    const link = path.join(folder, name);
    attempt(link, () => makeLink(link, path.join(root, name), now));
  }
  const work = path.join(folder, "work");
  attempt(work, () => [...makeFolder(work, now), describeSync(syncLessons({ ...projectAt(root), work }))]);
  return told;
}

/** @param {string[]} argv */
export async function main([folder]) {
  if (folder === undefined) throw new SetupError("node tools/run.mjs home FOLDER: which folder?");
  for (const line of setUpHome(path.resolve(folder))) console.log(line);
}
