import { describe, expect, it } from "vitest";
import { value } from "../../lib/economics/facts";
import { expertCoverage } from "../../lib/economics/routing";
import {
  costPerToken,
  dayCost,
  decodeStep,
  largestBatch,
  margin,
  markup,
  nodeDays,
  revenue,
  servedParameters,
  type ByKind,
  type DecodeUnit,
} from "../../lib/economics/serving";
import { totalParameters } from "../../lib/economics/parameters";
import { DEEPSEEK_V3 } from "../../lib/model/config";

const day = (key: string) => value("serving", "day-6", key);
const tokens: ByKind = {
  cacheHit: day("cachedTokens"),
  cacheMiss: day("inputTokens") - day("cachedTokens"),
  output: day("outputTokens"),
};
const prices = (id: string): ByKind => ({
  cacheHit: value("prices", id, "cacheHit"),
  cacheMiss: value("prices", id, "cacheMiss"),
  output: value("prices", id, "output"),
});

describe("day 6", () => {
  it("costs $87,072", () => {
    expect(dayCost(day("nodes") * day("gpusPerNode"), day("price"))).toBeCloseTo(day("cost"), 6);
    expect(day("cost")).toBe(87_072);
  });

  it("has throughputs that need 226.9 nodes where 226.75 are reported", () => {
    const input = nodeDays(day("inputTokens"), day("inputRate"));
    const output = nodeDays(day("outputTokens"), day("outputRate"));
    expect([input, output].map((days) => Math.round(10 * days) / 10)).toEqual([95.5, 131.4]);
    expect(input + output).toBeCloseTo(226.9, 1);
    expect(Math.abs((input + output) / day("nodes") - 1)).toBeLessThan(0.001);
  });

  it("has a mark-up of 545% and a margin of 84.5% at R1's prices", () => {
    const earned = revenue(tokens, prices("api-r1"));
    expect(Math.abs(earned / day("theoreticalRevenue") - 1)).toBeLessThan(0.001);
    expect(markup(day("theoreticalRevenue"), day("cost"))).toBeCloseTo(5.45, 2);
    expect(markup(earned, day("cost"))).toBeCloseTo(day("reportedMargin"), 1);
    expect(margin(earned, day("cost"))).toBeCloseTo(0.845, 3);
  });

  it("earns $280.6 thousand at V3's list price, and about its cost at the launch price", () => {
    expect(revenue(tokens, prices("api-v3"))).toBeCloseTo(280.56e3, -2);
    expect(revenue(tokens, prices("api-v3-launch")) / day("cost")).toBeCloseTo(1.02, 1);
  });

  it("costs about $0.06 a million input tokens and $0.30 a million output tokens", () => {
    const node = day("gpusPerNode") * day("price");
    expect(costPerToken(node, day("inputRate")) * 1e6).toBeCloseTo(0.06, 2);
    expect(costPerToken(node, day("outputRate")) * 1e6).toBeCloseTo(0.3, 2);
  });

  it("is matched by what SGLang says of its own output tokens", () => {
    const cost = costPerToken(16, value("serving", "sglang-96-h100", "outputRate"));
    expect(cost).toBeCloseTo(value("serving", "sglang-96-h100", "costPerOutputToken"), 8);
  });
});

describe("expert coverage", () => {
  it("is 3, 22, 64 and 98% of V3's experts at batch 1, 8, 32 and 128", () => {
    expect([1, 8, 32, 128].map((B) => Math.round(100 * expertCoverage(256, 8, B)))).toEqual([3, 22, 64, 98]);
  });
});

describe("decodeStep", () => {
  const unit: DecodeUnit = {
    gpus: 144,
    memory: 80e9,
    bandwidth: 3.35e12,
    peak: 1979e12,
    bytesPerParameter: 1,
    efficiency: 1,
  };

  it("reads at batch 1 on one GPU what is active and one cache", () => {
    const { everywhere, routed } = servedParameters(DEEPSEEK_V3);
    const step = decodeStep(DEEPSEEK_V3, { batch: 1, context: 1000, unit: { ...unit, gpus: 1 } });
    expect(step.weightBytes).toBeCloseTo(everywhere + routed / 32, -1);
    expect(step.weightBytes / 1e9).toBeCloseTo(36.6, 1);
    expect(step.cacheBytes).toBe(70_272_000);
    expect(step.limit).toBe("memory traffic");
    expect(step.tokensPerSecond).toBeCloseTo(91, 0); // 37 GB at 3.35 TB/s: about 90
    expect(step.fits).toBe(false);
  });

  it("gets cheaper per token with the batch, and less so with a longer context", () => {
    const rate = (batch: number, context: number) => decodeStep(DEEPSEEK_V3, { batch, context, unit }).tokensPerSecond;
    expect(rate(4096, 4989)).toBeGreaterThan(2 * rate(1024, 4989));
    expect(rate(4096, 32768)).toBeLessThan(rate(4096, 4989) / 2);
  });

  it("doubles its time when half of the machine is reached", () => {
    const [all, half] = [1, 0.5].map(
      (efficiency) => decodeStep(DEEPSEEK_V3, { batch: 512, context: 4989, unit: { ...unit, efficiency } }).seconds,
    );
    expect(half).toBeCloseTo(2 * all, 12);
  });

  it("is limited by arithmetic where there is little to read per token", () => {
    expect(decodeStep(DEEPSEEK_V3, { batch: 200_000, context: 16, unit }).limit).toBe("arithmetic");
  });

  it("has a largest batch that just fits", () => {
    const most = largestBatch(DEEPSEEK_V3, { context: 4989, unit });
    expect(decodeStep(DEEPSEEK_V3, { batch: most, context: 4989, unit }).fits).toBe(true);
    expect(decodeStep(DEEPSEEK_V3, { batch: most + 1, context: 4989, unit }).fits).toBe(false);
    const small = { ...unit, gpus: 8 }; // 8 × 80 GB don't hold the weights
    expect(largestBatch(DEEPSEEK_V3, { context: 4989, unit: small })).toBe(0);
  });

  it("serves all parameters but the embedding", () => {
    const { everywhere, routed } = servedParameters(DEEPSEEK_V3);
    expect(everywhere + routed).toBe(totalParameters(DEEPSEEK_V3) - 129280 * 7168);
  });
});
