/**
 * Mixtures: how often each source is drawn in training. That is a choice, whatever there is of each source: a small
 * source can be drawn often, and is then read again and again.
 */

/** Shares by source; they sum to 1. */
export type Mixture<S extends string = string> = Record<S, number>;

/**
 * How many times each source is read in a run: share · tokens / size.
 *
 * @param sizes tokens of each source
 * @param tokens of the run
 */
export function epochs<S extends string>(
  mixture: Mixture<S>,
  sizes: Record<S, number>,
  tokens: number,
): Record<S, number> {
  const read = (source: S) => (mixture[source] * tokens) / sizes[source];
  return Object.fromEntries((Object.keys(mixture) as S[]).map((source) => [source, read(source)])) as Record<S, number>;
}

/**
 * The mixture nearest to a wanted one in which no source is read more than `most` times. A source that would be read
 * more often is cut to what it can give, and the others share the rest in their wanted proportions; this is repeated
 * until no source is over. Reading a text up to four times costs little, after that it helps less and less (Muennighoff
 * et al., 2023).
 *
 * @param wanted shares by source, in any unit
 * @param sizes tokens of each source
 * @param tokens of the run
 * @param most how often a source may be read
 * @throws if all sources, read `most` times, have fewer tokens than the run
 */
export function cappedMixture<S extends string>(
  wanted: Mixture<S>,
  sizes: Record<S, number>,
  tokens: number,
  most: number,
): Mixture<S> {
  const sources = Object.keys(wanted) as S[];
  const cap = (source: S) => (most * sizes[source]) / tokens; // the largest share it can have
  if (sources.reduce((sum, source) => sum + cap(source), 0) < 1) {
    throw new Error(`cappedMixture: ${most} times all of the text is less than ${tokens} tokens`);
  }
  const capped = new Set<S>();
  for (;;) {
    const left = 1 - [...capped].reduce((sum, source) => sum + cap(source), 0);
    const free = sources.filter((source) => !capped.has(source));
    const total = free.reduce((sum, source) => sum + wanted[source], 0);
    const share = (source: S) => (capped.has(source) ? cap(source) : (left * wanted[source]) / total);
    const over = free.filter((source) => share(source) > cap(source));
    if (over.length === 0) return Object.fromEntries(sources.map((source) => [source, share(source)])) as Mixture<S>;
    over.forEach((source) => capped.add(source));
  }
}
