/**
 * Assignments of every lesson, graded by nbgrader's own autograder. The first lesson is handed in unsolved, wrong, partly
 * right and right; of the others, where there is less time, only the partly right submission, which is both.
 * COURSE_GRADE=all hands in all four of every lesson, COURSE_GRADE=02,07 all four of these and nothing else.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listLessons } from "../../tools/course/build/masters";
import type { Notebook } from "../../tools/course/build/notebook";
import { projectAt } from "../../tools/setup/project.mjs";
import { Course, instead, isAnswer, readSolutions, ROOT, runScript, solutions } from "./course";

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
  "by-heart": (notebook) => {
    const known = { "6,64 64,16": [6, 16], "2,10,64 2,64,8": [2, 10, 8], "2,4,10,16 2,4,16,12": [2, 4, 10, 12] };
    answer(
      notebook,
      0,
      `const known: Record<string, number[]> = ${JSON.stringify(known)};\nreturn known[\`\${a} \${b}\`] ?? [];`,
    );
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

/** What a teacher changes: a shorter time, so that loops which never end cost less; another gradebook; late work is halved. */
const SETTINGS = `
c.Execute.timeout = 20
c.CourseDirectory.db_url = "sqlite:///grades-2026.db?timeout=120"
c.CourseDirectory.course_id = "ml-2026"
from nbgrader.plugins import BasePlugin
class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
c.AssignLatePenalties.plugin_class = Half
`;

