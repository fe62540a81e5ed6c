/**
 * The figures that a lesson is about. A cell that calls `result` says: this number is what the lesson computes. A
 * re-run with other parameters (npm run lesson) finds it in the output under a mime type of its own, and a sweep makes
 * a table and a plot of it.
 */
import { display, type MimeBundle } from "./display";
import { fixed, whole } from "./format";
import { plainHtml } from "./html";

export const RESULT_MIME = "application/vnd.course.result+json";

/** One figure of one run. */
export interface Result {
  /** The same in every run: "active parameters". */
  name: string;
  value: number;
  /** "parameters", "dollars"; empty for a plain number. */
  unit: string;
}

/**
 * Shows a figure and declares it a result of the lesson. Only for figures that are the same in every run: no measured
 * times.
 *
 * @throws if it is not a finite number, or has no name
 */
export function result(name: string, value: number, unit = ""): void {
  if (name.trim() === "") throw new Error("result: the figure needs a name");
  if (!Number.isFinite(value)) throw new Error(`result "${name}": ${value} is not a finite number`);
  display(resultBundle({ name, value, unit }));
}

function resultBundle(shown: Result): MimeBundle {
  const figure = figureOf(shown);
  return {
    [RESULT_MIME]: shown,
    "text/html": `<div>→ ${plainHtml(shown.name)}: <b>${plainHtml(figure)}</b></div>`,
    "text/plain": `→ ${shown.name}: ${figure}`,
  };
}

/** A result's figure as a person reads it, with its unit: "5,649,904 dollars". */
export function figureOf({ value, unit }: Result): string {
  return `${readable(value)}${unit === "" ? "" : ` ${unit}`}`;
}

/** At least four digits; large and tiny numbers as powers of ten. */
function readable(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e15)) return value.toExponential(3);
  return Number.isInteger(value) || size >= 1000 ? whole(value) : fixed(value, size >= 10 ? 2 : 4);
}

/** The results in outputs' mime bundles, in their order; the last one if several have the same name. */
export function resultsIn(bundles: readonly Record<string, unknown>[]): Result[] {
  const found = new Map<string, Result>();
  for (const bundle of bundles) {
    const value = bundle[RESULT_MIME];
    if (isResult(value)) found.set(value.name, value);
  }
  return [...found.values()];
}

function isResult(value: unknown): value is Result {
  const { name, value: figure, unit } = (value ?? {}) as Partial<Result>;
  return typeof name === "string" && typeof figure === "number" && typeof unit === "string";
}
