/** console as Node has it, printing below the cell: what a lesson prints in a tab is what it prints in JupyterLab. */
import { format, inspect } from "node-inspect-extracted";

export type Print = (name: "stdout" | "stderr", text: string) => void;

/** A console that prints through `print`. */
export function newConsole(print: Print): Record<string, (...values: unknown[]) => void> {
  let indent = "";
  const timers = new Map<string, number>();
  const counts = new Map<string, number>();
  const write =
    (name: "stdout" | "stderr") =>
    (...values: unknown[]) =>
      print(name, `${indent}${format(...values).replaceAll("\n", `\n${indent}`)}\n`);
  const out = write("stdout");
  const err = write("stderr");
  const told = (label: string) => {
    const begun = timers.get(label);
    if (begun === undefined) err(`Warning: No such label '${label}' for console.time()`);
    else out(`${label}: ${(performance.now() - begun).toFixed(3)}ms`);
  };
  const group = (...values: unknown[]) => {
    if (values.length > 0) out(...values);
    indent += "  ";
  };
  return {
    log: out,
    info: out,
    debug: out,
    warn: err,
    error: err,
    trace: (...values) => err("Trace:", ...values),
    dir: (value, options) => out(inspect(value, { customInspect: false, ...(options as object) })),
    table: (value) => out(tableText(value) ?? value),
    assert: (holds, ...values) => {
      if (!holds) err(...(values.length > 0 ? ["Assertion failed:", ...values] : ["Assertion failed"]));
    },
    count: (label = "default") => {
      const count = (counts.get(String(label)) ?? 0) + 1;
      counts.set(String(label), count);
      out(`${String(label)}: ${count}`);
    },
    countReset: (label = "default") => void counts.delete(String(label)),
    time: (label = "default") => void timers.set(String(label), performance.now()),
    timeLog: (label = "default") => told(String(label)),
    timeEnd: (label = "default") => {
      told(String(label));
      timers.delete(String(label));
    },
    group,
    groupCollapsed: group,
    groupEnd: () => void (indent = indent.slice(2)),
  };
}

/** The box that Node draws for rows of plain values; null for what has no rows. */
function tableText(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const rows = Object.entries(value);
  const shown = (cell: unknown) => inspect(cell, { depth: 0 });
  const isRow = (row: unknown): row is Record<string, unknown> => typeof row === "object" && row !== null;
  const columns = [...new Set(rows.flatMap(([, row]) => (isRow(row) ? Object.keys(row) : [])))];
  const values = rows.some(([, row]) => !isRow(row));
  const head = ["(index)", ...columns, ...(values ? ["Values"] : [])];
  const body = rows.map(([index, row]) => [
    index,
    ...columns.map((column) => (isRow(row) && column in row ? shown(row[column]) : "")),
    ...(values ? [isRow(row) ? "" : shown(row)] : []),
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((line) => line[i].length)) + 2);
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const line = (cells: string[]) => `│${cells.map((cell, i) => ` ${cell.padEnd(widths[i] - 1)}`).join("│")}│`;
  return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...body.map(line), rule("└", "┴", "┘")].join("\n");
}
