import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  assertSolved, check, defineExercise, evaluate, solvedOr, type AnyFunction, type CheckResult, type Exercise,
} from "../../lib/notebook/exercise";
import { captured, shownText } from "./captured";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

type Double = (values: number[]) => number[];

const COMMON = { title: "Double it", difficulty: 1, minutes: 1, points: 2, hints: ["What is twice three?", "Use map."] } satisfies Partial<
  Exercise<Double>
>;

const double = defineExercise<Double>({
  ...COMMON,
  id: "99-double",
  reference: (values) => values.map((value) => 2 * value),
  cases: [
    { name: "positive numbers", args: [[1, 2, 3]] },
    { name: "a negative one", args: [[4, -1]] },
  ],
  misconceptions: [
    {
      name: "squares",
      answer: (values) => values.map((value) => value ** 2),
      message: "You multiply each number with itself.",
    },
  ],
  seconds: 0.3,
});

type Sums = (x: tf.Tensor2D) => tf.Tensor1D;

const sums = defineExercise<Sums>({
  ...COMMON,
  id: "99-sums",
  reference: (x) => tf.tidy(() => x.sum<tf.Tensor1D>(1)),
  cases: [{ name: "two rows", args: () => [tf.tensor2d([[1, 2], [3, 4]])] }],
  misconceptions: [],
  seconds: 5,
});

function checked<F extends AnyFunction>(exercise: Exercise<F>, answer: unknown): Promise<CheckResult> {
  return evaluate(exercise, answer as AnyFunction);
}

describe("a check", () => {
  it("passes a right answer, with its points", async () => {
    const answer: Double = (values) => values.map((value) => value + value);
    expect(await shownText(() => check(double, answer))).toMatch(/^✔ Double it: right, 2 points$/);
  });

  it("says of the stub that it is not solved yet, and calls it neither right nor wrong", async () => {
    const stub = () => {
      throw new Error("Not implemented");
    };
    const text = await shownText(() => check(double, stub));
    expect(text).toContain("not solved yet");
    expect(text).not.toMatch(/^\s*[✔✘]/m);
  });

  it("knows a misconception by the answers in all cases", async () => {
    const result = await checked(double, (values: number[]) => values.map((value) => value * value));
    expect(result).toMatchObject({ passed: false, misconception: "squares", message: double.misconceptions[0].message });
  });

  it("does not name a misconception that fits some cases only", async () => {
    const result = await checked(double, (values: number[]) => values.map((value) => (value > 0 ? value ** 2 : value)));
    expect(result.misconception).toBeUndefined();
    expect(result.message).toContain('Case "positive numbers"');
  });

  it("shows the call, the answer and what was expected", async () => {
    const { message } = await checked(double, (values: number[]) => values.map((value) => 2 * value + 1));
    expect(message).toContain("[1, 2, 3]");
    expect(message).toContain("[3, 5, 7]");
    expect(message).toContain("[2, 4, 6]");
  });

  it("never shows the reference", async () => {
    expect(await shownText(() => check(double, () => []))).not.toContain("=>");
  });

  it("says the same in HTML and in plain text, and escapes what a learner returns", async () => {
    const exercise = defineExercise<(x: number) => string>({
      ...COMMON, id: "99-text", reference: () => "right", cases: [{ name: "<b>", args: [1] }], misconceptions: [],
    });
    const { shown } = await captured(() => check(exercise, () => "<script>alert(1)</script>"));
    const html = String(shown[0].bundle["text/html"]);
    expect(html).not.toContain("<script>");
    const words = html.replace(/<br>|<\/div>/g, " ").replace(/<[^>]*>/g, "")
      .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
    const flat = (text: string) => text.replaceAll("`", "").replace(/\s+/g, " ").trim();
    expect(flat(words)).toBe(flat(shown[0].bundle["text/plain"]));
  });

  it("points to the hints when the answer is wrong", async () => {
    expect(await shownText(() => check(double, () => []))).toContain("Hint 1");
  });
});

