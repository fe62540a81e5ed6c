/**
 * Whether a check judges what stands in the answer's cell. A function outlives the cell that declared it: where the cell
 * no longer compiles, or was edited and not run, the name still means an older answer. The kernel knows what ran, the
 * saved notebook what stands there. Outside the kernel nothing is known, and the check judges what it is given.
 */
import { host } from "../../host";

/** What the kernel (tools/kernel) puts on globalThis when it starts. */
export interface CourseCells {
  /** The latest run of a cell that declares one of the names, if it failed after the definition that is in force. */
  lastFailure(names: string[]): { cell: number; message: string } | null;
  /** The source of the cell whose run declared what the name means now. */
  sourceOf(name: string): string | null;
  /** When that run began, in milliseconds since 1970. */
  ranAt?(name: string): number | null;
}

/** The output that says which answer was judged: the hash of its cell's source. */
export const JUDGED_MIME = "application/vnd.course.judged+json";

/** What stands on record of an answer. */
export interface Judgement {
  /** The hash of the source that was judged. */
  source: string;
  /** What the check found, where the output that carries this only passes it on. */
  verdict?: "✔" | "✘";
}

/** A cell of an .ipynb file, as far as it is read here. */
export interface SavedCell {
  id?: string;
  cell_type?: string;
  source: string | string[];
  metadata?: { nbgrader?: { grade_id?: string } };
  execution_count?: number | null;
  outputs?: { text?: string | string[]; data?: Record<string, unknown> }[];
}

function kernelCells(): CourseCells | undefined {
  return (globalThis as { courseCells?: CourseCells }).courseCells;
}

/** A text of a notebook file, which may be kept as a list of lines. */
export function savedText(value: unknown): string {
  return Array.isArray(value) ? value.join("") : typeof value === "string" ? value : "";
}

/** The cell of an exercise in a saved notebook: its answer's, or with "-check" behind the id the check's. */
export function findCell(cells: readonly SavedCell[], gradeId: string): SavedCell | undefined {
  return cells.find((cell) => cell.metadata?.nbgrader?.grade_id === gradeId);
}

/** The cells of a saved notebook; null where it can't be read, as while it is being written. */
export function readCells(file: string): SavedCell[] | null {
  try {
    const { cells } = JSON.parse(host.readText(file)) as { cells?: SavedCell[] };
    return Array.isArray(cells) ? cells : null;
  } catch {
    return null;
  }
}

/** A short name of a source, the same for the same lines: line endings and blanks at their ends don't count. */
export function sourceHash(source: string): string {
  const lines = source.split(/\r?\n/).map((line) => line.trimEnd());
  return host.hash().update(lines.join("\n").trim()).digest().slice(0, 16);
}

/** The hash of the source that declared an answer; null where it is not known. */
export function judgedSource(answer: unknown): string | null {
  const name = nameOf(answer);
  const source = name === null ? null : (kernelCells()?.sourceOf(name) ?? null);
  return source === null ? null : sourceHash(source);
}

/** What an exercise's check has found, as its output in a saved notebook says; null where it says nothing. */
export function keptJudgement(cells: readonly SavedCell[], id: string): Judgement | null {
  const outputs = findCell(cells, `${id}-check`)?.outputs ?? [];
  const printed = outputs.map((output) => savedText(output.text) + savedText(output.data?.["text/plain"])).join("\n");
  const record = outputs.map(({ data }) => data?.[JUDGED_MIME]).find((found) => found !== undefined);
  const { source, verdict } = (record ?? {}) as { source?: unknown; verdict?: unknown };
  if (typeof source !== "string") return null;
  const known = [verdict, /^\s*([✔✘])/m.exec(printed)?.[1]].find(isSign);
  return known === undefined ? { source } : { source, verdict: known };
}

const isSign = (sign: unknown): sign is "✔" | "✘" => sign === "✔" || sign === "✘";

/** The same of the notebook that is open; for a check that does not judge, so that its output loses nothing. */
export function keptInOpenNotebook(id: string): Judgement | null {
  const file = host.notebook();
  return keptJudgement((file === undefined ? null : readCells(file)) ?? [], id);
}

/** Why the answer is not what stands in its cell, and what to do; null where it is, as far as one can know. */
export function staleness(id: string, answer: unknown): string | null {
  const name = nameOf(answer);
  const cells = kernelCells();
  if (name === null || cells === undefined) return null;
  const failure = cells.lastFailure([name]);
  if (failure !== null) {
    const message = failure.message.replace(/\s+/g, " ").replaceAll("`", "'").trim();
    const shown = message.length > 150 ? `${message.slice(0, 149)}…` : message;
    return (
      `The last run of the cell with \`${name}\` ([${failure.cell}]) failed, so \`${name}\` still is an older answer. ` +
      `The check does not judge that one.\n\`${shown}\`\nMend that cell, run it, then this one again.`
    );
  }
  return editedSince(id, name, cells)
    ? `The cell with \`${name}\` was edited since it was run. Run it, then this one again.`
    : null;
}

/** Whether the notebook was saved after the answer's cell ran, and holds another answer. */
function editedSince(id: string, name: string, cells: CourseCells): boolean {
  const [ran, source, file] = [cells.ranAt?.(name) ?? null, cells.sourceOf(name), host.notebook()];
  const found = file === undefined ? null : host.look(file);
  if (ran === null || source === null || file === undefined || found === null) return false;
  if (found.changed <= ran) return false; // saved before: it may hold less than what ran
  const saved = findCell(readCells(file) ?? [], id);
  return saved !== undefined && sourceHash(savedText(saved.source)) !== sourceHash(source);
}

function nameOf(answer: unknown): string | null {
  const name: unknown = typeof answer === "function" ? answer.name : null;
  return typeof name === "string" && name !== "" ? name : null;
}
