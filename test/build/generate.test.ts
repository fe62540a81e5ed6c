import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate, listLessons, orphans, type Generated } from "../../tools/course/build/masters";
import { formatNotebook } from "../../tools/course/build/notebook";

const MASTER = `// %% [markdown]
// # A lesson
//
// <details><summary>Hint</summary>
//
// Add **all** of them, as in [the primer](../docs/primer.md).
//
// </details>

// %% tags=["parameters"]
const batch = 32; // 1..64 tokens: how many

// %% nbgrader={"grade": false, "grade_id": "01-sum", "locked": false, "schema_version": 3, "solution": true, "task": false}
function sum(values: number[]): number {
  /// BEGIN SOLUTION
  return values.reduce((a, b) => a + b, 0);
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "01-sum-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(exercise, sum);
/// BEGIN HIDDEN TESTS
await check(harder, sum);
/// END HIDDEN TESTS

// %%
// %magic, !shell and ? stay comments
same();

// %%
// %magic, !shell and ? stay comments
same();
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "course-build-"));
const EDITED = MASTER.replace("# A lesson", "# Another title").replace("a + b, 0", "a + b");
let lesson: Generated;
let again: Generated;
let edited: Generated;

function write(name: string, text: string): void {
  fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), text);
}

beforeAll(async () => {
  write("source/01-sum.ts", MASTER);
  write("elsewhere/source/01-sum.ts", EDITED);
  write("source/helpers.d.ts", "");
  write("02-gone.ipynb", "{}");
  write("solutions/01-sum.ipynb", "{}");
  [[lesson, again], [edited]] = await Promise.all([
    generate(["01-sum", "01-sum"], folder),
    generate(["01-sum"], path.join(folder, "elsewhere")),
  ]);
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

const sources = (notebook: Generated["solved"]): string => notebook.cells.map((cell) => cell.source).join("\n");

describe("generate", () => {
  it("clears solutions and hidden tests from the learner's notebook and leaves a stub that throws", () => {
    const answer = lesson.unsolved.cells[2];
    expect(answer.source).toBe(
      'function sum(values: number[]): number {\n  // YOUR CODE HERE\n  throw new Error("Not implemented");\n}',
    );
    expect(lesson.unsolved.cells[3].source).toBe("await check(exercise, sum);");
    expect(sources(lesson.unsolved)).not.toMatch(/reduce|harder|BEGIN|END/);
  });

  it("keeps solutions and hidden tests in the solved notebook, without the marks", () => {
    expect(sources(lesson.solved)).toContain("return values.reduce");
    expect(sources(lesson.solved)).toContain("await check(harder, sum);");
    expect(sources(lesson.solved)).not.toMatch(/BEGIN|END/);
  });

  it("keeps tags and nbgrader metadata, and no others", () => {
    expect(lesson.unsolved.cells[1].metadata).toEqual({ tags: ["parameters"] });
    expect(lesson.unsolved.cells[3].metadata.nbgrader).toMatchObject({
      grade: true,
      points: 2,
      grade_id: "01-sum-check",
    });
    expect(Object.keys(lesson.unsolved.metadata)).toEqual(["kernelspec", "language_info"]);
    expect(lesson.unsolved.metadata).toMatchObject({ kernelspec: { name: "tslab", language: "typescript" } });
  });

  it("renders prose as markdown with folded hints, and leaves comments in code alone", () => {
    expect(lesson.unsolved.cells[0].source).toBe(
      "# A lesson\n\n<details><summary>Hint</summary>\n\nAdd **all** of them, as in [the primer](../docs/primer.md).\n\n</details>",
    );
    expect(lesson.solved.cells[0].source).toContain("(../../docs/primer.md)"); // solutions lie a folder deeper
    expect(lesson.unsolved.cells[4].source).toBe("// %magic, !shell and ? stay comments\nsame();");
  });

  it("gives the same bytes each time", () => {
    expect(formatNotebook(again.unsolved)).toBe(formatNotebook(lesson.unsolved));
    expect(formatNotebook(again.solved)).toBe(formatNotebook(lesson.solved));
  });

  it("names cells uniquely, alike in both versions, and renames only those that were edited", () => {
    const ids = (notebook: Generated["solved"]): string[] => notebook.cells.map((cell) => cell.id);
    expect(new Set(ids(lesson.unsolved)).size).toBe(6);
    expect(ids(lesson.solved)).toEqual(ids(lesson.unsolved));
    expect(ids(lesson.unsolved)[2]).toBe("01-sum");
    expect(ids(edited.unsolved)[0]).not.toBe(ids(lesson.unsolved)[0]);
    expect(ids(edited.unsolved).slice(1)).toEqual(ids(lesson.unsolved).slice(1));
  });

  it("refuses a solution without an end, an unknown word after the cell mark and a repeated exercise", async () => {
    const [head, answer] = MASTER.split("// %% nbgrader");
    const cell = `// %% nbgrader${answer}`;
    write("bad/source/01-open.ts", cell.replace("/// END SOLUTION", ""));
    write("bad/source/02-word.ts", `${head}\n// %% timing\n1;\n`);
    write("bad/source/03-twice.ts", cell + cell);
    const refusal = await generate(["01-open", "02-word", "03-twice"], path.join(folder, "bad")).catch(
      (error: Error) => error,
    );
    expect(refusal).toBeInstanceOf(Error);
    expect(String(refusal).split("\n")).toEqual([
      "Error: 01-open.ts: no end solution statement found",
      "02-word.ts, cell 3 (1;): unknown cell metadata title; known are jupyter, nbgrader, tags",
      "03-twice.ts: two cells have the grade_id 01-sum",
    ]);
  });
});

describe("the list of lessons", () => {
  it("holds the masters, or those that a beginning chooses", () => {
    expect(listLessons([], folder)).toEqual(["01-sum"]);
    expect(listLessons(["01"], folder)).toEqual(["01-sum"]);
    expect(() => listLessons(["07"], folder)).toThrow("No lesson begins with 07; there are 01-sum.");
  });

  it("finds notebooks without a master", () => {
    expect(orphans(folder)).toEqual(["02-gone.ipynb"]);
  });
});
