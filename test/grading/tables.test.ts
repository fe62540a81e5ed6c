/** The grade-book's tables, alike answers, and pages without a network. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Notebook } from "../../tools/course/build/notebook";
import { misplaced, type CourseFolder } from "../../tools/course/teaching/course-folder";
import { failurePage, offline, titlesOf } from "../../tools/course/teaching/feedback";
import * as table from "../../tools/course/teaching/grade-table";
import { similar } from "../../tools/course/teaching/similar";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();
const person = (id: string, last = "", first = "") => ({ id, last, first, email: "", lms: "" });
const EXERCISES = [
  { id: "00-shape", of: 1 },
  { id: "00-leak", of: 3 },
];

/** A gradebook of three: one in time and partly marked by hand, one late, one who handed nothing in. */
const BOOK: table.Book = {
  roster: ["zoë", "=1+1", "no"],
  students: [person("=1+1"), person("no", "Lee", "Ann"), person("zoë", 'Müller "Z"', "Zoë"), person("who")],
  assignments: [{ name: "00-a", of: 4, exercises: EXERCISES }],
  submissions: [
    {
      student: "zoë",
      assignment: "00-a",
      exercises: EXERCISES.map((one) => ({ ...one, points: 1, manual: one.of === 3 })),
      score: 2,
      of: 4,
      penalty: 0,
      secondsLate: 0,
      time: "2026-11-20 10:00:00 UTC",
      toMark: false,
      comments: 0,
    },
    {
      student: "=1+1",
      assignment: "00-a",
      exercises: EXERCISES.map((one) => ({ ...one, points: one.of, manual: false })),
      score: 3.5,
      of: 4,
      penalty: 0.5,
      secondsLate: 5400,
      time: "2026-11-21 10:00:00 UTC",
      toMark: true,
      comments: 0,
    },
  ],
};
const NOTES = new Map([["=1+1", { look: ["00-leak uses eval"], remarks: ["handed in as a, b"], problem: null }]]);
const ORDER = ["00-leak", "00-shape"];

describe("an assignment's table", () => {
  const [head, ...lines] = table
    .csv(table.assignmentTable(BOOK, "00-a", ORDER, NOTES))
    .trimEnd()
    .split("\n");

  it("has a column for each exercise, in the order of the lesson", () => {
    expect(head).toBe(
      "id,last name,first name,e-mail,points,of,percent,hours late,penalty,time,00-leak (3),00-shape (1),look at,remarks",
    );
  });

  it("has everybody, in the order of the roster, with points as nbgrader counts them", () => {
    expect(lines).toEqual([
      'zoë,"Müller ""Z""",Zoë,,2,4,50,0,0,2026-11-20 10:00:00 UTC,1,1,,points given by hand: 00-leak',
      "'=1+1,,,,3.5,4,87.5,1.5,0.5,2026-11-21 10:00:00 UTC,3,1,00-leak uses eval," +
        '"handed in as a, b; to be looked through by hand: graded anew since its points were given"',
      "no,Lee,Ann,,0,4,0,,0,,0,0,,nothing was handed in",
      "who,,,,0,4,0,,0,,0,0,,nothing was handed in; not in the roster",
    ]);
  });

  it("has the form of Canvas besides", () => {
    expect(table.csv(table.canvasTable(BOOK)).split("\n").slice(0, 3)).toEqual([
      "Student,ID,SIS User ID,SIS Login ID,Section,00-a",
      "    Points Possible,,,,,4",
      '"Müller ""Z"", Zoë",,,zoë,,2',
    ]);
  });

  it("says nothing of who it is, if that is wanted, and the same in every run", () => {
    const codes = table.codesOf(BOOK.students.map(({ id }) => id));
    expect(new Set(codes.values()).size).toBe(4);
    expect(table.codesOf(["zoë"]).get("zoë")).toBe(codes.get("zoë"));
    const text = table.csv(table.assignmentTable(table.withoutNames(BOOK, codes), "00-a", ORDER, new Map()));
    expect(text).not.toMatch(/zoë|Müller|Ann|1\+1/);
    expect(text).toContain(`${codes.get("zoë")},,,,2,4,50`);
    expect(text).not.toContain("not in the roster\nlearner"); // one is not, three are
  });
});

