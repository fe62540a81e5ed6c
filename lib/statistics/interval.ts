/** How well a mean, a difference or a share is known: its 95% interval. */

export interface Interval {
  /** The mean, the mean difference, or the share. */
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** How many values it stands on. */
  readonly count: number;
}

/** The 97.5% point of Student's t distribution for 1 to 30 degrees of freedom, as printed in any table of it. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/** The same point of the normal distribution. */
const Z = 1.959964;

/** How many standard errors wide half of a 95% interval is. Beyond the table: the first term of t's expansion in 1/ν. */
export function studentT(degreesOfFreedom: number): number {
  const z = Z;
  return T_975[degreesOfFreedom - 1] ?? z + (z ** 3 + z) / (4 * degreesOfFreedom);
}

/** The arithmetic mean; NaN of no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample's variance, with n − 1 in the denominator. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

/** How far apart two of the values lie, on average over all pairs; NaN of fewer than two. */
export function meanGap(values: readonly number[]): number {
  return mean(values.flatMap((a, i) => values.slice(i + 1).map((b) => Math.abs(a - b))));
}

/**
 * The mean of values drawn independently, x̄ ± t · s/√n. One value has no spread: its interval is everything.
 *
 * @throws where there is no value, or one that is no finite number
 */
export function meanInterval(values: readonly number[]): Interval {
  checkValues(values);
  const estimate = mean(values);
  const count = values.length;
  if (count === 1) return { estimate, low: -Infinity, high: Infinity, count };
  const half = studentT(count - 1) * Math.sqrt(variance(values) / count);
  return { estimate, low: estimate - half, high: estimate + half, count };
}

/**
 * By how much b differs from a, b − a. Paired: value i of both has the same seed, text or token, and the interval is that
 * of the differences. Otherwise Welch's, for two independent samples of unequal variance.
 *
 * @throws where a pair is missing
 */
export function difference(a: readonly number[], b: readonly number[], paired: boolean): Interval {
  checkValues(a);
  checkValues(b);
  if (paired) {
    if (a.length !== b.length) throw new RangeError(`${a.length} values can't be paired with ${b.length}`);
    return meanInterval(b.map((value, i) => value - a[i]));
  }
  const estimate = mean(b) - mean(a);
  const count = Math.min(a.length, b.length);
  if (count === 1) return { estimate, low: -Infinity, high: Infinity, count };
  const [errorA, errorB] = [a, b].map((values) => variance(values) / values.length);
  const error = errorA + errorB;
  // Welch–Satterthwaite; two samples without any spread have an exact difference
  const freedom = error === 0 ? 1 : error ** 2 / (errorA ** 2 / (a.length - 1) + errorB ** 2 / (b.length - 1));
  const half = studentT(Math.max(1, Math.floor(freedom))) * Math.sqrt(error);
  return { estimate, low: estimate - half, high: estimate + half, count };
}

/**
 * The share of `successes` among `trials` independent trials: Wilson's interval, which stays within 0 and 1.
 *
 * @throws where there is no trial, or more successes than trials
 */
export function shareInterval(successes: number, trials: number): Interval {
  if (!(trials > 0) || successes < 0 || successes > trials)
    throw new RangeError(`${successes} of ${trials} is not a share`);
  const p = successes / trials;
  const scale = 1 / (1 + Z ** 2 / trials);
  const centre = scale * (p + Z ** 2 / (2 * trials));
  const half = scale * Z * Math.sqrt((p * (1 - p)) / trials + Z ** 2 / (4 * trials ** 2));
  return { estimate: p, low: centre - half, high: centre + half, count: trials };
}

function checkValues(values: readonly number[]): void {
  if (values.length === 0) throw new RangeError("an interval needs at least one value");
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new RangeError(`value ${wrong} is ${values[wrong]}, not a finite number`);
}
