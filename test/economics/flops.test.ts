import { describe, expect, it } from "vitest";
import { fact, value } from "../../lib/economics/facts";
import {
  attentionFlops, attentionShape, decodeFlops, forwardFlops, meanContext, mtpForwardFlops, trainingCompute,
} from "../../lib/economics/flops";
import { hfu, mfu, tokensPerGpuSecond } from "../../lib/lessons/07-cost-economics/utilisation";
import { DEEPSEEK_V3, tinyConfig } from "../../lib/model/config";

/** Training computes the forward pass and twice as much for the gradients. */
const trainingFlops = (context: number) => 3 * forwardFlops(DEEPSEEK_V3, context);

describe("training FLOPs of a token", () => {
  it("are the published 250 GFLOPs for DeepSeek-V3, 250.5 unrounded", () => {
    const flops = trainingFlops(meanContext(4096, true));
    expect(flops / 1e9).toBeCloseTo(250.5, 1);
    expect(Math.abs(flops / value("models", "deepseek-v3", "trainingFlops") - 1)).toBeLessThan(0.003);
  });

  it("count attention's products one by one", () => {
    // A model with one layer and head, width 2 for keys and 3 for values, four tokens seen: 4·2 + 4·3 products and sums.
    expect(attentionFlops({ layers: 1, heads: 1, queryKeyWidth: 2, valueWidth: 3 }, 4)).toBe(2 * (4 * 2 + 4 * 3));
  });

  it("count twice the pairs without the mask", () => {
    const without = trainingFlops(meanContext(4096, false));
    const causal = trainingFlops(meanContext(4096, true));
    const attention = 3 * attentionFlops(attentionShape(DEEPSEEK_V3), meanContext(4096, true));
    expect(without - causal).toBeCloseTo(attention, -3);
    expect(attention / 1e9).toBeCloseTo(30.7, 1);
  });

  it("grow by one block and a head with multi-token prediction", () => {
    const grown = mtpForwardFlops(DEEPSEEK_V3, 2048) / forwardFlops(DEEPSEEK_V3, 2048);
    expect(grown).toBeGreaterThan(0.03);
    expect(grown).toBeLessThan(0.05);
  });

  it("are six for every active parameter where there is no context", () => {
    const config = tinyConfig();
    expect(forwardFlops(config, 0) * 3 * 1000).toBe(trainingCompute(forwardFlops(config, 0) / 2, 1000));
  });
});

describe("decoding FLOPs of a token", () => {
  it("are more when absorbed, and far more when the cache is expanded again", () => {
    const [expanded, again, absorbed] = (["expanded", "expanded again", "absorbed"] as const).map((mode) =>
      decodeFlops(DEEPSEEK_V3, 4096, mode),
    );
    expect(expanded).toBe(forwardFlops(DEEPSEEK_V3, 4096));
    // (576 + 512) / (192 + 128) = 3.4 times the attention term
    const attention = attentionFlops(attentionShape(DEEPSEEK_V3), 4096);
    expect(absorbed - (expanded - attention)).toBeCloseTo(3.4 * attention, -3);
    // Expanding costs a token 2 · 512 · 256 a head and layer, scores and values 2 · 320.
    expect((again - expanded) / attention).toBeCloseTo((512 * 256) / 320, 6);
  });
});

describe("utilisation", () => {
  const hours = value("training-runs", "deepseek-v3", "preTrainingHours");
  const tokensPerSecond = tokensPerGpuSecond(value("training-runs", "deepseek-v3", "tokens"), hours);
  const active = value("training-runs", "deepseek-v3", "activeParameters");
  const [bf16, fp8] = ["peakBf16", "peakFp8"].map((key) => fact("accelerators", "h800", key).value);
  const attention = 3 * attentionFlops(attentionShape(DEEPSEEK_V3), 2048);

  it("is 34.6% of the BF16 peak by 6N, 39.4% with causal attention", () => {
    expect(tokensPerSecond).toBeCloseTo(1543, 0);
    const share = (flopsPerToken: number, peak: number) => mfu({ flopsPerToken, tokensPerSecond, peak });
    expect(share(6 * active, bf16)).toBeCloseTo(0.346, 3);
    expect(share(6 * active + attention, bf16)).toBeCloseTo(0.394, 3);
    expect(share(6 * active, fp8)).toBeCloseTo(0.173, 3);
    expect(share(6 * active + attention, fp8)).toBeCloseTo(0.197, 3);
  });

  it("is that of Llama 3.1 405B, within one per cent, by the same count", () => {
    const llama = tokensPerGpuSecond(
      value("training-runs", "llama-3.1-405b", "tokens"), value("training-runs", "llama-3.1-405b", "gpuHours"));
    const share = mfu({ flopsPerToken: 6 * value("training-runs", "llama-3.1-405b", "activeParameters"),
      tokensPerSecond: llama, peak: value("accelerators", "h100", "peakBf16") });
    const v3 = mfu({ flopsPerToken: 6 * active, tokensPerSecond, peak: bf16 });
    expect(Math.abs(share / v3 - 1)).toBeLessThan(0.01);
  });

  it("counts recomputation only in the hardware's share", () => {
    const flopsPerToken = trainingFlops(2048);
    const run = { flopsPerToken, tokensPerSecond, peak: bf16 };
    // The up-projections of queries, keys and values, in all layers (the report, section 3.2.3).
    const recomputed = 2 * 61 * (1536 * 128 * 192 + 512 * 128 * 256);
    expect(hfu({ ...run, recomputed }) / mfu(run)).toBeCloseTo(1 + recomputed / flopsPerToken, 10);
  });
});
