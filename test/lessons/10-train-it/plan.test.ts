import { describe, expect, it } from "vitest";
import { forwardFlops, mtpForwardFlops } from "../../../lib/economics/flops";
import { planCosts, planRun } from "../../../lib/lessons/10-train-it/plan";
import { V3_PRECISION } from "../../../lib/model/precision";
import { PRESETS } from "../../../lib/training/presets";
import type { CorpusManifest } from "../../../lib/corpus/corpus";
import { CHOICES } from "./small-plan";

const corpus = { manifest: { hash: "abc", sources: [], files: [] } as CorpusManifest };

describe("a plan", () => {
  it("has what was chosen, and the rest from the preset", () => {
    const { config, options } = planRun({ ...CHOICES, policy: "fp8", balance: "none" }, 50, corpus);
    expect(config).toMatchObject({ nRoutedExperts: 8, numExpertsPerTok: 2, kvLoraRank: 8, qLoraRank: 8, nGroup: 4 });
    expect(config.hiddenSize).toBe(PRESETS["v3-micro"].config.hiddenSize);
    expect(options).toMatchObject({ steps: 50, seed: 3, balance: "none", corpus: "abc", precision: V3_PRECISION });
    expect(options.mixture).toEqual({ novel: 0.2, speeches: 0.3, code: 0.4, arithmetic: 0.1 });
  });

  it("takes the steps of the larger model as they are", () => {
    const { options } = planRun({ ...CHOICES, size: "v3-mini" }, 50, corpus);
    const { batch, length } = PRESETS["v3-mini"].training;
    expect(options).toMatchObject({ batch, length });
  });

  it("of few experts has one group", () => {
    expect(planRun({ ...CHOICES, experts: 4, active: 4 }, 50, corpus).config).toMatchObject({
      nGroup: 1,
      topkGroup: 1,
    });
  });

  it("that cannot be is refused by the names of the parameters cell, with a way out", () => {
    expect(() => planRun({ ...CHOICES, active: 8 }, 50, corpus)).toThrow(
      "active = 8 with experts = 8: a token reaches 4 experts, those in 2 of 4 groups. Lower active to 4, or raise experts",
    );
    expect(() => planRun({ ...CHOICES, experts: 4, active: 5 }, 50, corpus)).toThrow(
      "active = 5 with experts = 4: a token reaches 4 experts. Lower active to 4",
    );
    const nothing = { novel: 0, speeches: 0, code: 0, arithmetic: 0 };
    expect(() => planRun({ ...CHOICES, ...nothing }, 50, corpus)).toThrow("there is nothing to read. Give one of them");
  });

  it("costs what its parts cost", () => {
    const plan = planRun(CHOICES, 50, corpus);
    const costs = planCosts(plan);
    const context = plan.options.length / 2;
    expect(costs.tokens).toBe(50 * plan.options.batch * plan.options.length);
    expect(costs.flops).toBe(
      3 * costs.tokens * (forwardFlops(plan.config, context) + mtpForwardFlops(plan.config, context)),
    );
    const without = planCosts(planRun({ ...CHOICES, mtpModules: 0 }, 50, corpus));
    expect(without).toMatchObject({ module: 0, total: costs.total, cacheBytes: costs.cacheBytes });
    expect(without.flops).toBeLessThan(costs.flops);
    const more = planCosts(planRun({ ...CHOICES, experts: 16 }, 50, corpus));
    expect(more.total / costs.total).toBeGreaterThan(1.2);
    expect(more.active / costs.active).toBeLessThan(1.05); // the router only
  });
});
