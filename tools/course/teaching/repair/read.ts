/*
 * A file that was handed in, as a notebook: whatever editors, browsers and platforms do to one is undone. Outputs are left
 * out, since grading makes them anew.
 */
import type { Cell, CellMetadata, Notebook } from "../../build/notebook";

/** Why a file can't be graded, and what its owner can do; one line. */
export class NotGradable extends Error {}

const MOST_BYTES = 300e6; // as a string of JSON, what Node can hold

/** The text of a file, by the marks that editors put in front of it. */
function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString("utf16le");
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return Buffer.from(bytes.subarray(2)).swap16().toString("utf16le");
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

function parsed(bytes: Buffer): Record<string, unknown> {
  if (bytes.length > MOST_BYTES) {
    throw new NotGradable(
      `the file has ${Math.round(bytes.length / 1e6)} MB: clear its outputs, save it, hand it in again`,
    );
  }
  if (bytes.subarray(0, 2).toString("latin1") === "PK") {
    throw new NotGradable("it is a zip archive, no notebook: unpack it here");
  }
  const text = textOf(bytes).trim();
  if (text === "") throw new NotGradable("the file is empty: hand it in again");
  if (text.startsWith("<")) throw new NotGradable("it is a web page, no notebook: hand in what File, Download gives");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    if (text.startsWith("{")) throw new NotGradable("it is a damaged notebook (no JSON): hand it in again");
  }
  throw new NotGradable("it is no notebook: hand in the .ipynb file");
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function sourceOf(value: unknown): string {
  const text = Array.isArray(value) ? value.filter((line) => typeof line === "string").join("") : value;
  return typeof text === "string" ? text.replace(/\r\n?/g, "\n") : "";
}

function cellOf(value: unknown): Cell[] {
  if (!isObject(value)) return [];
  const source = sourceOf(value.source);
  const metadata = (isObject(value.metadata) ? { ...value.metadata } : {}) as CellMetadata;
  if (!isObject(metadata.nbgrader) || typeof metadata.nbgrader.grade_id !== "string") delete metadata.nbgrader;
  const id = typeof value.id === "string" ? value.id : "";
  const pictures = isObject(value.attachments) ? { attachments: value.attachments } : {};
  if (value.cell_type !== "code") return [{ cell_type: "markdown", id, metadata, source, ...pictures }];
  return [{ cell_type: "code", id, metadata, source, execution_count: null, outputs: [] }];
}

/** @throws {NotGradable} if it is no notebook */
export function readSubmission(bytes: Buffer): Notebook {
  const { cells, nbformat, metadata } = parsed(bytes);
  if (!Array.isArray(cells)) {
    const old = typeof nbformat === "number" && nbformat < 4;
    throw new NotGradable(
      old
        ? "it is saved in an old format: open it in JupyterLab and save it"
        : "it is no notebook: hand in the .ipynb file",
    );
  }
  return { cells: cells.flatMap(cellOf), metadata: isObject(metadata) ? metadata : {}, nbformat: 4, nbformat_minor: 5 };
}
