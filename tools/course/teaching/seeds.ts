/*
 * The seeds of the cases that a grading draws. A course folder keeps one for each assignment in a file, so that a grade can
 * be made again. Each submission has its own, made of the assignment's and of what was handed in: the cases that a page of
 * feedback shows are not those of the next submission.
 */
import { randomInt } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { LARGEST_SEED } from "../../../lib/notebook/exercise/drawn";
import { toCaller } from "../../cli";
import { digest } from "../../setup/stamps.mjs";

/** The assignments', in the course folder beside nbgrader's own files. nbgrader releases nothing of it. */
const SEEDS_FILE = "seeds.json";

/** As many as can be read aloud; a learner can't try them all. */
const RANDOM_SEEDS = 1e9;

const isSeed = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_SEED;

/** @throws {Error} if the file holds anything else: another seed in its place would judge by other cases */
function readSeeds(file: string): Map<string, number> {
  if (!fs.existsSync(file)) return new Map();
  let kept: unknown;
  try {
    kept = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    kept = null;
  }
  const seeds = Object.entries(typeof kept === "object" && kept !== null ? kept : { "": null });
  const wrong = seeds.find(([, seed]) => !isSeed(seed));
  if (wrong !== undefined) {
    throw new Error(
      `${toCaller(file)} should hold a seed from 0 to ${LARGEST_SEED} for each assignment: mend it, or delete it for new seeds`,
    );
  }
  return new Map(seeds as [string, number][]);
}

/**
 * The seed of each assignment; new ones are kept.
 * @param given theirs from now on, in place of what is kept
 */
export function seedsOf(folder: string, assignments: readonly string[], given?: number): Map<string, number> {
  const file = path.join(folder, SEEDS_FILE);
  const kept = readSeeds(file);
  const seeds = new Map(assignments.map((name) => [name, given ?? kept.get(name) ?? randomInt(RANDOM_SEEDS)]));
  if ([...seeds].some(([name, seed]) => kept.get(name) !== seed)) {
    const all = Object.fromEntries([...kept, ...seeds]);
    fs.writeFileSync(`${file}.new`, `${JSON.stringify(all, null, 2)}\n`);
    fs.renameSync(`${file}.new`, file);
  }
  return seeds;
}

/**
 * The seed of one submission.
 * @param seed the assignment's
 * @param content what was handed in, or a digest of it
 */
export function submissionSeed(seed: number, content: string): number {
  return parseInt(digest(`${seed}\n${content}`).slice(0, 8), 16); // 32 bits
}
