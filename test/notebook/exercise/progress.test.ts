/** How far a learner is with the exercises, by what their notebooks say. */
import fs from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { ListedExercise } from "../../../lib/notebook/exercise/announced";
import {
  exerciseAnchor,
  exerciseState,
  progressIn,
  progressSum,
  showExercises,
} from "../../../lib/notebook/exercise/progress";
import { captured } from "../captured";
import { temporaryFolder } from "../../support/folder";

const newFolder = temporaryFolder();

const announced = { lesson: "42-answers", kind: "Implement", difficulty: 2, minutes: 7 };
const exercises: ListedExercise[] = [
  { ...announced, id: "42-double", title: "Double it", points: 3 },
  { ...announced, id: "42-halve", title: "Halve it", points: 1 },
];

const STUB = 'function f() {\n  // YOUR CODE HERE\n  throw new Error("Not implemented");\n}';

/** A notebook's two cells of one exercise. */
function cells(answer: string, printed?: string, counts: [number, number] = [1, 2]) {
  const outputs = printed === undefined ? [] : [{ output_type: "display_data", data: { "text/plain": [printed] } }];
  return [
    { source: answer, metadata: { nbgrader: { grade_id: "42-double" } }, execution_count: counts[0], outputs: [] },
    { source: "check", metadata: { nbgrader: { grade_id: "42-double-check" } }, execution_count: counts[1], outputs },
  ];
}

describe("the state of an exercise", () => {
  it.each([
    ["not begun", cells(STUB, "○ Double it: not solved yet")],
    ["not checked yet", cells("function f() {}")],
    ["not checked yet", cells("function f() {}", "○ Double it: not solved yet")],
    ["not right yet", cells("function f() {}", "✘ Double it: not right yet")],
    ["solved", cells("function f() {}", "✔ Double it: right, 3 points")],
    ["changed since the check", cells("function f() {}", "✔ Double it: right, 3 points", [5, 4])],
    ["not begun", []],
  ])("%s", (state, notebook) => {
    expect(exerciseState(notebook, "42-double")).toBe(state);
  });
});

describe("the place of an exercise", () => {
  const heading = { id: "42-abc", cell_type: "markdown", source: "## 3. Text\n\n### Exercise 1 · Double it\n\nTask." };
  const [answer, check] = cells(STUB).map((cell, i) => ({ ...cell, id: `42-double${i === 0 ? "" : "-check"}` }));

  it("is the cell of its heading, found by its id", () => {
    expect(exerciseAnchor([heading, answer, check], "42-double")).toBe("#cell-id=42-abc");
  });

  it("is its answer's cell where something stands between", () => {
    expect(exerciseAnchor([heading, check, answer], "42-double")).toBe("#cell-id=42-double");
    expect(exerciseAnchor([answer, check], "42-double")).toBe("#cell-id=42-double");
  });

  it("is unknown in a notebook without ids, or without the exercise", () => {
    expect(exerciseAnchor(cells(STUB), "42-double")).toBeNull();
    expect(exerciseAnchor([heading, answer], "42-halve")).toBeNull();
  });
});

describe("a folder of notebooks", () => {
  let folder = "";
  const write = (name: string, content: unknown) => fs.writeFileSync(path.join(folder, name), JSON.stringify(content));
  const states = () => progressIn(folder, exercises).map(({ state }) => state);

  beforeEach(() => void (folder = newFolder()));

  it("may not be there, or hold what is no notebook", () => {
    expect(progressIn(path.join(folder, "nowhere"), exercises)[0].state).toBe("lesson not opened");
    write("42-answers.ipynb", "not a notebook");
    expect(states()).toEqual(["lesson not opened", "lesson not opened"]);
  });

  it("counts the copy that is furthest, and not those that were put aside", () => {
    write("42-answers.2026-01-01.ipynb", { cells: cells("f", "✔ right") });
    write("42-answers.ipynb", { cells: cells(STUB) });
    expect(states()[0]).toBe("not begun");
    write("42-answers.new.ipynb", { cells: cells("f", "✔ right") });
    expect(states()[0]).toBe("solved");
    expect(progressSum(progressIn(folder, exercises))).toBe("1 of 2 exercises, 3 of 4 points");
    expect(progressIn(folder, exercises)[0].link).toBe("42-answers.new.ipynb");
  });
});

it("a lesson shows all exercises of the course, with the state of the notebooks beside it", async () => {
  const folder = newFolder();
  const before = process.env.JPY_SESSION_NAME;
  process.env.JPY_SESSION_NAME = path.join(folder, "00-start-here.ipynb");
  fs.cpSync("notebooks/solutions/01-mixture-of-experts.ipynb", path.join(folder, "01-mixture-of-experts.ipynb"));
  try {
    const { shown } = await captured(showExercises);
    const text = shown.map(({ bundle }) => bundle["text/plain"]).join("\n");
    const cell = /<a href="01-mixture-of-experts\.ipynb#cell-id=([\w-]+)">01-gate<\/a>/.exec(
      String(shown[0].bundle["text/html"]),
    )?.[1];
    const notebook = fs.readFileSync(path.join(folder, "01-mixture-of-experts.ipynb"), "utf8");
    const { cells } = JSON.parse(notebook) as { cells: { id: string; source: string[] }[] };
    expect(cells.find(({ id }) => id === cell)?.source.join("")).toContain("### Exercise 1 · ");
    expect(text).toMatch(/^00-shape .*lesson not opened$/m);
    expect(text).toMatch(/^01-gate .*✔ solved$/m);
    expect(text).toMatch(/Solved: 5 of \d+ exercises, 15 of \d+ points\./);
  } finally {
    if (before === undefined) delete process.env.JPY_SESSION_NAME;
    else process.env.JPY_SESSION_NAME = before;
  }
});

it("every exercise of the course can be reached from the index", () => {
  const found = progressIn("notebooks");
  expect(found.length).toBeGreaterThan(40);
  const lost = found.filter(({ lesson, link }) => !link?.startsWith(`${lesson}.ipynb#cell-id=${lesson.slice(0, 2)}-`));
  expect(lost.map(({ id }) => id)).toEqual([]);
  expect(new Set(found.map(({ link }) => link)).size).toBe(found.length);
});
