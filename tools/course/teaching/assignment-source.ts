/*
 * What nbgrader cuts an assignment from: a lesson's master as a notebook, each test cell with a hidden part. The visible
 * part is what the learner sees in the lesson. The hidden part asks again, with names that it imports itself, so that a
 * notebook which has given `check` or the exercise another meaning gains nothing by it.
 */
import { digest } from "../../setup/stamps.mjs";
import type { Cell, CodeCell, Notebook } from "../build/notebook";
import { neededCells } from "./needed-cells";

const CHECK = /^\s*await check\(\s*(\w+),\s*(\w+)\s*,?\s*\);\s*$/;

export const isTest = (cell: Cell): cell is CodeCell =>
  cell.cell_type === "code" && cell.metadata.nbgrader?.grade === true;

/** The file that a lesson imports a name from. */
function importedFrom(cells: Cell[], name: string): string | undefined {
  const imports = /import\s+\{([^}]*)\}\s+from\s+"([^"]+)"/g;
  for (const { source } of cells.filter((cell) => cell.cell_type === "code")) {
    for (const [, names, file] of source.matchAll(imports)) {
      if (names.split(",").some((part) => part.trim() === name)) return file;
    }
  }
  return undefined;
}

/** @throws {Error} if a test cell is not of the form that all lessons have, naming it */
function withHiddenTest(cell: CodeCell, cells: Cell[]): CodeCell {
  const [, exercise, answer] = CHECK.exec(cell.source) ?? [];
  const file = exercise === undefined ? undefined : importedFrom(cells, exercise);
  if (file === undefined) {
    throw new Error(
      `${cell.id}: a test cell is \`await check(exercise, answer);\`, the exercise imported from lib/lessons`,
    );
  }
  const hidden = [
    "/// BEGIN HIDDEN TESTS",
    `import { ${exercise} as gradedExercise } from "${file}";`,
    'import { assertSolved as gradedAssert, evaluate as gradedEvaluate } from "./lib/notebook";',
    `gradedAssert(await gradedEvaluate(gradedExercise, ${answer}));`,
    "/// END HIDDEN TESTS",
  ];
  return { ...cell, source: [cell.source.trimEnd(), ...hidden].join("\n") };
}

/** The source version of an assignment. */
export function assignmentSource(master: Notebook): Notebook {
  return { ...master, cells: master.cells.map((cell) => (isTest(cell) ? withHiddenTest(cell, master.cells) : cell)) };
}

const HEADING = /^### Exercise \d+/m;

/** The sections of the exercises: from the cell with the heading to the last cell of hints. */
function sections(cells: Cell[]): number[][] {
  const tests = cells.flatMap((cell, i) => (isTest(cell) ? [i] : []));
  return tests.map((test) => {
    let first = test;
    while (first > 0 && !(cells[first].cell_type === "markdown" && HEADING.test(cells[first].source))) first--;
    let last = test;
    while (cells[last + 1]?.cell_type === "markdown" && cells[last + 1].source.includes("<details>")) last++;
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** The prose of an exercise's first cell, without what stands above its heading. */
function fromHeading(cell: Cell): Cell {
  const at = cell.cell_type === "markdown" ? cell.source.search(HEADING) : -1;
  return at <= 0 ? cell : { ...cell, source: cell.source.slice(at) };
}

/**
 * A lesson cut down to its exercises, and to the code that they need: a problem sheet. It is handed in and graded like
 * the lesson, in a tenth of the time.
 */
export function problemSheet(master: Notebook): Notebook {
  const { cells } = master;
  const inside = new Set(sections(cells).flat());
  const wanted = new Set([...inside, ...neededCells(cells, [...inside])]);
  const title = /^# (.+)$/m.exec(cells[0].source)?.[1] ?? "Exercises";
  const source =
    `# ${title}: exercises\n\n` +
    "These are the exercises of the lesson with the code that they need. The lesson itself explains what they are about.";
  const intro: Cell = { cell_type: "markdown", id: `sheet-${digest(source).slice(0, 10)}`, metadata: {}, source };
  return { ...master, cells: [intro, ...cells.filter((_, i) => wanted.has(i)).map(fromHeading)] };
}
