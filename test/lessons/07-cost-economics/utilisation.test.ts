import { describe, expect, it } from "vitest";
import { fact, value } from "../../../lib/economics/facts";
import { attentionFlops, attentionShape } from "../../../lib/economics/flops";
import { mfu, tokensPerGpuSecond } from "../../../lib/lessons/07-cost-economics/utilisation";
import { DEEPSEEK_V3 } from "../../../lib/model/config";

describe("V3's utilisation", () => {
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
    const llama = (key: string) => value("training-runs", "llama-3.1-405b", key);
    const share = mfu({
      flopsPerToken: 6 * llama("activeParameters"),
      tokensPerSecond: tokensPerGpuSecond(llama("tokens"), llama("gpuHours")),
      peak: value("accelerators", "h100", "peakBf16"),
    });
    const v3 = mfu({ flopsPerToken: 6 * active, tokensPerSecond, peak: bf16 });
    expect(Math.abs(share / v3 - 1)).toBeLessThan(0.01);
  });
});
