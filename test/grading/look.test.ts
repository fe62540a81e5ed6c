/** What "look at" names, and what it leaves in peace. */
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNotebook, type Notebook } from "../../tools/course/build/notebook";
import { lookAt, type Lesson } from "../../tools/course/teaching/look";
import { libAnswers } from "../../tools/course/teaching/look/lib-answers";

const ROOT = path.resolve(__dirname, "../..");
const NAME = "00-start-here";
/** A notebook without its outputs, which nobody looks at. */
function read(file: string): Notebook {
  const notebook = readNotebook(path.join(ROOT, file));
  for (const cell of notebook.cells) if (cell.cell_type === "code") cell.outputs = [];
  return notebook;
}

const solved = read(`notebooks/solutions/${NAME}.ipynb`);
const lesson: Lesson = {
  given: [read(`notebooks/${NAME}.ipynb`)],
  solved,
  answers: libAnswers(path.join(ROOT, "lib/lessons", NAME)),
};

/** The solved lesson with an answer in other words, or with a cell more in front. */
function handedIn(id: string | null, source: string): Notebook {
  const notebook = structuredClone(solved);
  const answer = notebook.cells.find((cell) => cell.metadata.nbgrader?.grade_id === id);
  if (answer !== undefined) answer.source = source;
  else {
    const at = notebook.cells.findIndex((cell) => cell.metadata.nbgrader?.solution === true);
    notebook.cells.splice(at, 0, { ...structuredClone(notebook.cells[at]), id: "own", metadata: {}, source } as never);
  }
  return notebook;
}

const named = (source: string, id: string | null = "00-shape") => lookAt(handedIn(id, source), lesson);

describe("leaves in peace", () => {
  it("the solved lesson, and the sheet that is a part of it", () => {
    expect(lookAt(solved, lesson)).toEqual([]);
    const sheet = { ...lesson.given[0], cells: lesson.given[0].cells.filter(({ metadata }) => metadata.nbgrader) };
    expect(lookAt(solved, { ...lesson, given: [sheet, ...lesson.given] })).toEqual([]);
  });

  it.each([
    ["a comment", "// process each row, then evaluate; shapeExercise.reference\nfunction productShape() {}"],
    ["a text", 'console.log("require(fs), eval, globalThis, lib/lessons/");'],
    [
      "a name of one's own",
      "const process = [1]; function evaluate(eval_: number) { return process[eval_]; } evaluate(0);",
    ],
    ["a member of that name", "const model = { reference: 1, cases: [2] }; model.reference + model['cases'][0];"],
    [
      "the exercise's inputs, and its check",
      "productShape(...shapeExercise.inputs(1)); productShape(...shapeExercise.drawn(5, 1)); await check(shapeExercise, f);",
    ],
    ["what the lesson imports, imported again", 'import { shapeExercise } from "./lib/lessons/00-start-here";'],
    ["modules that reach for nothing", 'import { inspect } from "node:util";\ninspect(1);'],
    ["what it prints", "process.stdout.write(String(process.memoryUsage().rss));"],
    [
      "lists of one's own that change",
      "const rows = [1]; rows[0] = 2; const o: any = {}; o.abs = 3; Object.assign(o, {});",
    ],
    ["a question to the reader", 'import * as readline from "node:readline/promises";\nprocess.stdin.isTTY;'],
    ["types", "let p: Function; type T = typeof globalThis; let e: Proxy<T>;"],
  ])("%s", (_, source) => {
    expect(named(source)).toEqual([]);
    expect(named(source, null)).toEqual([]);
  });

  it("a notebook with other line endings", () => {
    const notebook = structuredClone(solved);
    for (const cell of notebook.cells) cell.source = `${cell.source.replaceAll("\n", "\r\n")}\r\n\r\n`;
    expect(lookAt(notebook, lesson)).toEqual([]);
  });

  it("a cell of the lesson that the learner played with", () => {
    const notebook = structuredClone(solved);
    const cell = notebook.cells.find(({ source }) => source.includes("solvedOr(rmsNormExercise"));
    if (cell === undefined) throw new Error("the lesson goes on with no answer");
    cell.source += "\nconsole.log(normalised());";
    expect(lookAt(notebook, lesson)).toEqual([]);
    cell.source += "\nshapeExercise.reference;";
    expect(lookAt(notebook, lesson)).toEqual(["a cell reads shapeExercise.reference"]);
  });
});

