import { describe, expect, it } from "vitest";
import { judgeClaim } from "../../../lib/claims/audit";
import { DOMAINS, type CorpusManifest } from "../../../lib/corpus/corpus";
import { besideFurther, CLAIMS_HERE, claimsHere, termForBalance } from "../../../lib/lessons/10-train-it/claims-here";
import { planRun, type Choices } from "../../../lib/lessons/10-train-it/plan";
import type { Evaluation } from "../../../lib/training/evaluate";
import { CHOICES } from "./small-plan";

const corpus = { manifest: { hash: "0123456789", sources: [], files: [] } as CorpusManifest };
const planOf = (change: Partial<Choices> = {}) => planRun({ ...CHOICES, ...change }, 50, corpus);

/** The same losses on every kind of text. */
function evaluated(near: number, further: number | null): Evaluation {
  const each = { bitsPerByte: near, mtpBitsPerByte: further, loads: [] };
  return Object.fromEntries(DOMAINS.map((domain) => [domain, each])) as unknown as Evaluation;
}

/** What is said of one claim. */
function computed(id: (typeof CLAIMS_HERE)[number], plan = planOf(), evaluation = evaluated(3, 2.9)): string {
  return claimsHere(plan, evaluation)[CLAIMS_HERE.indexOf(id)].computed;
}

describe("claims beside a run of one's own", () => {
  it("have the audit's words, sources and verdicts", () => {
    for (const [i, row] of claimsHere(planOf(), evaluated(3, 2.9)).entries()) {
      const { claim, verdict } = judgeClaim(CLAIMS_HERE[i]);
      expect(row.claim).toBe(`${claim.id}: ${claim.claim}`);
      expect(row.verdict).toBe(verdict);
      expect(row.sources).not.toBe("");
    }
  });

  it("say what a run has for balance: a term and a speed, the classic term, nothing", () => {
    const options = { ...planOf().options, sequenceAlpha: 0.25, auxiliaryAlpha: 0.5, biasSpeed: 0.003 };
    expect(termForBalance({ ...options, balance: "bias" })).toMatch(/weight 0\.25, .* 0\.003, 3\.0 times V3's/);
    expect(termForBalance({ ...options, balance: "auxiliary" })).toContain("classic loss with the weight 0.5");
    expect(termForBalance({ ...options, balance: "none" })).toContain("no such term");
    expect(computed("lb-no-loss", planOf({ balance: "none" }))).toContain("no such term");
  });

  it("say which of the two losses is the lower one", () => {
    expect(besideFurther(evaluated(3, 2.5))).toContain("2.50 bits, less than the main model's of byte N+1 (3.00)");
    expect(besideFurther(evaluated(3, 3.5))).toContain("3.50 bits, more than the main model's of byte N+1 (3.00)");
  });

  it("say of a model without a module that it has none", () => {
    const plan = planOf({ mtpModules: 0 });
    expect(besideFurther(evaluated(3, null))).toBe("Your model has no module.");
    expect(computed("mtp-cost", plan, evaluated(3, null))).toBe("Your model has no module.");
  });

  it("follow the model and the text", () => {
    const share = (text: string) => Number(/([\d.]+)%/.exec(text)?.[1]);
    expect(share(computed("moe-37b", planOf({ experts: 64 })))).toBeLessThan(share(computed("moe-37b")));
    expect(share(computed("mtp-cost", planOf({ active: 4 })))).not.toBe(0);
    expect(computed("data-reproduce", planOf({ seed: 77 }))).toMatch(/seed 77, .* 01234567\. /);
    expect(computed("access-who")).toMatch(/5\.33 million dollars\. .*e-\d+ dollars, for 50 steps\./);
  });
});
