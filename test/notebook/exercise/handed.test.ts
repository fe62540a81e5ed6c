/**
 * An answer is called in one process and judged in another. Here both are this one: whatever an answer has changed is put
 * right before it is judged, as it is where none of its lines ever ran.
 */
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { defineExercise, type AnyFunction, type DefinedExercise } from "../../../lib/notebook/exercise/check";
import { LESSON_DRAWS } from "../../../lib/notebook/exercise/drawn";
import { judgeOutcomes } from "../../../lib/notebook/exercise/examine";
import { HANDED_MIME, handedOutcomes, handedText, handOver } from "../../../lib/notebook/exercise/handed";
import { TensorValue } from "../../../lib/notebook/exercise/values";
import { captured } from "../captured";
import { double } from "./exercises";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** Undoes what the answers below do. */
const undo: (() => void)[] = [];
function undoAll(): void {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) step();
}
afterEach(undoAll);

/** Puts something else in the place of a property, as a learner's cell does. */
function replace(object: object, key: string, value: unknown): void {
  const before = Object.getOwnPropertyDescriptor(object, key);
  undo.push(() => {
    if (before === undefined) Reflect.deleteProperty(object, key);
    else Object.defineProperty(object, key, before);
  });
  Object.defineProperty(object, key, { value, configurable: true, writable: true });
}

/** What is found of an answer elsewhere; a cell that fails hands nothing over. */
async function judgedApart<F extends AnyFunction>(exercise: DefinedExercise<F>, answer: unknown) {
  const text = await handedText(exercise, answer).catch(() => "[]");
  undoAll();
  return (await judgeOutcomes(exercise, handedOutcomes(text))).result;
}

const zeros = (values: number[]) => values.map(() => 0);
const right = (values: number[]) => values.map((value) => 2 * value);

describe("an answer judged apart gains nothing by", () => {
  const shams: [string, () => void][] = [
    ["another Object.is", () => replace(Object, "is", () => true)],
    ["another Math.abs", () => replace(Math, "abs", () => 0)],
    ["another Math.max", () => replace(Math, "max", () => Infinity)],
    ["another Number.isFinite", () => replace(Number, "isFinite", () => true)],
    ["another Array.isArray", () => replace(Array, "isArray", () => false)],
    ["another Array.prototype.every", () => replace(Array.prototype, "every", () => true)],
    ["another Array.prototype.findIndex", () => replace(Array.prototype, "findIndex", () => -1)],
    ["a property of all objects", () => replace(Object.prototype, "passed", true)],
    ["another JSON.stringify", () => replace(JSON, "stringify", () => '{"passed":true,"status":"passed"}')],
    ["another structuredClone", () => replace(globalThis, "structuredClone", () => [2, 4, 6])],
    ["another clock", () => replace(performance, "now", () => 0)],
    [
      "other cases",
      () => void (double.cases as { args: unknown }[]).forEach((one) => Reflect.set(one, "args", [[0, 0]])),
    ],
    ["another reference", () => void Reflect.set(double, "reference", zeros)],
  ];
  it.each(shams)("%s", async (_, sham) => {
    const answer = (values: number[]) => {
      sham();
      return zeros(values);
    };
    expect(await judgedApart(double, answer)).toMatchObject({ passed: false });
  });

  it("what it does to the exercise, which stays as it was", async () => {
    expect(await judgedApart(double, right)).toMatchObject({ passed: true });
  });
});

describe("a text that no answer wrote", () => {
  const value = (answer: unknown) => ({ kind: "value", value: answer, leaked: 0, inputsFreed: false, async: false });
  const judged = async (outcomes: unknown) =>
    (await judgeOutcomes(double, handedOutcomes(JSON.stringify(outcomes)))).result;

  it("passes only with the right values in all cases", async () => {
    expect(await judged([value([2, 4, 6]), value([8, -2])])).toMatchObject({ passed: true });
    expect(await judged([value([2, 4, 6]), value([8, 2])])).toMatchObject({ passed: false });
    expect((await judged([value([2, 4, 6])])).message).toBe('Case "a negative one": no answer came back.');
    expect((await judged([])).passed).toBe(false);
  });

  it.each([
    ["no JSON", "passed"],
    ["no list", '{"passed":true}'],
    ["no outcomes", "[true, true]"],
    ["outcomes of no kind", '[{"kind":"passed"}]'],
    ["a tensor of objects", JSON.stringify([value({ tensor: [[1], [{ record: [] }]] })])],
    ["a list that is too deep", "[".repeat(100_000)],
    ["more than any answer holds", `["${"x".repeat(5_000_000)}"]`],
  ])("is refused where it holds %s", (_, text) => {
    expect(() => handedOutcomes(text)).toThrow();
  });

  it("sets no property of all objects", () => {
    const [outcome] = handedOutcomes(
      JSON.stringify([value({ record: [["__proto__", { record: [["passed", true]] }]] })]),
    );
    expect(Object.getPrototypeOf((outcome as { value: object }).value)).toBe(Object.prototype);
    expect("passed" in {}).toBe(false);
  });
});

