/**
 * Assignments of every lesson, graded by nbgrader's own autograder. The first lesson is handed in unsolved, wrong, partly
 * right and right; of the others, where there is less time, only the partly right submission, which is both.
 * COURSE_GRADE=all hands in all four of every lesson, COURSE_GRADE=02,07 all four of these and nothing else.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listLessons } from "../../tools/course/build/masters";
import type { Notebook } from "../../tools/course/build/notebook";
import { Course, instead, isAnswer, readSolutions, runScript, solutions } from "./course";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "course-grading-"));
const course = new Course(folder);
const SMALL = "00-start-here";
const asked = process.env.COURSE_GRADE ?? "";
const lessons = listLessons(/^\d/.test(asked) ? asked.split(",") : []);
const withMischief = lessons.includes(SMALL);
const isFull = (lesson: string) => asked !== "" || lesson === SMALL;

/**
 * Submissions of lesson 00 that misbehave, some in one way in the first exercise and in another in the second. The last
 * exercise is answered rightly in all: it must count, whatever stands before it.
 */
const MISCHIEF: Record<string, (notebook: Notebook) => void> = {
  throws: (notebook) => {
    answer(notebook, 0, 'throw new RangeError("no");');
    prepend(notebook, 1, 'throw new Error("outside of any function");');
  },
  stderr: (notebook) => {
    const right = solutions(SMALL)[0].source;
    answers(notebook)[0].source = right.replace("{", '{\n  console.error("look at me");');
  },
  endless: (notebook) => {
    answers(notebook)[0].source = "async function productShape(): Promise<number[]> {\n  for (;;) await null;\n}";
    prepend(notebook, 1, "await new Promise((done) => setTimeout(done, 5));\nfor (;;);");
  },
  exits: (notebook) => {
    answer(notebook, 0, "process.exit(0);");
    prepend(notebook, 1, "process.exit(0);");
  },
  "changes-tests": (notebook) => {
    const [edited, deleted] = tests(notebook);
    edited.source = 'console.log("✔ right, 1 point");';
    notebook.cells = notebook.cells.filter((cell) => cell !== deleted);
  },
  shadows: (notebook) =>
    prepend(
      notebook,
      0,
      "const check = async (..._: unknown[]) => {};\nconst assertSolved = check, evaluate = check;\n" +
        "const gradedExercise = {}, gradedAssert = check, gradedEvaluate = check;",
    ),
  patches: (notebook) => {
    answer(notebook, 0, "return a.map(() => 0);");
    answer(notebook, 1, "return tf.zeros([rows.shape[0]]);");
    prepend(notebook, 0, PATCHES);
  },
};

/** All that a check in the same process might lean on. */
const PATCHES = `
Object.is = () => true;
Math.abs = () => 0;
Array.prototype.every = () => true;
Object.defineProperty(Object.prototype, "passed", { value: true });
Reflect.set(tf, "memory", () => ({ numTensors: 0 }));
Reflect.set(shapeExercise, "reference", () => undefined);
for (const one of shapeExercise.cases) Reflect.set(one, "args", [[], []]);`;

const tests = (notebook: Notebook) => notebook.cells.filter((cell) => cell.metadata.nbgrader?.grade);
const answers = (notebook: Notebook) => notebook.cells.filter(isAnswer);

function answer(notebook: Notebook, index: number, code: string): void {
  const cell = answers(notebook)[index];
  cell.source = instead(cell.source, code);
}

/** Code in front of an answer, in its cell. */
function prepend(notebook: Notebook, index: number, code: string): void {
  const cell = answers(notebook)[index];
  cell.source = `${code}\n${cell.source}`;
}

/** Hands in what misbehaves. */
function submitMischief(): void {
  for (const [name, change] of Object.entries(MISCHIEF)) {
    const notebook = course.release(SMALL);
    const last = answers(notebook).at(-1);
    if (last !== undefined) last.source = solutions(SMALL).at(-1)?.source ?? "";
    change(notebook);
    course.submit(name, SMALL, notebook);
  }
  const copied = course.answered(SMALL, (source, id) =>
    id === "00-shape" ? "const productShape = shapeExercise.reference;" : source,
  );
  course.submit("copies", SMALL, copied);
  const garbage = path.join(folder, "submitted", "garbage", SMALL);
  fs.mkdirSync(garbage, { recursive: true });
  fs.writeFileSync(path.join(garbage, `${SMALL}.ipynb`), "this is no notebook");
  fs.mkdirSync(path.join(folder, "submitted", "empty", SMALL), { recursive: true });
}

