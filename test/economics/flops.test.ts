import { describe, expect, it } from "vitest";
import { value } from "../../lib/economics/facts";
import {
  attentionFlops, attentionShape, decodeFlops, decoderAttention, forwardFlops, meanContext, mtpForwardFlops,
  recomputedFlops, trainingCompute, trainingFlops,
} from "../../lib/economics/flops";
import { decoderShape } from "../../lib/economics/other-models";
import { DEEPSEEK_V3, tinyConfig } from "../../lib/model/config";

describe("training FLOPs of a token", () => {
  it("are the published 250 GFLOPs for DeepSeek-V3, 250.5 unrounded", () => {
    const flops = trainingFlops(DEEPSEEK_V3, { sequence: 4096 });
    expect(flops / 1e9).toBeCloseTo(250.5, 1);
    expect(Math.abs(flops / value("models", "deepseek-v3", "trainingFlops") - 1)).toBeLessThan(0.003);
  });

  it("count attention's products one by one", () => {
    // A model with one layer and head, width 2 for keys and 3 for values, four tokens seen: 4·2 + 4·3 products and sums.
    expect(attentionFlops({ layers: 1, heads: 1, queryKeyWidth: 2, valueWidth: 3 }, 4)).toBe(2 * (4 * 2 + 4 * 3));
  });

  it("count twice the pairs without the mask", () => {
    const without = trainingFlops(DEEPSEEK_V3, { sequence: 4096, causal: false });
    const causal = trainingFlops(DEEPSEEK_V3, { sequence: 4096 });
    const attention = 3 * attentionFlops(attentionShape(DEEPSEEK_V3), meanContext(4096, true));
    expect(without - causal).toBeCloseTo(attention, -3);
    expect(attention / 1e9).toBeCloseTo(30.7, 1);
  });

  it("grow by one block and a head with multi-token prediction", () => {
    const grown = trainingFlops(DEEPSEEK_V3, { sequence: 4096, mtp: true });
    const main = trainingFlops(DEEPSEEK_V3, { sequence: 4096 });
    expect(grown - main).toBeCloseTo(3 * mtpForwardFlops(DEEPSEEK_V3, 2048), -3);
    expect(grown / main).toBeGreaterThan(1.03);
    expect(grown / main).toBeLessThan(1.05);
  });

  it("are six for every active parameter where there is no context", () => {
    const config = tinyConfig();
    expect(forwardFlops(config, 0) * 3 * 1000).toBe(trainingCompute(forwardFlops(config, 0) / 2, 1000));
  });

  it("count a plain decoder's attention by its heads, not by its shared keys", () => {
    const shape = decoderShape("llama-3.1-405b");
    expect(decoderAttention(shape)).toEqual({ layers: 126, heads: 128, queryKeyWidth: 128, valueWidth: 128 });
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

it("counts what V3 recomputes: two of the attention's matrices, in all layers", () => {
  expect(recomputedFlops(DEEPSEEK_V3)).toBe(2 * 61 * (1536 * 128 * 192 + 512 * 128 * 256));
});
