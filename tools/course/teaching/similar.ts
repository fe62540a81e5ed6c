/*
 * Answers that are alike, as hints: how much of the shorter one stands in the other, by runs of tokens, names and numbers
 * left aside. Short answers are alike anyhow, and so are those of a class that was shown one way: a pair is told only if it
 * stands out from its own class.
 */
import ts from "@tslab/typescript-for-tslab";
import type { Notebook } from "../build/notebook";
import { tokensOf } from "./tokens";

const RUN = 6; // tokens of a run: about a line
const LEAST_RUNS = 30; // below, two answers say too little to compare
const LEAST_OVERLAP = 0.7;

export interface Work {
  student: string;
  notebook: Notebook;
}

export interface Pair {
  students: [string, string];
  /** The share of the shorter one's runs that the other has, 0 to 1. */
  overlap: number;
}

export interface Similarity {
  pairs: Pair[];
  /** The middle overlap of all pairs, and from which one on a pair is told; null where there are too few to say. */
  middle: number | null;
  threshold: number | null;
}

/** The runs of tokens in the answers, without names, numbers and texts. */
export function runsOf(notebook: Notebook, common: Set<string> = new Set()): Set<string> {
  const runs = new Set<string>();
  for (const cell of notebook.cells.filter((one) => one.metadata.nbgrader?.solution)) {
    const tokens = tokensOf(cell.source).map(({ kind, text }) =>
      kind === ts.SyntaxKind.Identifier ? "name" : kind <= ts.SyntaxKind.LastLiteralToken ? "value" : text,
    );
    for (let i = 0; i + RUN <= tokens.length; i++) runs.add(tokens.slice(i, i + RUN).join(" "));
  }
  for (const run of common) runs.delete(run);
  return runs;
}

function overlapOf(a: Set<string>, b: Set<string>): number {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  return [...few].filter((run) => many.has(run)).length / few.size;
}

const quantile = (sorted: number[], q: number) => sorted[Math.round(q * (sorted.length - 1))];

/** @param given what everybody got: its runs don't count */
export function similar(works: Work[], given: Notebook): Similarity {
  const common = runsOf(given);
  const all = works
    .map(({ student, notebook }) => ({ student, runs: runsOf(notebook, common) }))
    .filter(({ runs }) => runs.size >= LEAST_RUNS);
  const pairs = all.flatMap((one, i) =>
    all.slice(i + 1).map((other): Pair => {
      return { students: [one.student, other.student], overlap: overlapOf(one.runs, other.runs) };
    }),
  );
  if (pairs.length < 3) return { pairs: [], middle: null, threshold: null };
  const overlaps = pairs.map(({ overlap }) => overlap).sort((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(overlaps, q));
  // Tukey's fence: what stands out from the class itself, whatever the exercises leave to choose.
  const threshold = Math.max(LEAST_OVERLAP, high + 1.5 * (high - low));
  const told = pairs.filter(
    ({ overlap }) => overlap > threshold || (overlap === 1 && threshold >= 1 && middle < LEAST_OVERLAP),
  );
  return { pairs: told.sort((a, b) => b.overlap - a.overlap), middle, threshold: Math.min(1, threshold) };
}
