/** What a notebook looks like after a learner's life with it, and what is graded of it. */
import path from "node:path";
import { describe, expect, it } from "vitest";
import { formatNotebook, readNotebook, type Cell, type Notebook } from "../../tools/course/build/notebook";
import { problemSheet } from "../../tools/course/teaching/assignment-source";
import { repair } from "../../tools/course/teaching/repair";
import { readSubmission } from "../../tools/course/teaching/repair/read";

const file = (folder: string, lesson: string) =>
  readNotebook(path.resolve(__dirname, "../../notebooks", folder, `${lesson}.ipynb`));
const NAME = "00-start-here";
const lesson = file("", NAME);
const solved = file("solutions", NAME);
const gid = (cell: Cell) => cell.metadata.nbgrader?.grade_id;
const IDS = ["00-shape", "00-leak", "00-rms-norm"];

/** The sheet: exercises and the cell that imports what they need. */
const part = ({ cells, ...rest }: Notebook): Notebook => ({
  ...rest,
  cells: cells.filter(
    (cell, i) => gid(cell) !== undefined || i < cells.findIndex((one) => one.cell_type === "code") + 1,
  ),
});
const sheet = part(lesson);
const RIGHT = new Map(solved.cells.map((cell) => [gid(cell), cell.source]));

interface Raw {
  cells: Record<string, unknown>[];
  metadata: Record<string, unknown>;
  [key: string]: unknown;
}

/** A solved sheet as JSON, changed as a learner's editor may have changed it. */
function life(change: (notebook: Raw, at: (id: string) => number) => void): Raw {
  const raw = JSON.parse(formatNotebook(part(solved))) as Raw;
  for (const cell of raw.cells) cell.source = (cell.source as string[]).join("");
  const at = (id: string) =>
    raw.cells.findIndex((cell) => (cell.metadata as { nbgrader?: { grade_id: string } }).nbgrader?.grade_id === id);
  change(raw, at);
  return raw;
}

const bytesOf = (raw: unknown) => Buffer.from(JSON.stringify(raw));
const repaired = (raw: Raw) => repair(sheet, readSubmission(bytesOf(raw)));
const code = (source: string) => ({ cell_type: "code", id: "more", metadata: {}, source, outputs: [] });

/** What is run for each exercise: its answer, and whether its test stands behind. */
function graded({ cells }: Notebook) {
  expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  return IDS.map((id) => {
    const [answer, test] = [id, `${id}-check`].map((name) => cells.filter((cell) => gid(cell) === name));
    expect([answer.length, test.length]).toEqual([1, 1]);
    expect(answer[0].cell_type).toBe("code");
    expect(test[0].source).toBe(sheet.cells.find((cell) => gid(cell) === `${id}-check`)?.source);
    expect(cells.indexOf(test[0])).toBeGreaterThan(cells.indexOf(answer[0]));
    return answer[0].source;
  });
}

const solution = (id: string) => RIGHT.get(id) ?? "";
const ALL = IDS.map(solution);

it("leaves a notebook as it is that is as it should be", () => {
  const { notebook, remarks } = repaired(life(() => {}));
  expect(remarks).toEqual([]);
  expect(notebook.cells.map(({ source }) => source)).toEqual(part(solved).cells.map(({ source }) => source));
});

it.each(["02-load-balancing", "07-cost-economics", "09-build-it"])("leaves %s as it is, and its sheet", (name) => {
  const [given, answered] = [file("", name), file("solutions", name)];
  for (const cut of [given, problemSheet(given)]) {
    const { notebook, remarks } = repair(cut, readSubmission(bytesOf(JSON.parse(formatNotebook(cut)))), given);
    expect(remarks).toEqual([]);
    expect(notebook.cells.map(({ source }) => source)).toEqual(cut.cells.map(({ source }) => source));
    expect(repair(cut, readSubmission(bytesOf(JSON.parse(formatNotebook(answered)))), given).remarks).toEqual([]);
  }
});

