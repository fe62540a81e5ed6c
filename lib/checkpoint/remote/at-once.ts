/** Several things at the same time, but not all. */

const AT_ONCE = 8;

/**
 * Does something for each item, eight at a time. The first that fails ends the others.
 *
 * @param signal ends all
 * @throws what the first failure throws, once all have ended
 */
export async function atOnce<T>(
  items: T[],
  signal: AbortSignal | undefined,
  act: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const failures: unknown[] = [];
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  const work = async () => {
    try {
      for (let next = left.shift(); next !== undefined && failures.length === 0; next = left.shift()) {
        ending.signal.throwIfAborted();
        await act(next, ending.signal);
      }
    } catch (error) {
      failures.push(error);
      ending.abort();
    }
  };
  signal?.addEventListener("abort", end);
  try {
    signal?.throwIfAborted();
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    signal?.removeEventListener("abort", end);
  }
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
