/** Stretches of a file: which of them are wanted, which are there, and what is to be asked for. */

/** Bytes begin … end of a file. */
export interface Range {
  begin: number;
  end: number;
}

/** Bytes that ranges hold; what several of them hold counts for each. */
export function lengthOf(ranges: Range[]): number {
  return ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);
}

/**
 * The same bytes in order, as few ranges as possible.
 *
 * @param most two ranges become one, with what lies between them, if that is no more than this share of both
 */
export function merged(ranges: Range[], most = 0): Range[] {
  const found: Range[] = [];
  let useful = 0; // bytes of the last range found that were asked for
  for (const { begin, end } of [...ranges].sort((a, b) => a.begin - b.begin)) {
    if (end <= begin) continue;
    const last = found[found.length - 1];
    if (last !== undefined && begin - last.end <= most * (useful + end - begin)) {
      useful += Math.max(0, end - Math.max(begin, last.end));
      last.end = Math.max(last.end, end);
    } else {
      found.push({ begin, end });
      useful = end - begin;
    }
  }
  return found;
}

/** What of some ranges is not in others; in order. */
export function without(wanted: Range[], there: Range[]): Range[] {
  const have = merged(there);
  return merged(wanted).flatMap(({ begin, end }) => {
    const left: Range[] = [];
    let at = begin;
    for (const piece of have) {
      if (piece.end <= at) continue;
      if (piece.begin >= end) break;
      if (piece.begin > at) left.push({ begin: at, end: piece.begin });
      at = piece.end;
    }
    return at < end ? [...left, { begin: at, end }] : left;
  });
}

/** Bytes begin … end of one of several files. */
export interface FileRange extends Range {
  file: string;
}

/** Of what is asked for, the share that may lie between two ranges for them to become one request. */
const MOST_BETWEEN = 0.02;
/** A longer range is several requests: one connection does not bring all of it. */
const MOST_AT_ONCE = 32e6;

/**
 * What to ask a server for.
 *
 * @param known a file's size, null before anything is known of it, and what of it is there
 */
export function requestsFor(
  wanted: FileRange[],
  known: (file: string) => { size: number | null; there: Range[] },
): FileRange[] {
  const byFile = new Map<string, Range[]>();
  for (const { file, begin, end } of wanted) {
    const ranges = byFile.get(file) ?? [];
    ranges.push({ begin, end });
    byFile.set(file, ranges);
  }
  return [...byFile].flatMap(([file, ranges]) => {
    const { size, there } = known(file);
    const within = ranges.map(({ begin, end }) => ({ begin, end: Math.min(end, size ?? Infinity) }));
    return merged(without(within, there), MOST_BETWEEN).flatMap(({ begin, end }) =>
      Array.from({ length: Math.ceil((end - begin) / MOST_AT_ONCE) }, (_, i) => ({
        file,
        begin: begin + i * MOST_AT_ONCE,
        end: Math.min(end, begin + (i + 1) * MOST_AT_ONCE),
      })),
    );
  });
}