describe("a check survives", () => {
  const cases: [string, unknown, RegExp][] = [
    ["something that is no function", 42, /needs a function; it got 42/],
    ["a function that was never declared", undefined, /needs a function; it got undefined/],
    ["an answer that returns nothing", () => {}, /returns nothing\. Is there a `return`/],
    ["null", () => null, /returns null; expected is a list/],
    ["a number for a list", () => 6, /returns a number; expected is a list/],
    ["text for a list", () => "[2, 4, 6]", /returns text; expected is a list/],
    ["a tensor for a list", () => tf.tensor1d([2, 4, 6]), /returns a tensor \[3\]; expected is a list/],
    ["a list that is too short", () => [2, 4], /has 2 values; expected are 3/],
    ["text within a list", () => ["2", "4", "6"], /value\[0\] is text; expected is a number/],
    ["NaN", () => [NaN, 4, 6], /NaN, not a number/],
    ["infinity", (values: number[]) => values.map(() => Infinity), /Infinity; expected is 2/],
    ["an error", () => { throw new RangeError("no such expert"); }, /Case "positive numbers"[^]*RangeError: no such expert/],
    ["a thrown value that is no error", () => { throw "oops"; }, /threw an error[^]*oops/],
    ["a rejected promise", () => Promise.reject(new Error("later")), /threw an error[^]*later/],
    ["a promise that never settles", () => new Promise(() => {}), /not come back after 0\.3 seconds/],
    ["a loop that never ends", () => { for (;;); }, /not come back after 0\.3 seconds/],
    ["a recursion that never ends", function f(): number[] { return [...f(), 1]; }, /RangeError: Maximum call stack/],
    ["an error whose message is a getter that throws", () => {
      throw Object.defineProperty(new Error(), "message", { get: () => { throw new Error("trap"); } });
    }, /an error that cannot be read/],
    ["a list that holds itself", () => { const list: unknown[] = []; list.push(list, 1, 2); return list; }, /./],
    ["an object whose getters throw", () => ({ get x() { throw new Error("trap"); } }), /./],
    ["a disposed tensor", () => { const t = tf.scalar(1); t.dispose(); return t; }, /disposed/],
    ["a symbol", () => Symbol("s"), /returns a symbol; expected is a list/],
  ];

  it.each(cases)("%s", async (_, answer, message) => {
    const result = await checked(double, answer);
    expect(result.passed).toBe(false);
    expect(result.message).toMatch(message);
  });

  it("arguments that the learner's function changes", async () => {
    const answer: Double = (values) => values.splice(0).map((value) => 2 * value);
    expect(await checked(double, answer)).toMatchObject({ passed: true });
    expect(double.cases[0].args).toEqual([[1, 2, 3]]);
  });

  it("async answers", async () => {
    expect(await checked(double, async (values: number[]) => values.map((value) => 2 * value))).toMatchObject({ passed: true });
  });
});

describe("a check of tensors", () => {
  const leaking: Sums = (x) => x.mul(1).sum<tf.Tensor1D>(1);

  it("accepts a tidy answer and leaves no tensor", async () => {
    const before = tf.memory().numTensors;
    expect(await checked(sums, (x: tf.Tensor2D) => x.sum(1))).toMatchObject({ passed: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("counts what an answer leaves behind, and frees it", async () => {
    const before = tf.memory().numTensors;
    const { passed, message } = await checked(sums, leaking);
    expect([passed, message]).toEqual([false, expect.stringContaining("leaves one tensor behind")]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("says when the answer disposes of what it was given", async () => {
    const { message } = await checked(sums, (x: tf.Tensor2D) => {
      const answer = tf.tidy(() => x.sum(1));
      x.dispose();
      return answer;
    });
    expect(message).toContain("disposes of a tensor that it was given");
  });

  it("names both shapes when the shape is wrong", async () => {
    const { message } = await checked(sums, (x: tf.Tensor2D) => tf.tidy(() => x.sum(1, true)));
    expect(message).toContain("[2, 1]; expected is [2]");
  });

  it("asks for a tensor when a list comes", async () => {
    const { message } = await checked(sums, () => [3, 7]);
    expect(message).toContain("returns a list of 2; expected is a tensor");
  });

  it("puts tfjs back in order after a call that died in the middle of a tidy", async () => {
    const scopes = tf.engine().state.scopeStack.length;
    await checked(sums, () => tf.tidy(() => { throw new Error("inside"); }));
    await checked({ ...sums, seconds: 0.2 }, () => tf.tidy(() => { for (;;); }));
    expect(tf.engine().state.scopeStack).toHaveLength(scopes);
  });
});

describe("a design task", () => {
  const half = defineExercise<(n: number) => number>({
    ...COMMON,
    id: "99-half",
    reference: (n) => n / 2,
    cases: [{ name: "ten", args: [10] }],
    misconceptions: [],
    accept: (got, _, [n]) => (got <= n / 2 ? true : `${got} is more than half of ${n}`),
    score: { name: "parts", unit: "pieces", of: (got) => got, v3: 5 },
  });

  it("accepts any answer that keeps the rules, and compares its score with DeepSeek-V3's", async () => {
    const text = await shownText(() => check(half, () => 3));
    expect(text).toContain("✔");
    expect(text).toContain("parts: yours 3 pieces, DeepSeek-V3's 5 pieces.");
  });

  it("says which rule an answer breaks", async () => {
    expect((await checked(half, () => 7)).message).toContain("7 is more than half of 10");
  });
});

describe("solvedOr", () => {
  const right: Double = (values) => values.map((value) => value * 2);

  it("gives the learner's function if it passes, else the reference, and shows nothing", async () => {
    const { shown, result } = await captured(async () => [
      await solvedOr(double, right), await solvedOr(double, () => []), await solvedOr(double, () => { throw new Error("Not implemented"); }),
    ]);
    expect(result).toEqual([right, double.reference, double.reference]);
    expect(shown).toEqual([]);
  });
});

describe("defineExercise and assertSolved", () => {
  it("refuse an exercise that lacks something, by its id", () => {
    expect(() => defineExercise({ ...double, cases: [] })).toThrow("99-double has no cases");
    expect(() => defineExercise({ ...double, hints: ["", "x"] })).toThrow("empty hint");
    expect(() => defineExercise({ ...double, id: "gate" })).toThrow('"gate"');
  });

  it("turn a check that did not pass into an error for a grader", async () => {
    const failed = await checked(double, () => 3);
    expect(() => assertSolved(failed)).toThrow(failed.message);
    expect(() => assertSolved({ passed: true, status: "passed", message: "" })).not.toThrow();
  });
});