describe("names", () => {
  it.each([
    ["const f = shapeExercise.reference;", "reads shapeExercise.reference"],
    ['const f = shapeExercise["reference"];', "reads shapeExercise.reference"],
    ["const f = (shapeExercise as any)[`reference`];", "reads shapeExercise.reference"],
    ['const f = shapeExercise["ref" + "erence"];', "reads shapeExercise.…"],
    ["const { reference: f } = shapeExercise;", "reads shapeExercise.reference"],
    ['const { "cases": f } = shapeExercise;', "reads shapeExercise.cases"],
    ["const e = shapeExercise;", "passes shapeExercise on"],
    ['import { leakExercise as e } from "./lib/lessons/00-start-here";\ne.reference;', "reads leakExercise.reference"],
    ["const f = await solvedOr(shapeExercise, g);", "uses the check's own solvedOr"],
    ['import { evaluate as e } from "./lib/notebook";\ne(1);', "uses the check's own evaluate"],
    ['import * as grader from "./lib/notebook/exercise";\n(grader as any)["assert" + "Solved"] = 1;', "changes grader"],
    ['import * as all from "./lib/lessons/00-start-here";', "imports all of lib/lessons"],
    ['import { DESIGNS } from "./lib/lessons/10-train-it";', "imports DESIGNS from lib/lessons"],
    ['import { readFileSync } from "fs";', "uses the module fs"],
    ['const vm = require("node:vm");', "uses the module vm"],
    ['const { rmsNorm } = await import("./lib/model/rms-norm");', "loads ./lib/model/rms-norm while it runs"],
    ["const m = await import(name);", "loads a module by a computed name"],
    ["process.env.X;", "uses process.env"],
    ["const { env } = process;", "uses process"],
    ["globalThis.check = 1;", "uses globalThis"],
    ['eval("1");', "uses eval"],
    ['(() => 1).constructor("return process")();', "makes code from text"],
    ["Object.is = () => true;", "changes Object.is"],
    ['(Math as any)["abs"] = () => 0;', "changes Math"],
    ["Array.prototype.every = () => true;", "changes Array.prototype.every"],
    ['Object.defineProperty(Math, "abs", {});', "changes Math"],
    ["(tf.engine() as any).state.numTensors -= 1;", "changes tf.engine"],
    ['const r = await fetch("http://127.0.0.1/answer");', "uses fetch"],
    ["module.children;", "uses module"],
    ['import nn = require("./lib/tensor/nn");', "loads ./lib/tensor/nn while it runs"],
    ['import fs = require("fs");', "uses the module fs"],
    ['display({ "application/vnd.course.handed": "[]" });', "hands over results itself"],
    ['import { handOver } from "./lib/notebook/exercise/handed";', "uses the check's own handOver"],
    ["for (const one of (shapeExercise as any)['cases']) one.args = [];", "reads shapeExercise.cases"],
  ])("%s", (source, what) => {
    for (const id of ["00-shape", null]) {
      const remarks = named(source, id);
      expect(
        remarks.some((remark) => remark.startsWith(`${id ?? "a cell"} ${what}`)),
        remarks.join("; "),
      ).toBe(true);
    }
  });

  it("lib's own function given as the answer, under any name", () => {
    const [there, here] = ['import { rmsNorm as r } from "./lib/tensor/nn";', 'import * as nn from "./lib/tensor/nn";'];
    const answer = (call: string) => `function myRmsNorm(x: any, w: any, e: number) { return ${call}(x, w, e); }`;
    for (const source of [`${there}\n${answer("r")}`, `${here}\n${answer("nn.rmsNorm")}`, answer("rmsNorm")]) {
      expect(named(source, "00-rms-norm")).toEqual(["00-rms-norm uses lib's own rmsNorm"]);
    }
    expect(named(there, null)).toEqual(["a cell uses lib's own rmsNorm"]);
    expect(named("function rmsNorm() {}\nrmsNorm();", "00-rms-norm")).toEqual([]);
  });
});

describe("is not switched off", () => {
  const inOrder = (cells: Notebook["cells"]) => lookAt({ ...structuredClone(solved), cells }, lesson);
  const withAnswer = (id: string, source: string) => handedIn(id, source).cells;
  const own = (source: string) => ({
    ...structuredClone(solved.cells.find((cell) => cell.cell_type === "code")!),
    id: "own",
    metadata: {},
    source,
  });

  it("by a later cell that declares the name", () => {
    const cells = withAnswer("00-shape", "const productShape = shapeExercise.reference;");
    expect(inOrder([...cells, own("const shapeExercise = 1;")] as never)).toEqual([
      "00-shape reads shapeExercise.reference",
    ]);
    const later = own("declare const process: any;");
    expect(inOrder([...withAnswer("00-shape", "process.env;"), later] as never)).toEqual(["00-shape uses process.env"]);
  });

  it.each([
    "const norm = await solvedOr(rmsNormExercise, myRmsNorm);",
    "const norm = await solvedOr(rmsNormExercise, null as any);",
  ])("by a cell of the lesson that gives the right answer, moved before the answer: %s", (source) => {
    const given = lesson.given[0].cells.find((cell) => /solvedOr\(rmsNormExercise/.test(cell.source));
    expect(given).toBeDefined();
    const answer = withAnswer("00-rms-norm", "function myRmsNorm(x: any, w: any, e: number) { return norm(x, w, e); }");
    const at = answer.findIndex((cell) => cell.metadata.nbgrader?.grade_id === "00-rms-norm");
    const rest = answer.filter(({ id }) => id !== given?.id);
    expect(inOrder([...rest.slice(0, at), { ...given!, source }, ...rest.slice(at)] as never)).toEqual([
      "00-rms-norm stands below a cell that gives the right answer, solvedOr(rmsNormExercise, …)",
    ]);
  });

  it("by another way to write where a module is, or by passing all of it on", () => {
    expect(named('import * as all from "./lib/./lessons/00-start-here";', null)).toEqual([
      "a cell imports all of lib/lessons",
    ]);
    const passed = 'import * as all from "./lib/model/config";\nObject.values(all);';
    expect(named(passed, null)).toEqual(["a cell passes all on"]);
  });
});

it("every lesson's own solution is in peace", () => {
  for (const name of ["01-mixture-of-experts", "09-build-it", "10-train-it", "11-the-article-audited"]) {
    const answers = libAnswers(path.join(ROOT, "lib/lessons", name));
    const theirs = read(`notebooks/solutions/${name}.ipynb`);
    expect(answers.size).toBeGreaterThan(2);
    expect(lookAt(theirs, { given: [read(`notebooks/${name}.ipynb`)], solved: theirs, answers })).toEqual([]);
  }
});
