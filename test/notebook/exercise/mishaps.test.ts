/** Whatever a learner's function does, the check answers, and leaves everything in order. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { checked, double, sums, type Double, type Sums } from "./exercises";

beforeAll(async () => {
  await tf.setBackend("cpu");
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
    [
      "an error",
      () => {
        throw new RangeError("no such expert");
      },
      /Case "positive numbers"[^]*RangeError: no such expert/,
    ],
    [
      "a thrown value that is no error",
      () => {
        throw "oops";
      },
      /threw an error[^]*oops/,
    ],
    ["a rejected promise", () => Promise.reject(new Error("later")), /threw an error[^]*later/],
    ["a promise that never settles", () => new Promise(() => {}), /not come back after 0\.3 seconds/],
    [
      "a loop that never ends",
      () => {
        for (;;);
      },
      /not come back after 0\.3 seconds/,
    ],
    [
      "a recursion that never ends",
      function f(): number[] {
        return [...f(), 1];
      },
      /RangeError: Maximum call stack/,
    ],
    [
      "an error whose message is a getter that throws",
      () => {
        throw Object.defineProperty(new Error(), "message", {
          get: () => {
            throw new Error("trap");
          },
        });
      },
      /an error that cannot be read/,
    ],
    [
      "a list that holds itself",
      () => {
        const list: unknown[] = [];
        list.push(list, 1, 2);
        return list;
      },
      /./,
    ],
    [
      "an object whose getters throw",
      () => ({
        get x() {
          throw new Error("trap");
        },
      }),
      /./,
    ],
    [
      "a disposed tensor",
      () => {
        const t = tf.scalar(1);
        t.dispose();
        return t;
      },
      /disposed/,
    ],
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

  it("text on stderr, which is printed as other text is", async () => {
    const [log, error] = [vi.spyOn(console, "log").mockReturnValue(), vi.spyOn(console, "error").mockReturnValue()];
    const talking: Double = (values) => {
      console.error("look at me");
      console.warn("and at me");
      return values.map((value) => 2 * value);
    };
    expect(await checked(double, talking)).toMatchObject({ passed: true });
    expect(log).toHaveBeenCalledWith("look at me");
    expect(log).toHaveBeenCalledWith("and at me");
    expect(error).not.toHaveBeenCalled();
    console.error("after the check");
    expect(error).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });

  it("async answers", async () => {
    expect(await checked(double, async (values: number[]) => values.map((value) => 2 * value))).toMatchObject({
      passed: true,
    });
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

  it("shows tensors with shape and values, as they can be typed", async () => {
    const { message } = await checked(sums, (x: tf.Tensor2D) => tf.tidy(() => x.sum(0)));
    expect(message.split("\n")).toEqual([
      'Case "two rows": value[0] is 4; expected is 3.',
      "called with: `tf.tensor2d([[1, 2], [3, 4]])`",
      "your answer: `a tensor [2] with [4, 6]`",
      "expected: `a tensor [2] with [3, 7]`",
    ]);
  });

  it("asks for a tensor when a list comes", async () => {
    const { message } = await checked(sums, () => [3, 7]);
    expect(message).toContain("returns a list of 2; expected is a tensor");
  });

  it("puts tfjs back in order after a call that died in the middle of a tidy", async () => {
    const scopes = tf.engine().state.scopeStack.length;
    await checked(sums, () =>
      tf.tidy(() => {
        throw new Error("inside");
      }),
    );
    await checked({ ...sums, seconds: 0.2 }, () =>
      tf.tidy(() => {
        for (;;);
      }),
    );
    expect(tf.engine().state.scopeStack).toHaveLength(scopes);
  });
});
