/**
 * Recorded trainings of small models whose latents differ in width (tools/measure/latent-width.ts), and what may be said
 * of them: each width against the next wider one, in pairs of the same seed.
 */
import { readFresh } from "../../economics/json-file";
import { compare, type Comparison } from "../../statistics/comparison";

/** One training. */
export interface WidthRun {
  width: number;
  seed: number;
  /** On held-out text, the mean over the domains. */
  bitsPerByte: number;
  parameters: number;
}

export interface LatentWidthRecord {
  provenance: { date: string; script: string; machine: { backend: string; processor: string; node: string } };
  options: {
    steps: number;
    batch: number;
    length: number;
    windows: { length: number; count: number; seed: number };
    corpus: string;
  };
  runs: WidthRun[];
}

export const readLatentWidths = () => readFresh<LatentWidthRecord>("data/measurements/latent-width.json");

/** The widths that were trained, narrowest first. */
export function widthsOf(runs: readonly WidthRun[]): number[] {
  return [...new Set(runs.map(({ width }) => width))].sort((a, b) => a - b);
}

/** Bits per byte of the runs of a width, by seed. */
function bitsOf(runs: readonly WidthRun[], width: number): WidthRun[] {
  return runs.filter((run) => run.width === width).sort((a, b) => a.seed - b.seed);
}

/**
 * Every width against the next wider one.
 *
 * @throws if a width lacks a seed that the next one has
 */
export function compareWidths(runs: readonly WidthRun[]): { width: number; comparison: Comparison }[] {
  const widths = widthsOf(runs);
  const seeds = (some: WidthRun[]) => some.map(({ seed }) => seed).join();
  return widths.slice(0, -1).map((width, i) => {
    const wider = widths[i + 1];
    const [narrow, wide] = [bitsOf(runs, width), bitsOf(runs, wider)];
    if (seeds(narrow) !== seeds(wide))
      throw new Error(`compareWidths: width ${width} has the seeds ${seeds(narrow)}, ${wider} has ${seeds(wide)}`);
    const sample = (width: number, some: WidthRun[]) => ({
      name: `with a latent of ${width}`,
      values: some.map(({ bitsPerByte }) => bitsPerByte),
    });
    const wording = { quantity: "the loss on held-out text", unit: "bits per byte", of: "seeds", paired: true };
    return { width, comparison: compare(sample(width, narrow), sample(wider, wide), wording) };
  });
}
