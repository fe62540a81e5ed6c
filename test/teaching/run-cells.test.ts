/** A kernel that takes more than it is given is ended; what ran before it stays. */
import { expect, it } from "vitest";
import type { Cell } from "../../tools/course/build/notebook";
import { runCells } from "../../tools/course/teaching/judge-run";

const code = (source: string, i: number): Cell => ({
  cell_type: "code",
  id: `cell-${i}`,
  metadata: {},
  source,
  execution_count: null,
  outputs: [],
});

/** Runs cells within 30 seconds each, and 700 MB. */
const ran = (...sources: string[]) =>
  runCells(
    { cells: sources.map(code), metadata: {}, nbformat: 4, nbformat_minor: 5 },
    { cellSeconds: sources.map(() => 30), seconds: 100, megabytes: 700 },
  );

it.concurrent.each([
  ["memory", "const kept: number[][] = [];\nfor (;;) kept.push(new Array(1_000_000).fill(1));"],
  ["ended", "await Promise.resolve();\nprocess.exit(0);"],
  ["garbled", "JSON.stringify = () => '[]';"], // what Jupyter's messages are made with
])("%s: the cell that does it is named, and those behind it have not run", async (kind, harmful) => {
  const { cells, trouble } = await ran('console.log("before");', harmful, 'console.log("behind");');
  expect(trouble).toEqual({ kind, cell: 1 });
  expect(cells.map((cell) => (cell.cell_type === "code" ? cell.outputs.length : null))).toEqual([1, 1, 0]);
});

it.concurrent("ended: also where nobody is left to say which cell it was", async () => {
  const { trouble } = await ran("process.kill(process.ppid, 'SIGKILL');");
  expect(trouble).toEqual({ kind: "ended", cell: 0 });
});

it.concurrent("keeps the beginning of what is printed, and goes on", async () => {
  const { cells, trouble } = await ran('console.log("x".repeat(5_000_000));', 'console.log("behind");');
  expect(trouble).toBe(null);
  const [long, behind] = cells.map((cell) => (cell.cell_type === "code" ? JSON.stringify(cell.outputs) : ""));
  expect(long.length).toBeLessThan(250_000);
  expect(long).toContain("the rest is left out");
  expect(behind).toContain("behind");
});

it.concurrent("keeps what JavaScript prints of half a character as a mark, in an error too", async () => {
  const half = '"😀".slice(0, 1)';
  const { cells, trouble } = await ran(`console.log(${half}, "whole 😀");`, `throw new Error(${half});`);
  expect(trouble).toBe(null);
  const [printed, failed] = cells.map((cell) => (cell.cell_type === "code" ? JSON.stringify(cell.outputs) : ""));
  expect(printed).toContain("\uFFFD whole 😀");
  expect(failed).toContain("\uFFFD");
});
