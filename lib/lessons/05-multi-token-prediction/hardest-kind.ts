/** Which kind of character is hardest to draft: said only where its interval lies below those of all other kinds. */
import { shareInterval } from "../../statistics/interval";
import { percent } from "../../notebook/format";

export interface DraftedKind {
  kind: string;
  drafted: number;
  accepted: number;
}

/** A sentence on the kind with the smallest acceptance. @throws if there are fewer than two kinds */
export function hardestKind(kinds: readonly DraftedKind[]): { hardest: string | null; text: string } {
  const rows = kinds
    .map(({ kind, drafted, accepted }) => ({ kind, ...shareInterval(accepted, drafted) }))
    .sort((a, b) => a.estimate - b.estimate);
  if (rows.length < 2) throw new RangeError("hardestKind: it takes two kinds to compare");
  const [lowest, ...others] = rows;
  const said = ({ kind, estimate, low, high }: (typeof rows)[number]) =>
    `${kind} (${percent(estimate)}, 95% interval ${percent(low)} to ${percent(high)})`;
  const near = others.filter(({ low }) => low <= lowest.high);
  return near.length === 0
    ? { hardest: lowest.kind, text: `Hardest is ${said(lowest)}: the intervals of all other kinds lie above it.` }
    : {
        hardest: null,
        text: `Cannot tell which kind is hardest: the interval of ${said(lowest)} overlaps with that of ${near.map(said).join(" and ")}.`,
      };
}