describe("grades all that is right after", () => {
  type Change = Parameters<typeof life>[0];
  const KINDS: [kind: string, change: Change, remark: RegExp | null][] = [
    ["a test copied", (nb, at) => nb.cells.splice(at("00-leak-check"), 0, { ...nb.cells[at("00-leak-check")], id: "c" }), /test cell was there 2 times/],
    ["a test deleted", (nb, at) => nb.cells.splice(at("00-leak-check"), 1), /00-leak: its test cell was missing, it is back/],
    ["a test edited", (nb, at) => (nb.cells[at("00-leak-check")].source = "console.log(1);"), /00-leak: its test cell was edited/],
    ["a test made text", (nb, at) => (nb.cells[at("00-leak-check")].cell_type = "markdown"), null],
    ["a test moved to the top", (nb, at) => nb.cells.unshift(...nb.cells.splice(at("00-leak-check"), 1)), null],
    ["an answer copied, the first an attempt", (nb, at) => nb.cells.splice(at("00-leak"), 0, { ...nb.cells[at("00-leak")], source: "function meanSquare() {}" }), /00-leak: answered more than once/],
    ["an answer copied, the copy's stub behind", (nb, at) => nb.cells.splice(at("00-leak") + 1, 0, { ...nb.cells[at("00-leak")], source: sheet.cells.find((c) => gid(c) === "00-leak")?.source }), null],
    ["an answer made text", (nb, at) => (nb.cells[at("00-leak")].cell_type = "markdown"), /00-leak: its cell was no code any more/],
    ["an answer moved behind its test", (nb, at) => nb.cells.splice(at("00-rms-norm"), 0, ...nb.cells.splice(at("00-leak"), 1)), null],
    ["an answer in a new cell, its own deleted", (nb, at) => (nb.cells[at("00-leak")] = code(solution("00-leak"))), /cell of its own/],
    ["an answer in a new cell, its own not begun", (nb, at) => {
      const own = nb.cells[at("00-leak")];
      own.source = sheet.cells.find((cell) => gid(cell) === "00-leak")?.source;
      nb.cells.push(code(solution("00-leak")));
    }, /cell of its own/],
    ["an answer split in the middle", (nb, at) => {
      const i = at("00-leak");
      const [head, ...rest] = solution("00-leak").split("\n");
      nb.cells.splice(i, 1, { ...nb.cells[i], source: head }, { ...nb.cells[i], id: "half", source: rest.join("\n") });
    }, /split, its parts are joined/],
    ["an answer split from its helper", (nb, at) => nb.cells.splice(at("00-leak"), 0, { ...nb.cells[at("00-leak")], id: "half", source: "const two = 2;" }), null],
    ["an answer written into its test cell", (nb, at) => {
      nb.cells[at("00-leak-check")].source = solution("00-leak");
      nb.cells[at("00-leak")].source = sheet.cells.find((cell) => gid(cell) === "00-leak")?.source;
    }, /00-leak: the answer stands in the cell of 00-leak-check/],
    ["its metadata lost", (nb) => nb.cells.forEach((cell) => (cell.metadata = {})), null],
    ["its metadata and its ids lost", (nb) => nb.cells.forEach((cell) => Object.assign(cell, { metadata: {}, id: undefined })), /cell of its own/],
    ["no ids at all, as in format 4.4", (nb) => nb.cells.forEach((cell) => delete cell.id), null],
    ["all ids the same", (nb) => nb.cells.forEach((cell) => (cell.id = "same")), null],
    ["no key outputs", (nb) => nb.cells.forEach((cell) => delete cell.outputs), null],
    ["no metadata", (nb) => nb.cells.forEach((cell) => delete cell.metadata), null],
    ["raw cells, and things that are no cells", (nb) => nb.cells.push({ cell_type: "raw", source: "x" }, null as never, { a: 1 }), null],
    ["line endings of Windows", (nb) => nb.cells.forEach((cell) => (cell.source = (cell.source as string).replaceAll("\n", "\r\n"))), null],
    ["another kernel", (nb) => (nb.metadata = { kernelspec: { name: "python3" } }), null],
    ["the imports deleted", (nb) => nb.cells.splice(nb.cells.findIndex(({ source }) => String(source).includes("import")), 1), /it is back: import/],
    ["the imports moved to the end", (nb) => nb.cells.push(...nb.cells.splice(nb.cells.findIndex(({ source }) => String(source).includes("import")), 1)), /it is back: import/],
  ]; // prettier-ignore

  it.each(KINDS)("%s", (_, change, remark) => {
    const { notebook, remarks } = repaired(life(change));
    expect(graded(notebook).map((source) => source.trim())).toEqual(ALL);
    if (remark !== null) expect(remarks.join("\n")).toMatch(remark);
    expect(notebook.metadata).toEqual(sheet.metadata);
    expect(notebook.cells.some(({ source }) => source.startsWith("import"))).toBe(true);
  });
});