describe("alike answers", () => {
  const STYLES = ["for (const x of rows) sum += x.a * 2;", "let i = 0; while (i < n) { s = s + rows[i++]; }"];
  /** An answer of its own: lines of a few kinds in an order that the seed draws. */
  const answer = (seed: number): string => {
    const kinds = [
      "a = b + c;",
      "if (a > b) { c--; }",
      "f(a, b, [c]);",
      "x = y ? z : -w;",
      ...STYLES,
      "d.e.f();",
      "t = `u`;",
    ];
    let state = seed;
    const draw = () => (state = (state * 48271) % 2147483647);
    return Array.from({ length: 14 }, () => kinds[draw() % kinds.length]).join("\n");
  };
  const notebook = (source: string): Notebook => ({
    cells: [
      {
        cell_type: "code",
        id: "a",
        metadata: { nbgrader: { solution: true } },
        source,
        execution_count: null,
        outputs: [],
      } as never,
    ],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
  const given = notebook("throw new Error();");
  const class_ = Array.from({ length: 10 }, (_, i) => ({ student: `s${i}`, notebook: notebook(answer(101 * i + 7)) }));

  it("are told when one was copied and its names changed, against the class's own middle", () => {
    const copy = answer(7).replace(/\ba\b/g, "mine").replace(/b/g, "other /* mine */");
    const { pairs, middle, threshold } = similar([...class_, { student: "copy", notebook: notebook(copy) }], given);
    expect(pairs.map(({ students }) => students)).toEqual([["s0", "copy"]]);
    expect(pairs[0].overlap).toBeGreaterThan(0.95);
    expect(middle).toBeLessThan(0.8);
    expect(threshold).toBeGreaterThanOrEqual(0.7);
  });

  it("are not told in a class that all write the same, nor of answers of a line", () => {
    const same = class_.map(({ student }) => ({ student, notebook: notebook(answer(7)) }));
    expect(similar(same, given).pairs).toEqual([]);
    const short = class_.map(({ student }) => ({ student, notebook: notebook("return a + b;") }));
    expect(similar(short, given)).toEqual({ pairs: [], middle: null, threshold: null });
    expect(similar(class_, given).pairs).toEqual([]);
  });
});

describe("a page of feedback", () => {
  it("asks nothing of a network, and shows its formulas", () => {
    const text = (inner: string) => `<div class="course-text"><p>${inner}</p><!-- end of course-text --></div>`;
    const page = offline(
      `<script src="https://cdn/x.js"></script><script>\nMathJax()\n</script><link rel="stylesheet" href="https://x/y.css">` +
        text("$a &lt; b_1$ costs $5.576 million to $6, <code>$HOME and $x$</code> $$\\sum_i x_i$$") +
        "<pre>$not set$</pre><div><b>Comments:</b> <p>see $a_1$</p></div>",
    );
    expect(page).not.toMatch(/<script|<link|https:\/\/cdn/);
    expect(page.match(/<math/g)).toHaveLength(3);
    expect(page).toContain("costs $5.576 million to $6, <code>$HOME and $x$</code>");
    expect(page).toContain("<pre>$not set$</pre>");
  });

  it("stays below 2 MB: pictures that are too large are left out, the smaller ones last", () => {
    const picture = (length: number) => `<img src="data:image/png;base64,${"A".repeat(length)}">`;
    const page = offline(picture(3e6) + picture(300_000) + "the text");
    expect(page.length).toBeLessThan(2e6);
    expect(page).toContain("A".repeat(300_000));
    expect(page).toMatch(/alt="\(a picture is left out[^]*the text/);
    expect(offline(picture(300_000).repeat(9)).length).toBeLessThan(2e6);
  });

  it("names the exercises as the lesson does", () => {
    const lesson = JSON.parse(fs.readFileSync("notebooks/00-start-here.ipynb", "utf8")) as Notebook;
    for (const cell of lesson.cells) cell.source = ([] as string[]).concat(cell.source).join("");
    const titles = titlesOf(lesson);
    expect(Object.keys(titles)).toEqual(["00-shape", "00-leak", "00-rms-norm"]);
    for (const [i, title] of Object.values(titles).entries())
      expect(title).toMatch(new RegExp(`^Exercise ${i + 1} · \\w`));
  });

  it("says why something could not be graded", () => {
    const page = failurePage({ assignment: "00-a" } as never, "there is no <b> in it");
    expect(page).toContain("there is no &lt;b&gt; in it.");
  });
});

it("names what lies where nobody looks for it", () => {
  const submitted = newFolder();
  const put = (name: string) => {
    fs.mkdirSync(path.dirname(path.join(submitted, name)), { recursive: true });
    fs.writeFileSync(path.join(submitted, name), "");
  };
  for (const name of ["all.zip", "ada/00-a.ipynb", "ada/00-a/00-a.ipynb", "bo/00-A/00-a.ipynb", ".DS_Store"]) put(name);
  const course = {
    submitted,
    assignments: [{ name: "00-a" }],
    submissions: [
      { student: "ada", assignment: "00-a" },
      { student: "bo", assignment: "00-A" },
    ],
  } as unknown as CourseFolder;
  expect(misplaced(course)).toEqual([
    "bo/00-A: there is no such assignment",
    "ada/00-a.ipynb: it belongs in ada/LESSON/",
    "all.zip: it belongs in STUDENT/LESSON/ (nbgrader zip_collect sorts a platform's download)",
  ]);
});
