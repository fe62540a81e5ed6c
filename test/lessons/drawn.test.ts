/** Cases that exercises draw: such as every right answer can be called on, other ones for another seed, known to nobody. */
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { AnyFunction, Exercise } from "../../lib/notebook/exercise/check";
import { GRADED_CASES, LESSON_DRAWS, withDrawn } from "../../lib/notebook/exercise/drawn";
import { TOLERANCE } from "../../lib/notebook/exercise/judge";
import { judgeOutcomes } from "../../lib/notebook/exercise/examine";
import { handedOutcomes, handedText } from "../../lib/notebook/exercise/handed";
import { runOnce, withArguments, type Answered } from "../../lib/notebook/exercise/run";
import { difference, isRecord, TensorValue, toPlainValue } from "../../lib/notebook/exercise/values";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { listLessons } from "../../tools/course/build/masters";
import { silently } from "./support";
import { solutionsOf } from "./solutions";

beforeAll(() => useBackend("wasm"));

/** Their text fixes what they are called with; what they return is free, or is the whole answer. */
const NOTHING_DRAWN = ["03-commute", "10-leaner", "10-cache", "11-bring"];
const SEEDS = Array.from({ length: 50 }, (_, i) => i + 1);

type AnyExercise = Exercise<AnyFunction>;
type Args = AnyExercise["cases"][number]["args"];

const isExercise = (value: unknown): value is AnyExercise =>
  typeof value === "object" && value !== null && "cases" in value && "reference" in value;

async function exercisesOf(lesson: string): Promise<AnyExercise[]> {
  const module = (await import(path.resolve("lib/lessons", lesson, "index.ts"))) as object;
  return [...new Set(Object.values(module).filter(isExercise))];
}

/** Only the cases that a seed draws. */
const onlyDrawn = (exercise: AnyExercise, seed: number, count = 1): AnyExercise => ({
  ...exercise,
  cases: withDrawn(exercise, { seed, count }).cases.slice(exercise.cases.length),
});

/** Arguments as text that tells them apart, functions by how they are written. */
const textOf = (args: readonly unknown[]): string =>
  JSON.stringify(args.map(toPlainValue), (_, value: unknown) =>
    typeof value === "function" || Number.isNaN(value) ? String(value) : value,
  );
const written = (args: Args): string => withArguments(args, textOf);

const valueOn = async (answer: AnyFunction, args: Args): Promise<unknown> => {
  const outcome = await runOnce(answer, args, 10);
  expect(outcome).toMatchObject({ kind: "value" });
  return (outcome as Answered).value;
};

function allFinite(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (value instanceof TensorValue) return value.values.every(Number.isFinite);
  if (Array.isArray(value)) return value.every(allFinite);
  return isRecord(value) ? Object.values(value).every(allFinite) : value !== undefined;
}

/** A value as an answer returns it. */
function returned(value: unknown): unknown {
  if (value instanceof TensorValue) return tf.tensor([...value.values], [...value.shape]);
  if (Array.isArray(value)) return value.map(returned);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, returned(inner)]));
}

/** Whoever knows the results of the written cases, and gives one of them where the arguments are others. */
async function byHeart({ cases, reference }: AnyExercise): Promise<AnyFunction> {
  const known = new Map<string, unknown>();
  for (const { args, expected } of cases)
    known.set(written(args), await valueOn(expected ?? reference, expected ? [] : args));
  const [first] = known.values();
  return ((...args: unknown[]) => {
    const key = textOf(args);
    return returned(known.has(key) ? known.get(key) : first);
  }) as AnyFunction;
}

const lessons = listLessons();
const found = await Promise.all(lessons.map(exercisesOf));
const exercises = found.flat().map((exercise) => [exercise.id, exercise] as const);
const drawing = exercises.filter(([, { draw }]) => draw !== undefined);

it("are drawn by every exercise but those whose text fixes the arguments", () => {
  expect(exercises.filter(([, { draw }]) => draw === undefined).map(([id]) => id)).toEqual(NOTHING_DRAWN);
});

