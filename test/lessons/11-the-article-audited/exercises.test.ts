import { beforeAll, describe, expect, it } from "vitest";
import {
  bringExercise,
  decideExercise,
  judgeBrought,
  turnExercise,
  type Bring,
  type BroughtClaim,
  type Decide,
  type FindTurn,
} from "../../../lib/lessons/11-the-article-audited";
import { verdictOf } from "../../../lib/claims/audit";
import { useBackend } from "../../../lib/tensor/backend";
import { holdsTo, silently } from "../support";

beforeAll(async () => {
  await useBackend();
});

describe("11-decide", () => {
  const byCorners: Decide = (stated, found) => {
    if (!found) return "cannot be checked";
    const common = Math.min(stated.high, found.high) - Math.max(stated.low, found.low);
    return common < 0 ? "contradicted" : common === found.high - found.low ? "holds" : "holds with a condition";
  };
  holdsTo(decideExercise, byCorners);

  it("says of claims what the audit says of them", () => {
    const named = decideExercise.cases.filter(({ name }) => /^[a-z0-9]+(-[a-z0-9]+)+:/.test(name));
    expect(named.length).toBeGreaterThan(2);
    for (const [i, { name }] of decideExercise.cases.entries()) {
      if (!named.some((one) => one.name === name)) continue;
      expect(decideExercise.reference(...decideExercise.inputs(i + 1)), name).toBe(verdictOf(name.split(":")[0]));
    }
  });
});

describe("11-turn", () => {
  const recursively: FindTurn = (holds, low, high) => {
    const m = low + (high - low) / 2;
    if (m <= low || m >= high || high - low < 1e-12 * Math.abs(high)) return high;
    return holds(m) === holds(low) ? recursively(holds, m, high) : recursively(holds, low, m);
  };
  holdsTo(turnExercise, recursively);
});

describe("11-bring", () => {
  const own: Bring = () => ({
    id: "apertus-hours",
    claim: "Apertus took six million hours of GPU time.",
    source: { title: "A newspaper", url: "https://example.org/apertus" },
    facts: { flops: 6 * 70e9 * 15e12, rate: 300e12 },
    judge: (f) => {
      const hours = f.flops / f.rate / 3600;
      return {
        verdict: Math.abs(hours / 6e6 - 1) < 0.15 ? "holds" : "contradicted",
        evidence: `${Math.round(hours)} hours`,
      };
    },
    turns: { key: "rate", name: "FLOP/s of a GPU", unit: "FLOP/s", low: 50e12, high: 990e12 },
  });
  holdsTo(bringExercise, own);

  const changed =
    (change: Partial<BroughtClaim>): Bring =>
    () => ({ ...own(), ...change });
  it.each<[string, Bring, string]>([
    [
      "a verdict that nothing can turn",
      changed({ judge: (f) => ({ verdict: "holds", evidence: `${f.rate}` }) }),
      "an opinion",
    ],
    [
      "a number typed into the evidence",
      changed({ judge: () => ({ verdict: "holds", evidence: "6 million" }) }),
      "don't type them",
    ],
    ["a claim of the audit", changed({ id: "cost-total" }), "in the audit already"],
    ["no source", changed({ source: undefined }), "needs a `source`"],
    [
      "a verdict of another vocabulary",
      changed({ judge: () => ({ verdict: "true" as "holds", evidence: "1" }) }),
      "no verdict",
    ],
    [
      "a fact that decides nothing",
      changed({ facts: { flops: 6 * 70e9 * 15e12, rate: 300e12, people: 100 } }),
      'the fact "people" changes neither',
    ],
    ["something else", (() => 7) as unknown as Bring, "a number"],
    [
      "a rule that throws",
      changed({
        judge: () => {
          throw new Error("oh");
        },
      }),
      "cannot be used (oh)",
    ],
  ])("answers %s", async (_, answer, message) => {
    const { passed, message: said } = await silently(bringExercise, answer);
    expect(passed).toBe(false);
    expect(said).toContain(message);
  });

  it("has a reference that is incomplete, and contradicted at another price", () => {
    const { verdict, turning } = judgeBrought(bringExercise.reference());
    expect(verdict).toBe("incomplete");
    expect(turning.above).toMatchObject({ verdict: "contradicted" });
  });
});
