/**
 * What changes over a run: learning rate, bias update speed and weight of the multi-token prediction loss. The shape is
 * DeepSeek-V3's (the report, section 4.2), with its 14.8T tokens as the unit: the rate rises over a fixed number of
 * steps, stays to 10T, falls along a cosine over 4.3T to a tenth, stays for 333B, and ends lower for 167B. The last
 * 500B tokens have no bias update.
 */

/** A run's shape: points of change as shares of all steps, rates as shares of the peak. */
export interface Schedule {
  /** Steps of the linear rise. A tenth of a run at most, however short. */
  warmUpSteps: number;
  /** Where the constant peak ends; also where the weight of the multi-token prediction loss falls. */
  constantUntil: number;
  /** Where the cosine ends; also where bias updates end. */
  cosineUntil: number;
  /** Where the first low rate ends. */
  lowUntil: number;
  low: number;
  last: number;
}

const TOKENS = 14.8; // all of DeepSeek-V3's, in T
const PEAK = 2.2e-4;

/** DeepSeek-V3's own shape; its peak is 2.2e-4. */
export const V3_SCHEDULE: Schedule = {
  warmUpSteps: 2000,
  constantUntil: 10 / TOKENS,
  cosineUntil: 14.3 / TOKENS,
  lowUntil: 14.633 / TOKENS,
  low: 2.2e-5 / PEAK,
  last: 7.3e-6 / PEAK,
};

/** Where in a run: the step that is being made, from 0 on, and how many there are. */
export interface Place {
  step: number;
  steps: number;
}

/** The learning rate of a step, as a share of the peak. */
export function learningRateAt(schedule: Schedule, { step, steps }: Place): number {
  const { constantUntil, cosineUntil, lowUntil, low, last } = schedule;
  const warmUp = Math.min(schedule.warmUpSteps, Math.ceil(steps / 10));
  const share = step / steps;
  if (step < warmUp) return (step + 1) / warmUp;
  if (share < constantUntil) return 1;
  if (share < cosineUntil) {
    const way = (share - constantUntil) / (cosineUntil - constantUntil);
    return low + ((1 - low) * (1 + Math.cos(Math.PI * way))) / 2;
  }
  return share < lowUntil ? low : last;
}

/** The bias update speed of a step: gamma, then 0. */
export function biasSpeedAt({ cosineUntil }: Schedule, gamma: number, { step, steps }: Place): number {
  return step / steps < cosineUntil ? gamma : 0;
}

/** λ of the multi-token prediction loss: the first value, then the second; DeepSeek-V3's are 0.3 and 0.1. */
export function mtpLambdaAt(
  { constantUntil }: Schedule,
  [first, then]: [number, number],
  { step, steps }: Place,
): number {
  return step / steps < constantUntil ? first : then;
}
