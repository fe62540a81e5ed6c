/** Small notebooks for the tests of the build, made as a fresh run or a commit would leave them. */
import type { CellMetadata, CodeCell, MarkdownCell, Notebook, Output } from "../../tools/course/build/notebook";

export function code(
  source: string,
  executionCount: number | null,
  outputs: Output[] = [],
  metadata: CellMetadata = {},
): CodeCell {
  return { cell_type: "code", id: `id-${source}`, source, execution_count: executionCount, outputs, metadata };
}

export function prose(source: string): MarkdownCell {
  return { cell_type: "markdown", id: `id-${source}`, source, metadata: {} };
}

export function stdout(text: string): Output {
  return { output_type: "stream", name: "stdout", text };
}

export function stderr(text: string): Output {
  return { output_type: "stream", name: "stderr", text };
}

export function shown(data: Record<string, unknown>): Output {
  return { output_type: "display_data", data, metadata: {} };
}

export function notebook(...cells: Notebook["cells"]): Notebook {
  return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

/** The metadata of an exercise's check cell. */
export const CHECK: CellMetadata = {
  nbgrader: { grade: true, solution: false, locked: true, grade_id: "01-sum-check", points: 2, schema_version: 3 },
};
