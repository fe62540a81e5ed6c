/** Parts of a learner's model beside lib's: shape, numbers, tensors left behind, time. */
import * as tf from "@tensorflow/tfjs";
import { LIB_DECODING_PARTS } from "../../inference/decode";
import { isStub, mishap } from "../../notebook/exercise/judge";
import { runOnce, withArguments, type AnyFunction } from "../../notebook/exercise/run";
import { kindOf, TensorValue, isRecord } from "../../notebook/exercise/values";
import { PART_EXERCISES, PART_NAMES, type Answers, type PartName } from "./ladder";

export interface PartReport {
  part: PartName;
  /** What went wrong: it threw, or gives another shape. Null where it can be compared. */
  trouble: string | null;
  /** The largest difference from lib's numbers, relative to the largest of them. */
  difference: number;
  /** Tensors that a call leaves behind, beside what it returns. */
  leaks: number;
  /** Its time as a multiple of lib's. */
  slowness: number;
}

/** Differences up to this are rounding. */
const ROUNDING = 1e-5;

/**
 * Compares each part that is written with lib's on the first case of its exercise.
 *
 * @param repeats calls that are timed, of each of the two
 */
export async function compareParts(parts: Answers, { repeats = 7 } = {}): Promise<PartReport[]> {
  const reports: PartReport[] = [];
  for (const part of PART_NAMES) {
    const mine = parts[part];
    const report = mine === undefined ? null : await comparePart(part, mine, repeats);
    if (report !== null) reports.push(report);
  }
  return reports;
}

/** @returns null where nothing is written yet */
async function comparePart(part: PartName, mine: AnyFunction, repeats: number): Promise<PartReport | null> {
  const { reference, cases } = PART_EXERCISES[part];
  const { args } = cases[0];
  const report = (trouble: string | null, difference = NaN, leaks = NaN, slowness = NaN): PartReport => ({
    part,
    trouble,
    difference,
    leaks,
    slowness,
  });
  const got = await runOnce(mine, args, 10);
  if (isStub(got)) return null;
  const expected = await runOnce(reference, args, 10);
  if (got.kind !== "value") return report(mishap(got).split("\n")[0].replace("your function", "it").replace(/\.$/, ""));
  if (expected.kind !== "value") throw new Error(`compareParts: lib's own ${part} fails`);
  const value = asked(got.value, expected.value);
  const [shape, wanted] = [shapeOf(value), shapeOf(expected.value)];
  if (shape !== wanted) return report(`it gives ${shape} where ${wanted} is expected`);
  const [a, b] = [numbersOf(value), numbersOf(expected.value)];
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const off = a.reduce((most, value, i) => Math.max(most, Number.isNaN(value) ? Infinity : Math.abs(value - b[i])), 0);
  const [ours, libs] = timesOf([mine, LIB_DECODING_PARTS[part] as AnyFunction], args, repeats);
  return report(null, off / largest, got.leaked, ours / libs);
}

/** A value without the fields that nobody asked for: a check lets them pass, and lib's own route has some. */
function asked(value: unknown, expected: unknown): unknown {
  if (!isRecord(value) || !isRecord(expected)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key in expected));
}

/** Shape and names of a plain value: "a tensor [2, 3]", "{ cKV: a tensor …, kPe: … }". */
function shapeOf(value: unknown): string {
  if (value instanceof TensorValue || !isRecord(value)) return kindOf(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{ ${entries.map(([key, inner]) => `${key}: ${shapeOf(inner)}`).join(", ")} }`;
}

function numbersOf(value: unknown): number[] {
  if (value instanceof TensorValue) return [...value.values];
  if (Array.isArray(value)) return value.map(Number);
  return Object.entries(value as object)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, inner]) => numbersOf(inner));
}

/** The shortest time of a call of each function, by turns: what else the machine does can only make a call longer. */
function timesOf(
  functions: AnyFunction[],
  args: readonly unknown[] | (() => readonly unknown[]),
  repeats: number,
): number[] {
  return withArguments(args, (own) => {
    const once = (f: AnyFunction) => {
      const begin = performance.now();
      tf.tidy(() => {
        const result: unknown = (f as unknown as (...args: unknown[]) => unknown)(...own);
        const tensors = result instanceof tf.Tensor ? [result] : isRecord(result) ? Object.values(result) : [];
        for (const tensor of tensors) if (tensor instanceof tf.Tensor) tensor.dataSync(); // it may not be computed yet
      });
      return performance.now() - begin;
    };
    const all = functions.map((f) => (once(f), [] as number[]));
    for (let i = 0; i < repeats; i++) functions.forEach((f, which) => all[which].push(once(f)));
    return all.map((times) => Math.min(...times));
  });
}

/** What stands against a part, in words; null where nothing does. `slow` is the multiple of lib's time that is told. */
export function objection({ trouble, difference, leaks, slowness }: PartReport, slow = 3): string | null {
  if (trouble !== null) return trouble;
  const said = [
    ...(difference > ROUNDING ? ["its numbers are others than lib's"] : []),
    ...(leaks > 0 ? [`each call leaves ${leaks === 1 ? "one tensor" : `${leaks} tensors`} behind: use tf.tidy`] : []),
    ...(slowness > slow ? [`it takes ${Math.round(slowness)} times lib's time`] : []),
  ];
  return said.length === 0 ? null : said.join("; ");
}
