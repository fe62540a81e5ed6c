import { describe, expect, it } from "vitest";
import { value } from "../../lib/economics/facts";
import {
  attentionFlops,
  attentionShape,
  decodeFlops,
  forwardFlops,
  meanContext,
  mtpForwardFlops,
  trainingCompute,
} from "../../lib/economics/flops";
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