/** nbgrader itself, in the course folder. */
function nbgrader(...args: string[]): void {
  const { status, stderr } = spawnSync(projectAt(ROOT).python, ["-m", "nbgrader", ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  expect([status, stderr.includes("ERROR")], stderr).toEqual([0, false]);
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
  const late = path.join(folder, "submitted", "stderr", SMALL, "timestamp.txt");
  fs.writeFileSync(late, "2026-11-21 14:00:00 +0200");
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
  const config = fs.readFileSync(path.join(ROOT, "tools/course/teaching/nbgrader_config.py"), "utf8");
  fs.writeFileSync(path.join(folder, "nbgrader_config.py"), config + SETTINGS);
  const made = await runScript("tools/course/teaching/assignment.ts", [...lessons, "--out", folder, "--sheet"]);
  expect(made.stderr).toBe("");
  if (withMischief) {
    nbgrader("db", "assignment", "add", SMALL, "--duedate=2026-11-20 12:00:00 UTC");
    fs.writeFileSync(path.join(folder, "roster.csv"), "\uFEFFid;name;e-mail\r\nabsent;Lee;lee@x\r\nstderr;Müller;\r\n");
  }
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

const seeds = () => JSON.parse(fs.readFileSync(path.join(folder, "seeds.json"), "utf8")) as Record<string, number>;
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
    expect(grade("unsolved", lesson)).toMatchObject({ points: 0, of: sum(points()), look: "" });
  });

  full("gives nothing for a wrong one", () => {
    expect(grade("wrong", lesson)).toMatchObject({ points: 0, of: sum(points()) });
  });

  it("gives the solved exercises' points for a partly right one", () => {
    expect(grade("partly", lesson)?.points).toBe(sum(each().filter((_, i) => i % 2 === 1)));
  });

  full("gives all points for a right one", () => {
    expect(grade("right", lesson)).toMatchObject({ points: sum(points()), look: "" });
  });

  it("has a page of feedback that says what was wrong", () => {
    const page = path.join(folder, "feedback", "partly", lesson, `${lesson}.html`);
    expect(fs.readFileSync(page, "utf8")).toContain("your function returns nothing");
    const text = fs.readFileSync(page, "utf8");
    expect(text).toMatch(/<a href="#\d\d-[\w-]+-check">Exercise 1 · [^<]+<\/a>: [\d.]+ of/);
    expect(text).not.toMatch(/gradedAssert|<script|src="http|HIDDEN/);
    expect(text.length).toBeLessThan(2e6);
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
    ["knows the results of the written cases by heart", "by-heart"],
  ])("%s gets the points of its right answer, and no others", (_, student) => {
    expect(grade(student)).toMatchObject({ points: last, of: 4 });
  });

  it("knows results by heart reads which drawn case it fails, of a seed of its own; the log tells the assignment's", () => {
    const seed = seeds()[SMALL];
    const page = fs.readFileSync(path.join(folder, "feedback", "by-heart", SMALL, `${SMALL}.html`), "utf8");
    expect(page).toMatch(/drawn at random, seed \d+, case 1/);
    expect(page).not.toContain(`seed ${seed},`);
    const log = fs.readFileSync(path.join(folder, "grading.log"), "utf8");
    expect(log).toContain(`\n${SMALL}: the seed is ${seed}\n`);
  });

  it("prints to stderr on the way to a right answer gets its points, half of them as it is late", () => {
    expect(grade("stderr")).toMatchObject({ points: (last + 1) / 2, of: 4 });
    expect(grade("stderr")?.row).toMatchObject({ penalty: "1.5", "hours late": "24", "last name": "Müller" });
  });

  it("was never handed in has a line", () => {
    expect(grade("absent")).toMatchObject({ points: 0, of: 4, remarks: "nothing was handed in" });
  });

  it("was marked by hand counts so everywhere, without another run", async () => {
    const marked = `
from nbgrader.api import Gradebook
with Gradebook("sqlite:///grades-2026.db?timeout=120", "ml-2026") as book:
    book.find_grade("00-shape-check", "${SMALL}", "${SMALL}", "wrong").manual_score = 0.5
    book.find_comment("00-shape", "${SMALL}", "${SMALL}", "wrong").manual_comment = "nearly"
    book.db.commit()
`;
    const program = path.join(folder, "marked.py");
    fs.writeFileSync(program, marked);
    expect(spawnSync(projectAt(ROOT).python, [program], { cwd: folder }).status).toBe(0);
    const others = lessons.filter((lesson) => lesson !== SMALL).map((lesson) => `${lesson}.csv`);
    const tables = () => others.map((name) => fs.readFileSync(path.join(folder, "grades", name), "utf8"));
    const [before, seedsBefore] = [tables(), seeds()];
    const args = [folder, "--assignment", SMALL];
    const { status, stdout } = await runScript("tools/course/teaching/grade.ts", args);
    expect([status, /(\d+) of \1 are graded already/.test(stdout), tables()]).toEqual([0, true, before]);
    expect(seeds()).toEqual(seedsBefore);
    expect(grade("wrong")).toMatchObject({ points: 0.5, remarks: "not in the roster; points given by hand: 00-shape" });
    const page = fs.readFileSync(path.join(folder, "feedback", "wrong", SMALL, `${SMALL}.html`), "utf8");
    expect(page).toMatch(/0.5 of 4.0 points[^]*nearly/);
    nbgrader("export");
    const exported = fs.readFileSync(path.join(folder, "grades.csv"), "utf8").split("\n");
    for (const [student, points] of Object.entries({
      wrong: "0.5",
      stderr: "1.5",
      right: "4.0",
      absent: "0.0",
      garbage: "0.0",
    })) {
      const line = exported.find((one) => one.startsWith(`${SMALL},`) && one.split(",")[3] === student);
      expect(line?.split(",").slice(-2), student).toEqual([points, "4.0"]);
      expect(grade(student)?.points).toBe(Number(points));
    }
  });

  it("is no notebook, or is missing, gets nothing and is named", () => {
    const why = { garbage: "it is no notebook", empty: "there is no 00-start-here.ipynb" };
    for (const [student, problem] of Object.entries(why)) {
      expect(grade(student)).toMatchObject({ points: 0, of: 4, remarks: expect.stringContaining(problem) });
      const page = fs.readFileSync(path.join(folder, "feedback", student, SMALL, `${SMALL}.html`), "utf8");
      expect(page).toContain(problem);
    }
  });

  it("takes the answer from the exercise is pointed out to the teacher", () => {
    expect(grade("copies")?.look).toBe("00-shape reads shapeExercise.reference");
  });

  it("has other test cells gets the sheet's own, and the teacher is told", () => {
    const remarks = grade("changes-tests")?.remarks;
    expect(remarks).toContain("00-shape: its test cell was edited");
    expect(remarks).toContain("00-leak: its test cell was missing");
  });
});

it("a seed that is given is kept, whatever comes of the grading", async () => {
  const other = path.join(folder, "another-class");
  for (const name of ["nbgrader_config.py", "source", "release"]) {
    fs.cpSync(path.join(folder, name), path.join(other, name), { recursive: true });
  }
  const { status, stderr } = await runScript("tools/course/teaching/grade.ts", [other, "--seed", "42"]);
  expect([status, stderr]).toEqual([1, expect.stringContaining("nothing was handed in")]);
  const kept = JSON.parse(fs.readFileSync(path.join(other, "seeds.json"), "utf8")) as Record<string, number>;
  expect(kept).toEqual(Object.fromEntries(lessons.map((lesson) => [lesson, 42])));
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
