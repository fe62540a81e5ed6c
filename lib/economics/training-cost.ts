/** What a training run costs: from the hours that it took, or from the arithmetic that it needs. */

export const HOURS_PER_YEAR = 8760;

/** A part of a run. */
export interface Stage {
  name: string;
  gpuHours: number;
}

export interface BilledStage extends Stage {
  dollars: number;
  share: number; // of the bill
}

export interface Bill {
  stages: BilledStage[];
  gpuHours: number;
  dollars: number;
}

/** The bill of a run by stage, at a price in dollars per GPU-hour. */
export function bill(stages: Stage[], price: number): Bill {
  const gpuHours = stages.reduce((sum, stage) => sum + stage.gpuHours, 0);
  return {
    stages: stages.map((stage) => ({
      ...stage,
      dollars: stage.gpuHours * price,
      share: stage.gpuHours / gpuHours,
    })),
    gpuHours,
    dollars: gpuHours * price,
  };
}

/** Days that some GPU-hours take on so many GPUs at once. */
export function daysOn(gpus: number, gpuHours: number): number {
  return gpuHours / gpus / 24;
}

export interface Run {
  flops: number; // of the whole run
  mfu: number; // share of peak
  peak: number; // FLOP/s of one GPU, in the format that mfu is stated for
}

/** GPU-hours that a run takes. @throws if the utilisation is not above 0 and at most 1 */
export function gpuHoursFor({ flops, mfu, peak }: Run): number {
  if (!(mfu > 0 && mfu <= 1)) throw new Error(`gpuHoursFor: mfu must be above 0 and at most 1, got ${mfu}`);
  return flops / (mfu * peak) / 3600;
}

/** The price per GPU-hour at which these hours cost these dollars. */
export function priceToTie(dollars: number, gpuHours: number): number {
  return dollars / gpuHours;
}

/** What sets two runs apart: the hours' ratio is that of their FLOPs, divided by that of FLOPs per GPU-second. */
export interface Comparison {
  hours: number; // ratio of GPU-hours
  flops: number; // ratio of FLOPs
  rate: number; // ratio of FLOP/s per GPU
}

/** Splits the ratio a : b of GPU-hours into arithmetic and rate. */
export function compareRuns(
  a: { flops: number; gpuHours: number },
  b: { flops: number; gpuHours: number },
): Comparison {
  const rate = ({ flops, gpuHours }: { flops: number; gpuHours: number }) => flops / gpuHours;
  return { hours: a.gpuHours / b.gpuHours, flops: a.flops / b.flops, rate: rate(a) / rate(b) };
}