beforeAll(async () => {
  await readSolutions(lessons);
  const made = await runScript("tools/course/teaching/assignment.ts", [...lessons, "--out", folder, "--sheet"]);
  expect(made.stderr).toBe("");
  // So that loops which never end cost the test less.
  fs.appendFileSync(path.join(folder, "nbgrader_config.py"), "c.Execute.timeout = 20\n");
  for (const lesson of lessons) {
    course.submit(
      "partly",
      lesson,
      course.solved(lesson, (i) => i % 2 === 1),
    );
    if (!isFull(lesson)) continue;
    course.submit("unsolved", lesson, course.release(lesson));
    course.submit(
      "wrong",
      lesson,
      course.solved(lesson, () => false),
    );
    course.submit(
      "right",
      lesson,
      course.solved(lesson, () => true),
    );
  }
  if (withMischief) submitMischief();
  const graded = await runScript("tools/course/teaching/grade.ts", [folder, "--minutes", "4"]);
  console.log(graded.stdout.trimEnd());
  expect([graded.status, graded.stderr]).toEqual([0, ""]);
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const grade = (student: string, lesson = SMALL) => course.grades().get(`${student} ${lesson}`);

describe.each(lessons)("assignment %s", (lesson) => {
  const points = () =>
    course
      .release(lesson)
      .cells.map((cell) => (cell.metadata.nbgrader?.grade ? (cell.metadata.nbgrader.points ?? 0) : 0));
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const each = () => points().filter((value) => value > 0);

  const full = it.runIf(isFull(lesson));

  full("gives nothing for an unsolved submission", () => {
    expect(grade("unsolved", lesson)).toMatchObject({ points: 0, of: sum(points()), notes: "" });
  });

  full("gives nothing for a wrong one", () => {
    expect(grade("wrong", lesson)).toMatchObject({ points: 0, of: sum(points()) });
  });

  it("gives the solved exercises' points for a partly right one", () => {
    expect(grade("partly", lesson)?.points).toBe(sum(each().filter((_, i) => i % 2 === 1)));
  });

  full("gives all points for a right one", () => {
    expect(grade("right", lesson)).toMatchObject({ points: sum(points()), notes: "" });
  });

  it("has a page of feedback that says what was wrong", () => {
    const page = path.join(folder, "feedback", "partly", lesson, `${lesson}.html`);
    expect(fs.readFileSync(page, "utf8")).toContain("your function returns nothing");
  });
});

describe.runIf(withMischief)("a submission that", () => {
  const last = 2; // points of the last exercise
  it.each([
    ["throws in an answer, and outside of any function", "throws"],
    ["loops for ever with awaits in an answer, and behind one outside of any function", "endless"],
    ["ends the kernel in an answer, and outside of any function", "exits"],
    ["gives check and the rest another meaning", "shadows"],
    ["gives JavaScript and the exercise another meaning", "patches"],
    ["edits a test cell and deletes another", "changes-tests"],
  ])("%s gets the points of its right answer, and no others", (_, student) => {
    expect(grade(student)).toMatchObject({ points: last, of: 4 });
  });

  it("prints to stderr on the way to a right answer gets its points", () => {
    expect(grade("stderr")).toMatchObject({ points: last + 1, of: 4 });
  });

  it("is no notebook, or is missing, gets nothing and is named", () => {
    expect(grade("garbage")).toMatchObject({ points: 0, of: 4, notes: "it is no notebook" });
    expect(grade("empty")).toMatchObject({
      points: 0,
      notes: expect.stringContaining("there is no 00-start-here.ipynb"),
    });
  });

  it("takes the answer from the exercise is pointed out to the teacher", () => {
    expect(grade("copies")?.notes).toBe("00-shape reads the exercise's reference");
  });

  it("has other test cells is pointed out to the teacher", () => {
    const notes = grade("changes-tests")?.notes;
    expect(notes).toContain("the test cell 00-shape-check was edited");
    expect(notes).toContain("the test cell 00-leak-check is missing");
  });
});

it("a release holds no solution and no hidden test", () => {
  for (const lesson of lessons) {
    const text = course
      .release(lesson)
      .cells.map(({ source }) => source)
      .join("\n");
    expect(text).not.toMatch(/(BEGIN|END) (SOLUTION|HIDDEN)|gradedExercise/);
    for (const { source } of solutions(lesson)) expect(text).not.toContain(source);
  }
});
