import { describe, expect, it } from "vitest";
import { allIn, experimentFlops, publishedAblations, visibleResearchShare } from "../../lib/economics/all-in";
import { value } from "../../lib/economics/facts";
import { trainingCompute } from "../../lib/economics/flops";
import { bill, compareRuns, daysOn, gpuHoursFor, priceToTie } from "../../lib/economics/training-cost";

const v3 = (key: string) => value("training-runs", "deepseek-v3", key);
const llama = (key: string) => value("training-runs", "llama-3.1-405b", key);
const stages = [
  { name: "pre-training", gpuHours: v3("preTrainingHours") },
  { name: "context extension", gpuHours: v3("contextExtensionHours") },
  { name: "post-training", gpuHours: v3("postTrainingHours") },
];

describe("the bill of DeepSeek-V3", () => {
  it("is the report's table to the digit", () => {
    const { stages: billed, gpuHours, dollars } = bill(stages, v3("price"));
    expect(billed.map((stage) => stage.dollars)).toEqual([5_328_000, 238_000, 10_000]);
    expect([gpuHours, dollars]).toEqual([v3("gpuHours"), v3("cost")]);
    expect(dollars).toBe(5_576_000);
    expect(billed.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("is 3.7 days a trillion tokens, 54 days of pre-training, 56.7 in all", () => {
    expect(daysOn(v3("gpus"), v3("hoursPerTrillionTokens"))).toBeCloseTo(v3("daysPerTrillionTokens"), 1);
    expect(daysOn(v3("gpus"), v3("preTrainingHours"))).toBeCloseTo(54.2, 1);
    expect(daysOn(v3("gpus"), v3("gpuHours"))).toBeCloseTo(56.7, 1);
    expect((v3("hoursPerTrillionTokens") * v3("tokens")) / 1e12).toBe(v3("preTrainingHours"));
  });

  it("follows from its FLOPs and its utilisation", () => {
    const flops = trainingCompute(v3("activeParameters"), v3("tokens"));
    const run = { flops, mfu: flops / (v3("preTrainingHours") * 3600 * 989e12), peak: 989e12 };
    expect(gpuHoursFor(run)).toBeCloseTo(v3("preTrainingHours"), 3);
    expect(() => gpuHoursFor({ ...run, mfu: 34.6 })).toThrow("mfu must be above 0 and at most 1, got 34.6");
  });

  it("is an eleventh of that of Llama 3.1 405B, by FLOPs and not by utilisation", () => {
    const of = (run: typeof v3, hours: string) => ({
      flops: trainingCompute(run("activeParameters"), run("tokens")),
      gpuHours: run(hours),
    });
    const ratio = compareRuns(of(llama, "gpuHours"), of(v3, "preTrainingHours"));
    expect(ratio.hours).toBeCloseTo(11.6, 1);
    expect(ratio.hours).toBeCloseTo(ratio.flops / ratio.rate, 10);
    expect(Math.abs(ratio.rate - 1)).toBeLessThan(0.01);
    expect(llama("gpuHours") / v3("gpuHours")).toBeCloseTo(11.1, 1);
    expect(priceToTie(v3("cost"), llama("gpuHours"))).toBeCloseTo(0.181, 3);
  });
});

describe("the visible research", () => {
  it("is twelve runs that sum to about 19% of the pre-training FLOPs", () => {
    const experiments = publishedAblations();
    expect(experiments.reduce((sum, { runs }) => sum + runs, 0)).toBe(12);
    expect(experimentFlops(experiments) / 1e23).toBeCloseTo(6.2, 1);
    expect(visibleResearchShare()).toBeCloseTo(0.189, 2);
  });
});

describe("all in", () => {
  const nothing = {
    official: 5.576e6,
    ablations: 0,
    research: 0,
    failed: 0,
    people: 0,
    salary: 0,
    years: 0,
    data: 0,
    infrastructure: 0,
  };

  it("is the official run where nothing else is assumed", () => {
    expect(allIn(nothing)).toMatchObject({ dollars: 5.576e6, multiple: 1 });
  });

  it("adds its parts, infrastructure on all computing", () => {
    const all = allIn({
      ...nothing,
      official: 100,
      ablations: 0.2,
      research: 0.5,
      failed: 0.3,
      people: 2,
      salary: 10,
      years: 3,
      data: 7,
      infrastructure: 0.5,
    });
    expect(all.parts.map(({ dollars }) => dollars)).toEqual([100, 20, 50, 30, 60, 7, 100]);
    expect(all.multiple).toBeCloseTo(3.67, 10);
  });
});
