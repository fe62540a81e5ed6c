/*
 * What a notebook shows otherwise than another one of the same lesson: the one that it replaces, or that of another
 * version of the course. Its cells may have been edited, added and taken out; what counts is what a reader sees of the
 * results. Left aside are cells tagged `timing`, the cell of imports, and listings of source code.
 */
import { figures, shownDrift } from "./drift";
import { firstLine, hasTag, type CodeCell, type Notebook, type Output } from "./notebook";
import { complaint, printedText } from "./verify";

export interface Changes {
  /** Cells that print something. */
  printed: number;
  /** Plots. */
  figures: number;
  /** What changed, one line a cell. */
  changed: string[];
}

export const NO_CHANGES: Changes = { printed: 0, figures: 0, changed: [] };

/** A code cell without what is left aside, and where it stands. */
interface Shown {
  cell: CodeCell;
  index: number;
}

/** One cell before and after; undefined where there is no such cell. */
type Pair = [before: Shown | undefined, after: Shown | undefined];

/** What showSource displays begins with the place of the listing: "lib/model/router.ts:120". */
function isListing(output: Output): boolean {
  if (output.output_type !== "display_data" || !("text/markdown" in output.data)) return false;
  return /^lib\/\S+\.ts:\d+\n/.test(String(output.data["text/plain"]));
}

function shownCells(notebook: Notebook): Shown[] {
  return notebook.cells.flatMap((cell, index) => {
    if (cell.cell_type !== "code" || hasTag(cell, "timing") || /^import\b/m.test(cell.source)) return [];
    return [{ cell: { ...cell, outputs: cell.outputs.filter((output) => !isListing(output)) }, index }];
  });
}

/**
 * For each cell of a list the place of the same cell in another, -1 if there is none: one with its id, which an edit
 * changes, or else the only one with its first line.
 */
function placesIn(other: Shown[], list: Shown[]): number[] {
  const only = (key: (cell: CodeCell) => string, wanted: CodeCell) => {
    const same = ({ cell }: Shown) => key(cell) === key(wanted);
    return list.filter(same).length === 1 && other.filter(same).length === 1 ? other.findIndex(same) : -1;
  };
  return list.map(({ cell }) => {
    const place = only(({ id }) => id, cell);
    return place >= 0 ? place : only(firstLine, cell);
  });
}

/** The cells of two notebooks in pairs: the same cells, and what lies between two such pairs one after the other. */
function pairs(before: Notebook, after: Notebook): Pair[] {
  const [left, right] = [shownCells(before), shownCells(after)];
  const places = placesIn(right, left);
  const found: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const same = places.findIndex((place, at) => at >= i && place >= j);
    const [nextI, nextJ] = same < 0 ? [left.length, right.length] : [same, places[same]];
    for (; i < nextI || j < nextJ; i++, j++) {
      found.push([i < nextI ? left[i] : undefined, j < nextJ ? right[j] : undefined]);
    }
    if (same >= 0) found.push([left[nextI], right[nextJ]]);
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return found;
}

/** What a pair's second cell shows otherwise, in words; null if nothing. */
function pairChange([before, after]: Pair): string | null {
  if (before !== undefined && after !== undefined) return shownDrift(before.cell, after.cell, ["was", "is now"]);
  const cell = (before ?? after)?.cell;
  const shows = cell !== undefined && (printedText(cell) !== "" || figures(cell).length > 0);
  if (!shows) return null;
  return before === undefined ? "what it shows is new" : "what it showed is gone";
}

/** @param before the notebook as it was */
export function changes(before: Notebook, after: Notebook): Changes {
  const cells = shownCells(after).map(({ cell }) => cell);
  const changed = pairs(before, after).flatMap((pair) => {
    const [old, now] = pair;
    const change = pairChange(pair);
    if (change === null) return [];
    return [now === undefined ? complaint(before, old?.index ?? 0, change) : complaint(after, now.index, change)];
  });
  return {
    printed: cells.filter((cell) => printedText(cell) !== "").length,
    figures: cells.reduce((sum, cell) => sum + figures(cell).length, 0),
    changed,
  };
}

/** "31 printed results, 12 figures: unchanged", or the number of changes. */
export function describeChanges({ printed, figures, changed }: Changes): string {
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const verdict = changed.length === 0 ? "unchanged" : `${many(changed.length, "cell")} changed`;
  return `${many(printed, "printed result")}, ${many(figures, "figure")}: ${verdict}`;
}

/** The sum over several notebooks. */
export function addChanges(all: Changes[]): Changes {
  return {
    printed: all.reduce((sum, { printed }) => sum + printed, 0),
    figures: all.reduce((sum, { figures }) => sum + figures, 0),
    changed: all.flatMap(({ changed }) => changed),
  };
}
