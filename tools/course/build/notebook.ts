/*
 * The notebook file format, as far as the build and the checks need it. In memory a text is one string; in the file it
 * is a list of lines with sorted keys and an indent of one, which is how Jupyter itself saves: a rebuild without change
 * gives the same bytes, and opening and saving a lesson in JupyterLab gives no diff of its own.
 */
import fs from "node:fs";
import path from "node:path";

export interface NbgraderMetadata {
  grade: boolean;
  solution: boolean;
  locked: boolean;
  grade_id: string;
  points?: number;
  schema_version: number;
  task?: boolean;
}

export interface CellMetadata {
  tags?: string[];
  nbgrader?: NbgraderMetadata;
}

/** The contents of a rich output by mime type: text is a string, JSON types are values. */
export type MimeBundle = Record<string, unknown>;

export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: string }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] }
  | { output_type: "display_data"; data: MimeBundle; metadata: object }
  | { output_type: "execute_result"; data: MimeBundle; metadata: object; execution_count: number | null };

export interface MarkdownCell {
  cell_type: "markdown";
  id: string;
  metadata: CellMetadata;
  source: string;
}

export interface CodeCell {
  cell_type: "code";
  id: string;
  metadata: CellMetadata;
  source: string;
  execution_count: number | null;
  outputs: Output[];
}

export type Cell = MarkdownCell | CodeCell;

export interface Notebook {
  cells: Cell[];
  metadata: object;
  nbformat: number;
  nbformat_minor: number;
}

export const PLOTLY = "application/vnd.plotly.v1+json";
export const PNG = "image/png";

/** The first line of a cell, short enough for a message. */
export function firstLine(cell: Cell): string {
  const line = cell.source.trim().split("\n", 1)[0] ?? "";
  return line.length > 70 ? `${line.slice(0, 69)}…` : line;
}

export function hasTag(cell: Cell, tag: string): boolean {
  return cell.metadata.tags?.includes(tag) ?? false;
}

/** The rich outputs of a code cell: their mime bundles. */
export function bundles(cell: CodeCell): MimeBundle[] {
  return cell.outputs.flatMap((output) =>
    output.output_type === "display_data" || output.output_type === "execute_result" ? [output.data] : [],
  );
}

function isJson(mime: string): boolean {
  return mime.endsWith("json");
}

function joined(value: unknown): unknown {
  return Array.isArray(value) ? value.join("") : value;
}

function joinTexts(cell: Cell): void {
  cell.source = String(joined(cell.source)).replaceAll("\r\n", "\n"); // as an editor on Windows may have left it
  if (cell.cell_type !== "code") return;
  for (const output of cell.outputs) {
    if (output.output_type === "stream") output.text = String(joined(output.text));
    else if (output.output_type !== "error") {
      for (const mime of Object.keys(output.data)) {
        if (!isJson(mime)) output.data[mime] = joined(output.data[mime]);
      }
    }
  }
}

/**
 * Turns the text of an .ipynb file into a notebook.
 * @throws if the text is not JSON or not a notebook of format 4.
 */
export function parseNotebook(text: string, name: string): Notebook {
  const notebook = JSON.parse(text) as Notebook;
  if (notebook.nbformat !== 4 || !Array.isArray(notebook.cells))
    throw new Error(`${name} is not a notebook (format 4)`);
  notebook.cells.forEach(joinTexts);
  return notebook;
}

export function readNotebook(file: string): Notebook {
  return parseNotebook(fs.readFileSync(file, "utf8"), path.basename(file));
}

function lines(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

function splitOutput(output: Output): unknown {
  if (output.output_type === "stream") return { ...output, text: lines(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([mime, value]): [string, unknown] => [
    mime,
    typeof value === "string" && (mime.startsWith("text/") || mime === "image/svg+xml") ? lines(value) : value,
  ]);
  return { ...output, data: Object.fromEntries(data) };
}

function splitCell(cell: Cell): unknown {
  const source = lines(cell.source);
  return cell.cell_type === "code" ? { ...cell, source, outputs: cell.outputs.map(splitOutput) } : { ...cell, source };
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

/** JSON's escape of half a character, such as `"😀".slice(0, 1)`: an even number of backslashes before it, or none. */
const HALF_CHARACTER = /(?<=(?<!\\)(?:\\\\)*)\\ud[89a-f][\da-f]{2}/g;

/** The text of the .ipynb file, as Jupyter would save it; half a character, which no file of UTF-8 can hold, becomes \uFFFD. */
export function formatNotebook(notebook: Notebook): string {
  const text = JSON.stringify(sortKeys({ ...notebook, cells: notebook.cells.map(splitCell) }), null, 1);
  return `${text.replace(HALF_CHARACTER, "\uFFFD")}\n`;
}

export function writeNotebook(file: string, notebook: Notebook): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, formatNotebook(notebook));
}

/** Gives the cells of a generated notebook the outputs that the same cells have in the committed one. */
export function keepOutputs(generated: Notebook, committed: Notebook): void {
  const known = new Map(committed.cells.map((cell) => [cell.id, cell]));
  for (const cell of generated.cells) {
    const old = known.get(cell.id);
    if (cell.cell_type !== "code" || old?.cell_type !== "code" || old.source !== cell.source) continue;
    cell.outputs = old.outputs;
    cell.execution_count = old.execution_count;
  }
}
