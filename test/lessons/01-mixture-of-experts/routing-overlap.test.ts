/** What lesson 01 says of six lines follows the lines: other routing, another sentence, and none where nothing is there. */
import { describe, expect, it } from "vitest";
import { modelFact } from "../../../lib/economics/facts";
import {
  lineOverlap,
  meanOverlaps,
  overlapComparisons,
  type LineOverlap,
} from "../../../lib/lessons/01-mixture-of-experts";
import { Random } from "../../../lib/tensor/random";

const [E, K] = [16, 2];
const characters = [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3];
const kinds = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];

/** Gates of one layer, by the experts of each token. */
const layerOf = (expertsOf: (token: number) => number[]) =>
  characters.map((_, token) => Array.from({ length: E }, (_, e) => (expertsOf(token).includes(e) ? 1 : 0)));

/** Six lines, each routed by a rule with its own luck. */
function linesBy(rule: (token: number, random: Random) => number[], seed = 1): LineOverlap[] {
  const random = new Random(seed);
  return Array.from({ length: 6 }, () => {
    const chosen = characters.map((_, token) => rule(token, random));
    return lineOverlap([layerOf((token) => chosen[token])], characters, kinds);
  });
}
const lucky = (random: Random) => {
  const order = random.shuffle(Array.from({ length: E }, (_, e) => e));
  return order.slice(0, K);
};
const byCharacter = linesBy((token, random) => [characters[token], 8 + Math.floor(8 * random.uniform())]);
const byKind = linesBy((token, random) => [kinds[token], 8 + Math.floor(8 * random.uniform())]);
const byLuck = linesBy((_, random) => lucky(random));

describe("lineOverlap", () => {
  it("counts by hand: tokens of one character share one expert of two, others none", () => {
    const line = lineOverlap([layerOf((token) => [characters[token], 4 + token])], characters, kinds);
    expect(line).toEqual({ equal: 0.5, equalElsewhere: 0.5, different: 0, differentElsewhere: 0, busiest: 4 / 12 });
  });

  it("is the mean of the layers", () => {
    const [all, none] = [layerOf(() => [0, 1]), layerOf((token) => [token, token + 4])];
    const both = lineOverlap([all, none], characters, kinds);
    expect(both.different).toBeCloseTo((1 + lineOverlap([none], characters, kinds).different) / 2, 10);
    expect(meanOverlaps([both, both])).toEqual(both);
  });
});

describe("what the lines say", () => {
  const orders = (trained: LineOverlap[], untrained = byLuck) =>
    overlapComparisons(trained, untrained, K / E).map(({ order }) => order);

  it("routed by the character: equal characters share more, wherever they stand, and the kind adds nothing", () => {
    const [characterAgainstKind, context, kind] = orders(byCharacter);
    expect([characterAgainstKind, context, kind]).toEqual(["higher", "cannot tell", "cannot tell"]);
  });

  it("routed by the kind: the sentences turn", () => {
    const [characterAgainstKind, context, kind] = orders(byKind);
    expect([characterAgainstKind, context, kind]).toEqual(["lower", "higher", "higher"]);
  });

  it("routed by dice: nothing is claimed, and the untrained model is no better than chance", () => {
    const said = overlapComparisons(
      byLuck,
      linesBy((_, random) => lucky(random), 2),
      K / E,
    );
    expect(said.map(({ order }) => order)).toEqual(said.map(() => "cannot tell"));
    for (const { text } of said) expect(text).toMatch(/^Cannot tell/);
  });

  it("an untrained model that prefers the same experts for all is said to be beyond chance", () => {
    const biased = linesBy((_, random) => [0, 1 + Math.floor(15 * random.uniform())]);
    const [last] = overlapComparisons(byLuck, biased, K / E).slice(-1);
    expect(last.text).toContain("before the first step is higher than chance (12.5%)");
  });
});

it("the sparse model and its dense twin are as the paper's table 2 has them", () => {
  const value = (id: string, key: string) => modelFact(id, key).value;
  expect(value("deepseekmoe-2b", "totalExpertParameters")).toBe(value("deepseekmoe-dense16", "activeExpertParameters"));
  expect(value("deepseekmoe-2b", "pileLoss") - value("deepseekmoe-dense16", "pileLoss")).toBeCloseTo(0.002, 10);
});
