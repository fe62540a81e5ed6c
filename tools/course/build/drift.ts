/*
 * Two kinds of drift. A committed notebook may no longer be what its master says (someone edited one of the two); and
 * what it shows may no longer be what its cells compute (someone edited lib). Cells tagged `timing` depend on the
 * machine: what they show is not compared.
 */
import { bundles, hasTag, PLOTLY, type Cell, type CodeCell, type Notebook } from "./notebook";
import { complaint, printedText } from "./verify";

/** Drawn numbers may differ in the last digits from one version of Node to the next. */
const RELATIVE = 1e-4;

function quote(text: string | undefined): string {
  if (text === undefined) return "nothing";
  return `"${text.length > 100 ? `${text.slice(0, 99)}…` : text}"`;
}

/** What says the first and what the second of two texts, as in "the notebook has X, the master Y". */
type Says = [first: string, second: string];

/** The first line that differs. */
function differingLine(first: string, second: string, [says, otherSays]: Says): string {
  const a = first.split("\n");
  const b = second.split("\n");
  const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]) ?? 0;
  return `line ${at + 1}: ${says} ${quote(a[at])}, ${otherSays} ${quote(b[at])}`;
}

/** How one committed cell differs from the generated one, or null. */
function cellDifference(committed: Cell, generated: Cell): string | null {
  if (committed.cell_type !== generated.cell_type) {
    return `it is a ${committed.cell_type} cell, the master has a ${generated.cell_type} cell`;
  }
  if (committed.source !== generated.source) {
    return differingLine(committed.source, generated.source, ["the notebook has", "the master"]);
  }
  if (canonical(committed.metadata) !== canonical(generated.metadata)) {
    return `its metadata is ${canonical(committed.metadata)}, the master's ${canonical(generated.metadata)}`;
  }
  return committed.id === generated.id ? null : `its id is ${committed.id}, the master's ${generated.id}`;
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The first cell of a committed notebook that is not what the master generates, in words; null when all are. */
export function sourceDrift(committed: Notebook, generated: Notebook): string | null {
  const shared = Math.min(committed.cells.length, generated.cells.length);
  for (let i = 0; i < shared; i++) {
    const difference = cellDifference(committed.cells[i], generated.cells[i]);
    if (difference !== null) return complaint(committed, i, difference);
  }
  if (committed.cells.length > shared) return complaint(committed, shared, "the master has no such cell");
  if (generated.cells.length > shared) return complaint(generated, shared, "the notebook has no such cell");
  if (canonical(committed.metadata) !== canonical(generated.metadata)) return "the notebook's own metadata differ";
  return null;
}

/** The path of the first value that differs by more than the tolerance, or null. */
function valueDrift(a: unknown, b: unknown, at: string): string | null {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b)) + 1e-9
      ? null
      : `${at} was ${a}, is now ${b}`;
  }
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") {
    return a === b ? null : `${at} was ${quote(String(a))}, is now ${quote(String(b))}`;
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) {
    return `${at} had ${a.length} values, has now ${b.length}`;
  }
  const left = new Map<string, unknown>(Object.entries(a));
  const right = new Map<string, unknown>(Object.entries(b));
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const drift = valueDrift(left.get(key), right.get(key), `${at}.${key}`);
    if (drift !== null) return drift;
  }
  return null;
}

/** The data of a cell's plots. */
export function figures(cell: CodeCell): unknown[] {
  return bundles(cell).flatMap((data) => (PLOTLY in data ? [data[PLOTLY]] : []));
}

/** What a cell shows otherwise than before, printed or drawn, in words; null if nothing. */
export function shownDrift(before: CodeCell, now: CodeCell, says: Says): string | null {
  const [old, printed] = [printedText(before), printedText(now)];
  return old === printed ? valueDrift(figures(before), figures(now), "figure") : differingLine(old, printed, says);
}

/** What the cells of a fresh run show otherwise than the committed notebook: printed text, and the data of plots. */
export function outputDrift(committed: Notebook, fresh: Notebook): string[] {
  return committed.cells.flatMap((cell, i) => {
    const now = fresh.cells[i];
    if (cell.cell_type !== "code" || now?.cell_type !== "code" || hasTag(cell, "timing")) return [];
    const drift = shownDrift(cell, now, ["the notebook has", "a fresh run"]);
    return drift === null ? [] : [complaint(committed, i, drift)];
  });
}
