import { describe, expect, it } from "vitest";
import { recordedEffects, V3_IN_FP8 } from "../../../lib/lessons/04-fp8-training/precision-effect";
import { recordedVariants, VARIANTS, type VariantRuns } from "../../../lib/lessons/04-fp8-training/fp8-variants";
import {
  againstVariant,
  costOfEffect,
  effectOf,
  heldOutOf,
  variantsIn,
} from "../../../lib/lessons/04-fp8-training/variant-comparison";

/** The same record with other held-out losses. */
const changed = (runs: VariantRuns, change: (curve: VariantRuns["curves"][number]) => number): VariantRuns => ({
  ...runs,
  curves: runs.curves.map((curve) => ({ ...curve, heldOutMean: change(curve) })),
});

describe.each(["scratch", "continued"] as const)("the recorded runs, %s", (kind) => {
  const runs = recordedVariants(kind);

  it("have three seeds or more of every variant, and say where they are from", () => {
    for (const variant of variantsIn(runs)) {
      expect(Object.keys(VARIANTS)).toContain(variant);
      expect(
        new Set(runs.curves.filter((curve) => curve.variant === variant).map(({ seed }) => seed)).size,
        variant,
      ).toBe(runs.curves.filter((curve) => curve.variant === variant).length);
      expect(heldOutOf(runs, variant).length, variant).toBeGreaterThanOrEqual(3);
    }
    expect(runs.run.command).toContain("--seeds");
    expect(runs.run.commit).toMatch(/^[0-9a-f]{7}/);
  });

  it("tell training without scales from BF16, and no longer when the difference is taken away", () => {
    expect(againstVariant(runs, "unscaled", "bf16").order).not.toBe("cannot tell");
    const bf16 = (seed: number) => runs.curves.find((c) => c.variant === "bf16" && c.seed === seed)!.heldOutMean;
    const same = changed(runs, ({ seed }) => bf16(seed));
    expect(againstVariant(same, "unscaled", "bf16").text).toContain("Cannot tell");
  });

  it("rank another way where the runs are exchanged", () => {
    const before = againstVariant(runs, "unscaled", "bf16").order;
    const exchanged = {
      ...runs,
      curves: runs.curves.map((curve) => {
        const { variant } = curve;
        const other = variant === "unscaled" ? "bf16" : variant === "bf16" ? "unscaled" : variant;
        return { ...curve, variant: other } as typeof curve;
      }),
    };
    expect(againstVariant(exchanged, "unscaled", "bf16").order).toBe(before === "higher" ? "lower" : "higher");
  });

  it("refuse to compare different seeds", () => {
    const fewer = { ...runs, curves: runs.curves.filter((c) => c.variant !== "fine" || c.seed > 1) };
    expect(() => againstVariant(fewer, "fine", "bf16")).toThrow("has the seeds");
  });
});

describe("the recorded costs of modules", () => {
  const effects = recordedEffects();

  it("are of the same windows for all", () => {
    const windows = 4 * Number(effects.run.options.windows);
    for (const { bits } of effects.effects) expect(bits).toHaveLength(windows);
    expect(V3_IN_FP8).toEqual(["attention", "denseMlp", "sharedExperts", "routedExperts"]);
  });

  it("tell everything in FP8 from BF16, and no longer where a difference of zero is planted", () => {
    const all = { inFp8: "all", scale: "float32" } as const;
    expect(costOfEffect(effects, all).order).toBe("higher");
    const plain = effectOf(effects, { inFp8: "none", scale: "float32" }).bits;
    // half of the windows gain what the other half loses
    const zero = plain.map((value, i) => value + (i % 2 === 0 ? 0.01 : -0.01));
    const planted = {
      ...effects,
      effects: effects.effects.map((effect) => (effect.inFp8 === "all" ? { ...effect, bits: zero } : effect)),
    };
    expect(costOfEffect(planted, all).text).toContain("Cannot tell");
    expect(() => effectOf({ ...effects, effects: [] }, all)).toThrow("was measured");
  });
});
