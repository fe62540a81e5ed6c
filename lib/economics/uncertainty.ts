/**
 * Results of assumptions that nobody knows exactly. Each assumption is a range: a lowest, a most likely and a highest
 * value, and a sentence that says where they come from. Monte Carlo draws all of them many times and looks at the
 * spread of the result; a tornado moves one at a time and ranks them by the effect. Neither improves a guess: they show
 * which guesses matter.
 */

export interface AssumedRange {
  low: number;
  likely: number;
  high: number;
  /** Where the three values come from. */
  basis: string;
}

/** Assumptions by name. */
export type Ranges = Record<string, AssumedRange>;
/** A value for each assumption. */
export type Values<R extends Ranges> = { [K in keyof R]: number };

/** The mean of a triangular range. Means add up, and those of independent ranges multiply; most likely values don't. */
export function meanOf({ low, likely, high }: AssumedRange): number {
  return (low + likely + high) / 3;
}

/** The mean of each range. */
export function meansOf<R extends Ranges>(ranges: R): Values<R> {
  return Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, meanOf(range)])) as Values<R>;
}

/** The most likely value of each range. */
export function likeliestOf<R extends Ranges>(ranges: R): Values<R> {
  return Object.fromEntries(Object.entries(ranges).map(([name, { likely }]) => [name, likely])) as Values<R>;
}

/** @throws if the values of a range are not in order, or its basis is missing */
export function checkRanges(ranges: Ranges): void {
  for (const [name, { low, likely, high, basis }] of Object.entries(ranges)) {
    if (!(low <= likely && likely <= high)) {
      throw new Error(`The range "${name}" must have low ≤ likely ≤ high, got ${low}, ${likely}, ${high}`);
    }
    if (basis.trim() === "") throw new Error(`The range "${name}" must say in basis where it is from`);
  }
}

/**
 * A value from a range by the triangular distribution: likely values come more often than the ends.
 *
 * @param u a random number in [0, 1)
 */
export function drawTriangular({ low, likely, high }: AssumedRange, u: number): number {
  const width = high - low;
  if (width === 0) return low;
  const peak = (likely - low) / width;
  return u < peak ? low + Math.sqrt(u * width * (likely - low)) : high - Math.sqrt((1 - u) * width * (high - likely));
}

/** The results of many draws, ascending. */
export class Spread {
  constructor(readonly values: number[]) {
    this.values = [...values].sort((a, b) => a - b);
  }

  /** The value below which a share of all results lies, interpolated between neighbours. */
  quantile(share: number): number {
    const position = share * (this.values.length - 1);
    const below = Math.floor(position);
    const above = Math.min(below + 1, this.values.length - 1);
    return this.values[below] + (position - below) * (this.values[above] - this.values[below]);
  }

  mean(): number {
    return this.values.reduce((sum, value) => sum + value, 0) / this.values.length;
  }

  /** The share of results at or below a value. */
  shareUpTo(value: number): number {
    return this.values.filter((one) => one <= value).length / this.values.length;
  }
}

export interface MonteCarlo<R extends Ranges> {
  ranges: R;
  model: (values: Values<R>) => number;
  draws: number;
  /** Random numbers in [0, 1). */
  uniform: () => number;
}

/** Draws all ranges independently, `draws` times. @throws if a range is not valid, as checkRanges does */
export function monteCarlo<R extends Ranges>({ ranges, model, draws, uniform }: MonteCarlo<R>): Spread {
  checkRanges(ranges);
  const results: number[] = [];
  for (let i = 0; i < draws; i++) {
    const drawn = Object.entries(ranges).map(([name, range]) => [name, drawTriangular(range, uniform())]);
    results.push(model(Object.fromEntries(drawn) as Values<R>));
  }
  return new Spread(results);
}

export interface TornadoBar {
  name: string;
  atLow: number; // the result with this assumption at its low end, all others at their mean
  atHigh: number;
  width: number; // how far apart the two are
}

/**
 * The result with one range at a time at its low and its high end; the range that moves it most comes first.
 * @throws if a range is not valid, as checkRanges does
 */
export function tornado<R extends Ranges>(ranges: R, model: (values: Values<R>) => number): TornadoBar[] {
  checkRanges(ranges);
  const means = meansOf(ranges);
  return Object.entries(ranges)
    .map(([name, { low, high }]) => {
      const [atLow, atHigh] = [low, high].map((value) => model({ ...means, [name]: value }));
      return { name, atLow, atHigh, width: Math.abs(atHigh - atLow) };
    })
    .sort((a, b) => b.width - a.width);
}