describe.each(drawing)("%s", (id, exercise) => {
  it("answers what it draws itself, with finite numbers, the same for the same seed and others for another", async () => {
    const seen = new Set<string>();
    for (const seed of SEEDS) {
      const [{ args }] = onlyDrawn(exercise, seed).cases;
      expect(written(args)).toBe(written(args));
      seen.add(written(args));
      expect(allFinite(await valueOn(exercise.reference, args)), `seed ${seed}`).toBe(true);
    }
    // A byte, a verdict's ranges, a subset of nine: few possible cases are drawn twice now and then.
    expect(seen.size).toBeGreaterThan(SEEDS.length * 0.8);
    for (const { args } of exercise.cases) seen.delete(written(args));
    expect(seen.size).toBeGreaterThan(SEEDS.length * 0.8);
  });

  it("agrees with the lesson's own solution", async () => {
    const solution = (await solutionsOf(lessons.find((name) => name.startsWith(id.slice(0, 3))) ?? "")).get(id);
    for (const seed of SEEDS) {
      const result = await silently(onlyDrawn(exercise, seed, 2), solution as AnyFunction);
      expect(result.passed, `seed ${seed}: ${result.message}`).toBe(true);
    }
  });

  const comparesNumbers = exercise.compare === undefined && exercise.accept === undefined;
  if (comparesNumbers)
    it("leaves room for rounding: computed on another backend, the solution differs by a fifth of what is allowed at most", async () => {
      const solution = (await solutionsOf(lessons.find((name) => name.startsWith(id.slice(0, 3))) ?? "")).get(id);
      for (const seed of SEEDS) {
        const [{ args }] = onlyDrawn(exercise, seed).cases;
        const expected = await valueOn(exercise.reference, args);
        await tf.setBackend("cpu");
        const got = await valueOn(solution as AnyFunction, args);
        await tf.setBackend("wasm");
        expect(difference(got, expected, (exercise.tolerance ?? TOLERANCE) / 5), `seed ${seed}`).toBeNull();
      }
    });

  it("knows each misconception by its name in the lesson, and in a grading", async () => {
    for (const draws of [LESSON_DRAWS, { seed: 20, count: GRADED_CASES }]) {
      const all = withDrawn(exercise, draws);
      for (const { name, answer } of exercise.misconceptions) {
        const { misconception } = await silently(all, answer as AnyFunction);
        expect(misconception, `seed ${draws.seed}`).toBe(name);
      }
    }
  });

  it("is not passed by whoever knows the results of its written cases", async () => {
    const answer = await byHeart(exercise);
    expect(await silently(exercise, answer)).toMatchObject({ passed: true });
    expect(await silently(withDrawn(exercise, LESSON_DRAWS), answer)).toMatchObject({ passed: false });
    for (const seed of [11, 12]) {
      const result = await silently(withDrawn(exercise, { seed, count: GRADED_CASES }), answer);
      expect(result).toMatchObject({
        passed: false,
        message: expect.stringContaining(`drawn at random, seed ${seed}, case `),
      });
      expect(result.parts?.right ?? []).toEqual([]);
    }
  });
});

it("are drawn by the judge, whatever makes random numbers where an answer runs", async () => {
  const exercise = found[0][0];
  const draws = { seed: 11, count: GRADED_CASES };
  const judged = async (answer: AnyFunction, uniform: () => number) => {
    const before = vi.spyOn(Random.prototype, "uniform").mockImplementation(uniform);
    const text = await handedText(withDrawn(exercise, draws), answer);
    before.mockRestore();
    return (await judgeOutcomes(withDrawn(exercise, draws), handedOutcomes(text))).result.message;
  };
  const { uniform } = Random.prototype;
  const unchanged = function (this: Random) {
    return uniform.call(this);
  };
  expect(await judged(exercise.reference, unchanged)).toBe("");
  // The answer is right on what it is given there, which is the same each time: that is not what was asked.
  expect(await judged(exercise.reference, () => 0)).toContain("drawn at random, seed 11, case 1");
});
