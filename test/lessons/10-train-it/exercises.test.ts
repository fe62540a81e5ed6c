import { describe, expect, it } from "vitest";
import { forwardFlops, mtpForwardFlops } from "../../../lib/economics/flops";
import {
  cacheComplaint,
  cacheExercise,
  halfCacheDesigns,
  type HalveCache,
} from "../../../lib/lessons/10-train-it/exercise-3-cache";
import { costExercise, V3_SUM, type PlanTraining } from "../../../lib/lessons/10-train-it/exercise-1-cost";
import {
  besideBase,
  bestLeaner,
  LEANER_SHARE,
  leanerComplaint,
  leanerExercise,
  type Leaner,
} from "../../../lib/lessons/10-train-it/exercise-2-leaner";
import {
  BASE_DESIGN,
  DESIGN_RUN,
  designConfig,
  designCosts,
  DESIGNS,
  recordedDesigns,
  sameDesign,
  type Design,
} from "../../../lib/lessons/10-train-it/design-trial";
import { DEEPSEEK_V3 } from "../../../lib/model/config";
import { weightShapes } from "../../../lib/model/weights";
import { holdsTo, silently } from "../support";

const recorded = recordedDesigns();

/** The recorded trainings with each loss of some designs raised: by so much, and more for every seed where it spreads. */
function raised(
  more: number,
  { spread = 0, of = () => true }: { spread?: number; of?: (design: Design) => boolean } = {},
) {
  const trials = recorded.trials.map((trial) =>
    of(trial.design) && !sameDesign(trial.design, BASE_DESIGN)
      ? { ...trial, bitsPerByte: trial.bitsPerByte + more + (trial.seed % 2 === 0 ? spread : -spread) }
      : trial,
  );
  return { trials };
}

describe("the recorded designs", () => {
  it("are all there, each with the same seeds", () => {
    const seeds = [...new Set(recorded.trials.map(({ seed }) => seed))].sort((a, b) => a - b);
    expect(seeds.length).toBeGreaterThanOrEqual(3);
    expect(recorded.trials).toHaveLength(DESIGNS.length * seeds.length);
    for (const design of DESIGNS) {
      const own = recorded.trials.filter((trial) => sameDesign(trial.design, design)).map(({ seed }) => seed);
      expect(own.sort((a, b) => a - b)).toEqual(seeds);
    }
    expect(recorded.run.options).toEqual({ ...DESIGN_RUN });
  });

  it("cost what their weights are", () => {
    for (const design of DESIGNS) {
      const shapes = weightShapes(designConfig(design), 0).filter(
        ({ name }) => !name.includes("e_score_correction_bias"),
      );
      const size = (shape: number[]) => shape.reduce((product, n) => product * n, 1);
      expect(designCosts(design).total).toBe(shapes.reduce((sum, { shape }) => sum + size(shape), 0));
      expect(designCosts(design).cacheBytes).toBe(2 * 2 * (design.latent + design.rope));
    }
  });
});

describe("10-cost", () => {
  const inSeconds: PlanTraining = (sum, config) => {
    const seconds = (3600 * sum.dollars) / sum.price; // of one GPU
    let perToken = forwardFlops(config, sum.context);
    for (let m = 0; m < config.numNextnPredictLayers; m++) perToken += mtpForwardFlops(config, sum.context);
    const stepSeconds = (3 * perToken * sum.stepTokens) / sum.peak / sum.mfu;
    const steps = Math.floor(seconds / stepSeconds);
    return { days: (steps * stepSeconds) / sum.gpus / 24 / 3600, tokens: sum.stepTokens * steps, steps };
  };
  holdsTo(costExercise, inSeconds);

  it("finds V3's own pre-training within a tenth, from its hours and utilisation", () => {
    const { tokens, days } = costExercise.reference(V3_SUM, DEEPSEEK_V3);
    expect(tokens / 14.8e12).toBeGreaterThan(0.9);
    expect(tokens / 14.8e12).toBeLessThan(1.1);
    expect(days).toBeCloseTo(2664e3 / 2048 / 24, 1);
  });
});

describe("10-leaner", () => {
  const written: Leaner = () => ({ ...bestLeaner(BASE_DESIGN) });
  holdsTo(leanerExercise, written);

  it("has the solution's design among those that pass", async () => {
    expect(await silently(leanerExercise, (base: Design) => ({ ...base, width: base.width / 2 }))).toMatchObject({
      status: "passed",
    });
  });

  it("says what stands against a design: its costs, that it was not trained, its loss", () => {
    expect(leanerComplaint({ ...BASE_DESIGN, latent: 31 }, BASE_DESIGN)).toMatch(
      /of the active parameters are left; at most 80%/,
    );
    expect(leanerComplaint({ ...BASE_DESIGN, active: 1 }, BASE_DESIGN)).toMatch(/was not trained beforehand/);
    expect(leanerComplaint({ ...BASE_DESIGN, active: 20 }, BASE_DESIGN)).toMatch(/numExpertsPerTok is 20/);
    expect(leanerComplaint({ ...BASE_DESIGN, rope: 3 }, BASE_DESIGN)).toMatch(/qkRopeHeadDim is 3/);
  });

  it("lets no design pass that the seeds show to be worse, and says so where they leave it open", () => {
    const half = { ...BASE_DESIGN, width: 16 };
    expect(leanerComplaint(half, BASE_DESIGN, raised(1))).toMatch(
      /within the budget, but the seeds show that it learned less: The loss is higher in your design than in the base/,
    );
    expect(leanerComplaint(half, BASE_DESIGN, raised(-1))).toBeNull();
    expect(besideBase(half, BASE_DESIGN, raised(0, { spread: 1 })).text).toMatch(
      /^Cannot tell whether the loss is lower/,
    );
  });

  it("is not solved by half of the active experts, and has several designs within the budget", () => {
    const share = (design: Design) => designCosts(design).active / designCosts(BASE_DESIGN).active;
    expect(share({ ...BASE_DESIGN, active: 4 })).toBeGreaterThan(LEANER_SHARE);
    expect(DESIGNS.filter((design) => share(design) <= LEANER_SHARE).length).toBeGreaterThanOrEqual(3);
  });
});

describe("10-cache", () => {
  const written: HalveCache = () => ({ ...halfCacheDesigns(BASE_DESIGN)[0].design });
  holdsTo(cacheExercise, written);

  it("has the solution's design among those that pass", async () => {
    expect(await silently(cacheExercise, (base: Design) => ({ ...base, latent: base.latent / 4 }))).toMatchObject({
      status: "passed",
    });
  });

  it("refuses a design of the right size that the seeds show to be worse", () => {
    const own = { ...BASE_DESIGN, latent: 8 };
    expect(cacheComplaint(own, BASE_DESIGN)).toBeNull();
    const worse = raised(1, { of: (design) => sameDesign(design, own) });
    expect(cacheComplaint(own, BASE_DESIGN, worse)).toMatch(
      /another design is better: The loss is higher in your design/,
    );
  });

  it("says what stands against a design", () => {
    expect(cacheComplaint({ ...BASE_DESIGN, latent: 24 }, BASE_DESIGN)).toBe(
      "a token adds 160 bytes to its cache; half of the base's are 96",
    );
    expect(cacheComplaint({ ...BASE_DESIGN, latent: 10, rope: 10 }, BASE_DESIGN)).toMatch(/was not trained beforehand/);
  });
});
