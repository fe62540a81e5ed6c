import { expect, it } from "vitest";
import { cacheReading, groupedReading } from "../../../lib/lessons/03-multi-head-latent-attention/cache-reading";
import { decodeFlops } from "../../../lib/economics/flops";
import { expandedCacheBytes, kvCacheBytes, latentCacheBytes } from "../../../lib/economics/memory";
import { intensity } from "../../../lib/economics/roofline";
import { DEEPSEEK_V3 } from "../../../lib/model/config";

const L = DEEPSEEK_V3.numHiddenLayers;

it("reads the whole cache once", () => {
  expect(L * cacheReading(DEEPSEEK_V3, 100, "absorbed").bytes).toBe(100 * latentCacheBytes(DEEPSEEK_V3));
  expect(L * cacheReading(DEEPSEEK_V3, 100, "expanded").bytes).toBe(100 * expandedCacheBytes(DEEPSEEK_V3));
  expect(L * cacheReading(DEEPSEEK_V3, 100, "expanded again", 1).bytes).toBe(100 * latentCacheBytes(DEEPSEEK_V3, 1));
});

it("makes the operations that grow with the context, as decodeFlops counts them", () => {
  for (const mode of ["expanded", "expanded again", "absorbed"] as const) {
    const growth = decodeFlops(DEEPSEEK_V3, 200, mode) - decodeFlops(DEEPSEEK_V3, 100, mode);
    expect(L * cacheReading(DEEPSEEK_V3, 100, mode).flop, mode).toBe(growth);
  }
});

it("has V3's intensity of 2 · 128 · 1,088 / 1,152 when absorbed, and 1 for plain heads", () => {
  expect(intensity(cacheReading(DEEPSEEK_V3, 1, "absorbed"))).toBeCloseTo((2 * 128 * 1088) / 1152);
  expect(intensity(cacheReading(DEEPSEEK_V3, 1, "expanded"))).toBe(1);
  const grouped = { layers: 1, heads: 64, kvHeads: 8, headDim: 128 };
  expect(intensity(groupedReading(grouped, 7))).toBe(8);
  expect(groupedReading(grouped, 7).bytes).toBe(7 * kvCacheBytes(grouped, "grouped-query"));
});
