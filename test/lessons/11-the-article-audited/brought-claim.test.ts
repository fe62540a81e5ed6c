import { describe, expect, it } from "vitest";
import {
  complaintAbout,
  judgeBrought,
  type BroughtClaim,
} from "../../../lib/lessons/11-the-article-audited/brought-claim";

const good: BroughtClaim = {
  id: "my-claim",
  claim: "Training some model cost one million dollars.",
  source: { title: "A newspaper", url: "https://example.org/article" },
  facts: { hours: 500_000, price: 2 },
  judge: (f) => ({
    verdict: Math.abs((f.hours * f.price) / 1e6 - 1) < 0.1 ? "holds" : "contradicted",
    evidence: `${f.hours * f.price} dollars`,
  }),
  turns: { key: "price", name: "price of an hour", unit: "dollars", low: 0.5, high: 10 },
};

describe("complaintAbout", () => {
  it("has none about a claim that can be audited", () => {
    expect(complaintAbout(good)).toBeNull();
  });

  it.each<[string, Partial<BroughtClaim>, RegExp]>([
    ["an id in one word", { id: "mine" }, /words with hyphens/],
    ["an id that is taken", { id: "cost-total" }, /in the audit already/],
    ["no sentence", { claim: "dear" }, /whole sentence/],
    ["no source", { source: { title: "", url: "https://example.org" } }, /needs a `source`/],
    ["an address that is none", { source: { title: "x", url: "somewhere" } }, /begins with https/],
    ["no facts", { facts: {} }, /at least one number/],
    ["a fact in words", { facts: { price: "two" as unknown as number } }, /numbers only/],
    [
      "a number that is no fact",
      { turns: { ...good.turns, key: "people" } },
      /names "people", which is none of the facts \(hours, price\)/,
    ],
    ["a range elsewhere", { turns: { ...good.turns, low: 5 } }, /stands at 2, outside of the range 5 to 10/],
    ["another vocabulary", { judge: () => ({ verdict: "false" as "holds", evidence: "1" }) }, /"false" is no verdict/],
    [
      "no number in the evidence",
      { judge: () => ({ verdict: "holds", evidence: "obvious" }) },
      /the number that decides/,
    ],
    ["a typed number", { judge: () => ({ verdict: "holds", evidence: "1 million" }) }, /compute its numbers/],
    ["an idle fact", { facts: { ...good.facts, gpus: 2048 } }, /the fact "gpus" changes neither/],
    [
      "a rule that looks at something else",
      {
        judge: (f) => {
          const price = f.price + Math.random();
          return { verdict: price < 3 ? "holds" : "contradicted", evidence: `${price * f.hours} dollars` };
        },
      },
      /two answers/,
    ],
    ["an opinion", { judge: (f) => ({ verdict: "holds", evidence: `${f.price}` }) }, /nothing can turn is an opinion/],
  ])("has one about %s", (_, change, message) => {
    expect(complaintAbout({ ...good, ...change })).toMatch(message);
  });
});

describe("judgeBrought", () => {
  it("judges, and finds where the verdict turns", () => {
    const { verdict, turning } = judgeBrought(good);
    expect(verdict).toBe("holds");
    expect(turning.below!.at).toBeCloseTo(1.8, 6);
    expect(turning.above!.at).toBeCloseTo(2.2, 6);
  });
});
