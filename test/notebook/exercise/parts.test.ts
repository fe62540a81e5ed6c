/** An answer of several fields that is not right: those that are right in every case are named, and count in a grading. */
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { check, defineExercise, type Exercise } from "../../../lib/notebook/exercise/check";
import { shownText } from "../captured";
import { checked } from "./exercises";

type Sums = (a: number, b: number) => { sum: number; product: number; difference: number };
const right: Sums = (a, b) => ({ sum: a + b, product: a * b, difference: a - b });
const described: Exercise<Sums> = {
  id: "99-sums",
  reference: right,
  cases: [{ name: "two numbers", args: [2, 3] }],
  misconceptions: [
    {
      name: "turned round",
      answer: (a, b) => ({ ...right(a, b), difference: b - a }),
      message: "The first comes first.",
    },
  ],
  draw: (seed) => [2 + (seed % 1009), 3 + (seed % 997)],
};
const sums = defineExercise(described);

const partsOf = async (answer: (a: number, b: number) => unknown, exercise: Exercise<Sums> = sums) =>
  (await checked(exercise, answer as Sums)).parts;

it("are those that every case finds right, with a misconception, too", async () => {
  const all = ["sum", "product", "difference"];
  expect(await partsOf(right)).toBeUndefined();
  expect(await partsOf((a, b) => ({ ...right(a, b), sum: 0 }))).toEqual({ all, right: ["product", "difference"] });
  expect(await partsOf((a, b) => ({ sum: a + b }))).toEqual({ all, right: ["sum"] });
  const turned = await checked(sums, described.misconceptions[0].answer);
  expect(turned).toMatchObject({ misconception: "turned round", parts: { right: ["sum", "product"] } });
  // Right on the written case alone.
  expect(await partsOf(() => ({ sum: 5, product: 6, difference: -1 }))).toEqual({ all, right: [] });
});

it("are none of what is no record, has a field too many, or did not come back", async () => {
  expect(await partsOf(() => 5)).toEqual({ all: ["sum", "product", "difference"], right: [] });
  expect(await partsOf((a, b) => ({ ...right(a, b), quotient: 1 }))).toBeUndefined();
  const fails: Sums = () => {
    throw new Error("no");
  };
  expect(await partsOf(fails)).toBeUndefined();
});

it("are none where nothing is drawn, or where the exercise compares in its own way", async () => {
  const half: Sums = (a, b) => ({ ...right(a, b), sum: 0 });
  expect(await partsOf(half, { ...sums, draw: undefined })).toBeUndefined();
  expect(await partsOf(half, { ...sums, compare: () => false })).toBeUndefined();
  expect(await partsOf(half, { ...sums, accept: () => "no" })).toBeUndefined();
});

it("are told to the learner", async () => {
  const text = await shownText(() => check(sums, (a: number, b: number) => ({ ...right(a, b), product: 0 })));
  expect(text).toContain("Right in every case: `sum`, `difference`. Not yet: `product`.");
  expect(await shownText(() => check(sums, () => 5))).not.toContain("Right in every case");
});

it("has none where it leaves tensors behind: with all parts right it would get nothing", async () => {
  const leaking = (value: (a: number, b: number) => unknown) => (a: number, b: number) => {
    kept.push(tf.zeros([1]));
    return value(a, b);
  };
  const kept: tf.Tensor[] = [];
  expect(await partsOf(leaking((a, b) => ({ ...right(a, b), sum: 0 })))).toBeUndefined();
  expect((await checked(sums, leaking(right) as Sums)).passed).toBe(false);
  tf.dispose(kept);
});