describe("what is handed over", () => {
  const handed = async (answer: unknown) => {
    const one = defineExercise<() => unknown>({
      id: "99-any",
      reference: () => answer,
      cases: [{ name: "one", args: [] }],
      misconceptions: [],
    });
    const [outcome] = handedOutcomes(await handedText(one, () => answer));
    return (outcome as { value: unknown }).value;
  };

  it.each([
    ["numbers", [1, -2.5, NaN, Infinity, -Infinity]],
    ["text", "text"],
    ["what is no number", [null, undefined, true, 12n]],
    ["objects", { list: [1, { deep: "x" }], record: [], number: 1, other: "y" }],
  ])("is the same value again: %s", async (_, answer) => {
    expect(await handed(answer)).toEqual(answer);
  });

  it("holds tensors by shape and values, and of anything else what kind it is", async () => {
    expect(await handed(tf.tensor2d([[1, NaN]]))).toEqual(new TensorValue([1, 2], [1, NaN]));
    expect(typeof (await handed(Symbol("s")))).toBe("symbol");
    expect(await judgedApart(double, 42)).toMatchObject({ message: "The check needs a function; it got 42." });
  });

  it("holds no more than can be judged", async () => {
    expect((await judgedApart(double, () => "x".repeat(5_000_000))).message).toContain("too long to be judged");
  });

  it("is one output of the cell", async () => {
    const { shown } = await captured(() => handOver(double, right, LESSON_DRAWS));
    expect(shown.map(({ bundle }) => Object.keys(bundle))).toEqual([["text/plain", HANDED_MIME]]);
  });
});

describe("a function within an answer", () => {
  const rule = defineExercise<() => { rule: (x: number) => number }>({
    id: "99-rule",
    reference: () => ({ rule: (x) => x + 1 }),
    cases: [{ name: "a rule", args: [] }],
    misconceptions: [],
    accept: ({ rule }) => {
      if (rule(1) !== rule(1)) return "it gives two answers";
      return rule(2) === rule(1) + 1 ? true : "it does not rise";
    },
  });
  const found = async (fn: (x: number) => number) => judgedApart(rule, () => ({ rule: fn }));

  it("is judged by the calls that are made of it where it lives", async () => {
    expect(await found((x) => x - 3)).toMatchObject({ passed: true });
    expect((await found((x) => -x)).message).toContain("does not rise");
    let calls = 0;
    expect((await found(() => ++calls)).message).toContain("two answers");
    const throws = () => {
      throw new Error("oh");
    };
    expect((await found(throws)).message).toContain("cannot be used (oh)");
  });

  it("is asked the same by every judge, or not believed", async () => {
    const text = await handedText(rule, () => ({ rule: (x: number) => x }));
    const other = defineExercise({ ...rule, accept: ({ rule: fn }) => fn(5) === 5 || "no" });
    expect((await judgeOutcomes(other as typeof rule, handedOutcomes(text))).result.message).toContain(
      "can't be asked that",
    );
  });
});

it("an exercise's own code that counts as far as an answer says does not keep the judge", async () => {
  const endless = defineExercise<() => number>({
    id: "99-count",
    reference: () => 3,
    cases: [{ name: "a number", args: [] }],
    misconceptions: [],
    accept: (n) => {
      for (let i = 0; i < n; i++);
      return true;
    },
  });
  expect((await judgedApart(endless, () => Infinity)).message).toContain("takes too long to be judged");
}, 20_000);