it("gives an exercise whose cell is gone its stub and its test, and says so", () => {
  const { notebook, remarks } = repaired(life((nb, at) => nb.cells.splice(at("00-leak"), 1)));
  expect(graded(notebook)[1]).toContain("Not implemented");
  expect(remarks).toEqual([expect.stringMatching(/^00-leak: its cell is missing, and no other declares meanSquare$/)]);
});

describe("answers merged into one cell", () => {
  const all = ALL.join("\n");
  const others = ["00-leak", "00-rms-norm"];
  it.each([
    ["the others deleted", (nb: Raw, at: (id: string) => number) => others.forEach((id) => nb.cells.splice(at(id), 1))],
    ["the others as they came", (nb: Raw, at: (id: string) => number) => {
      for (const id of others) nb.cells[at(id)].source = sheet.cells.find((cell) => gid(cell) === id)?.source;
    }],
    ["without any marks", (nb: Raw, at: (id: string) => number) => {
      others.forEach((id) => nb.cells.splice(at(id), 1));
      nb.cells.forEach((cell) => Object.assign(cell, { metadata: {}, id: undefined }));
    }],
  ])("are graded where they stand, %s", (_, change) => {
    const { notebook, remarks } = repaired(
      life((nb, at) => {
        nb.cells[at("00-shape")].source = all;
        change(nb, at);
      }),
    );
    const note = "// The answer stands in the cell of 00-shape.";
    expect(graded(notebook)).toEqual([all, note, note]);
    for (const id of others) expect(remarks.join("\n")).toContain(`${id}: the answer stands in `);
  });
}); // prettier-ignore

it("keeps what the learner's answers need, wherever it stands", () => {
  const { notebook } = repaired(
    life((nb, at) => {
      nb.cells.splice(at("00-leak"), 0, code("const half = 0.5;"));
      nb.cells.push(code("const later = half;"));
    }),
  );
  expect(notebook.cells.filter(({ source }) => source.includes("half"))).toHaveLength(2);
});

it("takes a whole lesson for its sheet, without the cells that only the lesson needs", () => {
  const own = structuredClone(solved);
  own.cells.push(code("const mine = words.length;") as unknown as Cell);
  const { notebook, remarks } = repair(sheet, readSubmission(bytesOf(own)), lesson);
  expect(remarks).toEqual([]);
  expect(graded(notebook)).toEqual(ALL);
  const text = notebook.cells
    .filter((cell) => cell.cell_type === "code")
    .map(({ source }) => source)
    .join("\n");
  expect(text).toContain("const mine");
  expect(text).toContain("const words"); // which the learner's own cell needs
  expect(text).not.toMatch(/showExercises\(\);|patience/);
});

it("names what is not of this assignment", () => {
  const other = file("solutions", "01-mixture-of-experts");
  expect(() => repair(sheet, readSubmission(bytesOf(other)))).toThrow(
    /none of .* it holds 01-gate, so it may be of lesson 01/,
  );
  const { remarks } = repaired(
    life((nb) => nb.cells.push({ ...code(""), metadata: { nbgrader: { grade_id: "01-gate", grade: false } } })),
  );
  expect(remarks).toEqual(["exercises of another assignment are not graded: 01-gate"]);
});

describe("a file", () => {
  const text = JSON.stringify(life(() => {}));
  it.each([
    ["with a mark of UTF-8", Buffer.from(`\uFEFF${text}`)],
    ["in UTF-16", Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["in UTF-16, the other way round", Buffer.from(`\uFEFF${text}`, "utf16le").swap16()],
    ["with blanks around", Buffer.from(`\r\n ${text}\n\n`)],
  ])("%s is read", (_, bytes) => {
    expect(repair(sheet, readSubmission(bytes)).remarks).toEqual([]);
  });

  it.each([
    ["", /the file is empty/],
    ["this is no notebook", /no notebook: hand in the .ipynb file/],
    ["<!DOCTYPE html>", /a web page, no notebook/],
    ["PK\u0003\u0004", /a zip archive/],
    [text.slice(0, 5000), /a damaged notebook/],
    ["[]", /no notebook/],
    ['{"nbformat": 3, "worksheets": []}', /old format: open it in JupyterLab/],
    ['{"cells": {}}', /no notebook/],
    ['{"cells": [null, 3, {"cell_type": "code"}]}', /none of this assignment's exercises/],
  ])("that is %j is named", (content, why) => {
    expect(() => repair(sheet, readSubmission(Buffer.from(content)))).toThrow(why);
  });
});
