/** Measuring how long something takes, on a machine that does other things too. */

/**
 * The median time of one call, in milliseconds, after a first call that is not counted, since it also pays for the
 * set-up. The call has to finish its work: one that computes tensors must read the result back.
 *
 * @param repeats calls that are counted
 */
export function medianTime(run: () => unknown, repeats = 5): number {
  run();
  const times = Array.from({ length: repeats }, () => {
    const begin = performance.now();
    run();
    return performance.now() - begin;
  }).sort((a, b) => a - b);
  return times[Math.floor(repeats / 2)];
}
