/**
 * Tables. Rows are plain objects, the keys are the headings. Numbers are right-aligned with equally many decimals; text
 * is left-aligned and wraps, so that a table never grows wider than the page. Colours are the theme's.
 */
import { display, type MimeBundle } from "./display";
import { fixed } from "./format";
import { escapeHtml, inlineHtml, LINE, plainHtml } from "./html";

export type CellValue = string | number | bigint | boolean | null | undefined;

/** How one column is shown. */
export interface Column {
  /** Shown in the heading: "parameters (billions)". */
  unit?: string;
  /** Digits after the point. */
  digits?: number;
  /** Writes a value, instead of the usual form. */
  format?: (value: CellValue) => string;
  /** Where each row's value leads; null for one that leads nowhere. */
  links?: readonly (string | null)[];
}

export interface TableOptions<K extends string> {
  /** What the table shows, above it. */
  caption?: string;
  /** Digits after the point in all columns; without it each column gets what its numbers need. */
  digits?: number;
  columns?: { [key in K]?: Column };
}

/** Significant digits of the largest number in a column, unless the table says otherwise. */
const SIGNIFICANT = 3;
const MISSING = "–";

/**
 * Shows rows as a table. It has a column for every key of any row.
 * @throws if there are no rows
 */
export function table<R extends { [key in keyof R]: CellValue }>(
  rows: readonly R[],
  options: TableOptions<Extract<keyof R, string>> = {},
): void {
  display(tableBundle(rows, options));
}

interface ShownColumn {
  heading: string;
  cells: string[];
  links: readonly (string | null)[];
  numeric: boolean;
}

/** The output that `table` shows. @throws as table */
export function tableBundle<R extends { [key in keyof R]: CellValue }>(
  rows: readonly R[],
  { caption, digits, columns = {} }: TableOptions<Extract<keyof R, string>> = {},
): MimeBundle {
  if (rows.length === 0) throw new Error(`table${caption === undefined ? "" : ` "${caption}"`}: there are no rows`);
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const all: Record<string, Column | undefined> = columns;
  const shown = keys.map((key) => {
    const values = rows.map((row) => (row as Record<string, CellValue>)[key]);
    return showColumn(key, values, { digits, ...all[key] });
  });
  return { "text/html": toHtml(shown, caption), "text/plain": toText(shown, caption) };
}

function showColumn(key: string, values: CellValue[], { unit, digits, format, links = [] }: Column): ShownColumn {
  const numbers = values.filter((value): value is number => typeof value === "number");
  const show = format ?? numberFormat(numbers, digits);
  return {
    heading: unit === undefined ? key : `${key} (${unit})`,
    cells: values.map((value) => (value === null || value === undefined ? MISSING : show(value))),
    links,
    numeric:
      values.some(isNumber) &&
      values.every((value) => isNumber(value) || value === null || value === undefined || value === ""),
  };
}

const isNumber = (value: CellValue) => typeof value === "number" || typeof value === "bigint";

/** One form for all numbers of a column. */
function numberFormat(numbers: number[], digits: number | undefined): (value: CellValue) => string {
  const finite = numbers.filter(Number.isFinite);
  const largest = Math.max(0, ...finite.map(Math.abs));
  const tiny = digits === undefined && largest > 0 && largest < 1e-4;
  const places = digits ?? placesFor(finite, largest);
  return (value) => {
    if (typeof value === "bigint") return value.toLocaleString("en-GB");
    if (typeof value !== "number") return String(value);
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
    const vanishes = value !== 0 && Math.abs(value) < 0.5 * 10 ** -places; // a number that would be shown as zero
    return tiny || vanishes
      ? value.toExponential(SIGNIFICANT - 1)
      : fixed(value, digits !== undefined && finite.every(Number.isInteger) ? 0 : places);
  };
}

/** Three significant digits of the largest number, but no more places than the numbers have. */
function placesFor(numbers: number[], largest: number): number {
  if (largest === 0) return 0;
  const most = Math.max(0, SIGNIFICANT - 1 - Math.floor(Math.log10(largest)));
  for (let places = 0; places < most; places++) {
    if (numbers.every((value) => Math.abs(value - Number(value.toFixed(places))) < 1e-9 * largest)) return places;
  }
  return most;
}

const CELL = "padding: 4px 12px; vertical-align: top; white-space: normal; overflow-wrap: break-word";

function toHtml(columns: ShownColumn[], caption: string | undefined): string {
  const align = ({ numeric }: ShownColumn) => `text-align: ${numeric ? "right" : "left"}`;
  const line = `border-bottom: 1px solid ${LINE}`;
  const head = columns.map(
    (c) => `<th style="${CELL}; ${align(c)}; font-weight: bold; ${line}">${inlineHtml(c.heading)}</th>`,
  );
  const rows = columns[0].cells.map((_, i) => {
    const cells = columns.map(
      (c) => `<td style="${CELL}; ${align(c)}${c.numeric ? "; white-space: nowrap" : ""}">${cellHtml(c, i)}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const above = "caption-side: top; text-align: left; font-weight: bold; padding: 4px 12px";
  return [
    // The outer element takes what can't be wrapped: the page itself never scrolls sideways.
    '<div style="overflow-x: auto">',
    '<table style="table-layout: auto; border-collapse: collapse; margin: 4px 0; max-width: 100%">',
    caption === undefined ? "" : `<caption style="${above}">${plainHtml(caption)}</caption>`,
    `<thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
  ].join("");
}

function cellHtml({ cells, links }: ShownColumn, i: number): string {
  const link = links[i] ?? null;
  return link === null ? inlineHtml(cells[i]) : `<a href="${escapeHtml(link)}">${inlineHtml(cells[i])}</a>`;
}

function toText(columns: ShownColumn[], caption: string | undefined): string {
  const widths = columns.map((c) => Math.max(c.heading.length, ...c.cells.map((cell) => cell.length)));
  const pad = (text: string, i: number) => (columns[i].numeric ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  const line = (texts: string[]) => texts.map(pad).join("  ").trimEnd();
  return [
    ...(caption === undefined ? [] : [caption]),
    line(columns.map((c) => c.heading)),
    widths.map((width) => "─".repeat(width)).join("  "),
    ...columns[0].cells.map((_, i) => line(columns.map((c) => c.cells[i]))),
  ].join("\n");
}
