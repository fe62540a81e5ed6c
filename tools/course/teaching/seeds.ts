/*
 * The seeds of the cases that a grading draws. A course folder keeps one for each assignment in a file, so that a grade can
 * be made again. Each submission has its own, made of the assignment's and of what was handed in: the cases that a page of
 * feedback shows are not those of the next submission.
 */
import { randomInt, scryptSync } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { toCaller } from "../../cli";

/** The assignments', in the course folder beside nbgrader's own files. nbgrader releases nothing of it. */
const SEEDS_FILE = "seeds.json";

export const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/** What randomInt can give at most. To find one out by trying, with the time that submissionSeed takes, is out of reach. */
const RANDOM_SEEDS = 2 ** 48 - 1;

const isSeed = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_SEED;

/** @throws {Error} if the file holds anything else: another seed in its place would judge by other cases */
function readSeeds(file: string): Map<string, number> {
  if (!fs.existsSync(file)) return new Map();
  let kept: unknown;
  try {
    kept = JSON.parse(fs.readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch {
    kept = null;
  }
  const seeds = Object.entries(typeof kept === "object" && kept !== null && !Array.isArray(kept) ? kept : { "": null });
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
 * The seed of one submission, 32 bits. Slow on purpose (some 40 ms): a page of feedback may show it, and the assignment's is
 * not to be found by trying.
 *
 * @param seed the assignment's
 * @param work what was handed in, or a digest of it
 */
export function submissionSeed(seed: number, work: string): number {
  return scryptSync(String(seed), work, 4).readUInt32BE();
}
