/** Cases that are drawn stand behind the written ones: in a lesson the same ones for ever, elsewhere by another seed. */
import { afterEach, describe, expect, it } from "vitest";
import { check, defineExercise, solvedOr } from "../../../lib/notebook/exercise/check";
import { LESSON_DRAWS, withDrawn } from "../../../lib/notebook/exercise/drawn";
import { judgeOutcomes } from "../../../lib/notebook/exercise/examine";
import { handedOutcomes, handedText } from "../../../lib/notebook/exercise/handed";
import { shownText } from "../captured";
import { checked, double, type Double } from "./exercises";

const draw = (seed: number): [number[]] => [[seed % 1009, (seed % 997) - 500, 7]];
const drawing = defineExercise<Double>({ ...double, draw });

const right: Double = (values) => values.map((value) => 2 * value);
/** Knows the results of the written cases. */
const byHeart: Double = (values) =>
  values.length === 2 ? [8, -2] : values.join() === "1,2,3" ? [2, 4, 6] : values.map(() => 0);

describe("a check in a lesson", () => {
  it("calls the answer on drawn cases, too, and names the first that it fails, with the call", async () => {
    expect((await checked(drawing, right)).passed).toBe(true);
    expect((await checked(double, byHeart)).passed).toBe(true);
    const [args] = drawing.drawn(LESSON_DRAWS.seed, 1);
    const { passed, message } = await checked(drawing, byHeart);
    expect(passed).toBe(false);
    expect(message).toContain('Case "drawn at random, seed 1, case 1": value[0] is 0; expected is ');
    expect(message).toContain(`\ncalled with: \`[${args.join(", ")}]\`\n`);
  });

  it("names the call that makes arguments which are too long to read", async () => {
    const long = defineExercise<Double>({
      ...drawing,
      draw: (seed) => [Array.from({ length: 100 }, (_, i) => seed + i)],
    });
    const { message } = await checked(long, byHeart);
    expect(message).toContain("\nthe same call: `answer(...exercise.drawn(1, 1))`");
    expect(long.drawn(1, 1)[0]).toHaveLength(100);
  });

  it("says the same each time", async () => {
    const said = () => shownText(() => check(drawing, byHeart));
    const [first, again] = [await said(), await said()];
    expect(first.split("\n").slice(0, 5)).toEqual(again.split("\n").slice(0, 5));
  });

  it("knows a misconception by all cases, drawn ones included", async () => {
    const squares: Double = (values) => values.map((value) => value * value);
    expect(await checked(drawing, squares)).toMatchObject({ misconception: "squares" });
    const [args] = drawing.drawn(LESSON_DRAWS.seed, 2);
    const elsewhere: Double = (values) => (values.join() === args.join() ? values : squares(values));
    expect((await checked(drawing, elsewhere)).misconception).toBeUndefined();
  });

  it("lets the lesson go on with the reference where the answer knows the written cases only", async () => {
    expect(await solvedOr(drawing, byHeart)).toBe(drawing.reference);
    expect(await solvedOr(drawing, right)).toBe(right);
  });
});

describe("the cases of a seed", () => {
  it("are the same at each call, and others for another seed or number", () => {
    const some = [1, 2].flatMap((seed) => [1, 2].map((n) => drawing.drawn(seed, n).join()));
    expect(new Set(some).size).toBe(4);
    expect(drawing.drawn(2 ** 32 - 1, 3)).toEqual(drawing.drawn(2 ** 32 - 1, 3));
    const { cases } = withDrawn(drawing, { seed: 5, count: 3 });
    expect(cases.map(({ name }) => name).slice(1)).toEqual([
      "a negative one",
      ...[1, 2, 3].map((n) => `drawn at random, seed 5, case ${n}`),
    ]);
  });

  it("are none where the exercise draws none", () => {
    expect(withDrawn(double, { seed: 5, count: 3 })).toBe(double);
    expect(() => double.drawn(1, 1)).toThrow("99-double has no cases but those that are written");
    expect(() => drawing.drawn(1, 0)).toThrow("counted from 1; got 0");
  });
});

describe("judged in another process", () => {
  const { random, imul } = Math;
  const undo = () => Object.assign(Math, { random, imul });
  afterEach(undo);

  /** The text comes from one process, the verdict from another that knows the seed alone. */
  async function judgedApart(answer: Double, seed: number) {
    const text = await handedText(withDrawn(drawing, { seed, count: 3 }), answer);
    undo();
    return (await judgeOutcomes(withDrawn(drawing, { seed, count: 3 }), handedOutcomes(text))).result;
  }

  it("a right answer passes whatever the seed, one by heart with none", async () => {
    for (const seed of [0, 1, 123, 2 ** 32 - 1]) {
      expect((await judgedApart(right, seed)).passed).toBe(true);
      expect((await judgedApart(byHeart, seed)).message).toContain(`drawn at random, seed ${seed}, case 1`);
    }
  });

  it("an answer gains nothing by drawing other cases where it runs", async () => {
    const turns: Double = (values) => {
      Object.assign(Math, { random: () => 0, imul: () => 0 });
      Reflect.set(drawing, "draw", () => [[1, 2, 3]]);
      return byHeart(values);
    };
    expect((await judgedApart(turns, 123)).passed).toBe(false);
    const other = await handedText(withDrawn(drawing, { seed: 124, count: 3 }), right);
    const { result } = await judgeOutcomes(withDrawn(drawing, { seed: 123, count: 3 }), handedOutcomes(other));
    expect(result.passed).toBe(false);
  });
});
