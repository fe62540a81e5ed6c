import { expect, it } from "vitest";
import {
  compareWidths,
  readLatentWidths,
  widthsOf,
  type WidthRun,
} from "../../../lib/lessons/03-multi-head-latent-attention";
import { Random } from "../../../lib/tensor/random";

const runsOf = (bits: Record<number, number[]>): WidthRun[] =>
  Object.entries(bits).flatMap(([width, values]) =>
    values.map((bitsPerByte, i) => ({ width: Number(width), seed: i + 1, bitsPerByte, parameters: 1 })),
  );

it("ranks a width that loses with every seed", () => {
  const [{ width, comparison }] = compareWidths(runsOf({ 1: [3.5, 3.6, 3.55], 16: [3.1, 3.2, 3.16] }));
  expect(width).toBe(1);
  expect(comparison.order).toBe("higher");
  expect(comparison.text).toContain("higher with a latent of 1 than with a latent of 16");
});

it("refuses to rank where the difference is zero but for noise", () => {
  const random = new Random(2);
  const noisy = () => Array.from({ length: 4 }, () => 3 + 0.05 * random.normal());
  const [{ comparison }] = compareWidths(runsOf({ 4: noisy(), 16: noisy() }));
  expect(comparison.text).toMatch(/^Cannot tell whether .* with a latent of 4 than with a latent of 16/);
});

it("refuses to pair unequal seeds", () => {
  expect(() => compareWidths(runsOf({ 1: [3, 3], 16: [3] }))).toThrow("width 1 has the seeds 1,2, 16 has 1");
});

it("has recorded runs of equal size, three seeds or more at every width, and says where they are from", () => {
  const { runs, provenance, options } = readLatentWidths();
  for (const width of widthsOf(runs))
    expect(runs.filter((run) => run.width === width).length).toBeGreaterThanOrEqual(3);
  const sizes = runs.map(({ parameters }) => parameters);
  expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.001);
  expect(provenance.script).toBe("tools/measure/latent-width.ts");
  expect(options.steps).toBeGreaterThan(100);
  expect(compareWidths(runs)).toHaveLength(widthsOf(runs).length - 1);
});
