import { describe, expect, it } from "vitest";
import { checkSampling, distribution, draw } from "../../lib/inference/sampling";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";

const logits = [0.5, 1.25, -3, 1.25, 0];
const softmax = (values: number[]) => {
  const exponentials = values.map(Math.exp);
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((value) => value / sum);
};

describe("distribution", () => {
  it("is the softmax at temperature 1", () => {
    expectClose(distribution(logits, { temperature: 1 }), softmax(logits));
  });

  it("divides the logits by the temperature", () => {
    expectClose(distribution(logits, { temperature: 0.5 }), softmax(logits.map((x) => 2 * x)));
  });

  it("is all on the largest at temperature 0, of equal ones on the first", () => {
    expect([...distribution(logits, { temperature: 0 })]).toEqual([0, 1, 0, 0, 0]);
  });

  it("keeps the k largest, of equal ones the first", () => {
    expectClose(distribution(logits, { temperature: 1, topK: 1 }), [0, 1, 0, 0, 0]);
    const [a, b] = softmax([0.5, 1.25, 1.25]);
    expectClose(distribution(logits, { temperature: 1, topK: 3 }), [a, b, 0, b, 0]);
    expectClose(distribution(logits, { temperature: 1, topK: 9 }), softmax(logits));
  });

  it("keeps as many as it takes to reach p, with the one that reaches it", () => {
    const four = [0.4, 0.3, 0.2, 0.1].map(Math.log);
    expectClose(distribution(four, { temperature: 1, topP: 0.39 }), [1, 0, 0, 0]);
    expectClose(distribution(four, { temperature: 1, topP: 0.5 }), [4 / 7, 3 / 7, 0, 0]);
    expectClose(distribution(four, { temperature: 1, topP: 0.75 }), [4 / 9, 3 / 9, 2 / 9, 0]);
    expectClose(distribution(four, { temperature: 1, topP: 1 }), [0.4, 0.3, 0.2, 0.1]);
  });

  it("takes top-p of what top-k has left", () => {
    const four = [0.4, 0.3, 0.2, 0.1].map(Math.log);
    // of 4/7 and 3/7, the first reaches 0.55; of all four it would not
    expectClose(distribution(four, { temperature: 1, topK: 2, topP: 0.55 }), [1, 0, 0, 0]);
  });

  it("names a logit that is NaN or without bound, at any temperature", () => {
    for (const temperature of [0, 0.8]) {
      const of = (logits: number[]) => () => distribution(logits, { temperature }, "step 3: the model");
      expect(of([1, 2, NaN])).toThrow("step 3: the model computes a logit that is NaN, of token id 2");
      expect(of([NaN, NaN])).toThrow("NaN, of token id 0");
      expect(of([1, Infinity])).toThrow("a logit that is Infinity, of token id 1");
      expect(of([-Infinity, -Infinity])).toThrow("a logit that is -Infinity, of token id 0");
      expect([...of([0, -Infinity])()]).toEqual([1, 0]); // never to be drawn, but no fault
    }
  });

  it("bears logits that exp would overflow on", () => {
    expectClose(distribution([1000, 999], { temperature: 1 }), softmax([1, 0]));
  });
});

describe("draw", () => {
  it("draws as often as the probabilities say", () => {
    const probabilities = [0.5, 0, 0.3, 0.2];
    const random = new Random(1);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[draw(probabilities, random)]++;
    expect(counts[1]).toBe(0);
    [0, 2, 3].forEach((v) => expect(Math.abs(counts[v] / 20_000 - probabilities[v])).toBeLessThan(0.012));
  });

  it("gives the same for the same seed", () => {
    const drawn = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => draw([0.25, 0.25, 0.25, 0.25], random));
    };
    expect(drawn(3)).toEqual(drawn(3));
    expect(drawn(3)).not.toEqual(drawn(4));
  });

  it("takes no random number where nothing is left to chance", () => {
    const random = new Random(1);
    draw([0, 1], random);
    expect(random.uniform()).toBe(new Random(1).uniform());
  });
});

it.each([
  [{ temperature: -1 }, "temperature is -1"],
  [{ temperature: NaN }, "temperature is NaN"],
  [{ temperature: 1, topK: 0 }, "top-k is 0"],
  [{ temperature: 1, topK: 1.5 }, "top-k is 1.5"],
  [{ temperature: 1, topP: 0 }, "top-p is 0"],
  [{ temperature: 1, topP: 1.1 }, "top-p is 1.1"],
])("refuses %o", (options, message) => {
  expect(() => checkSampling(options)).toThrow(message);
});
