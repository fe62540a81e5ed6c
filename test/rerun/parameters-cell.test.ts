/** Learners' copies whose parameters cell is not as the lesson has it: used or refused, never ignored. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseParameters } from "../../lib/notebook/parameter-spec";
import { checkParameters, PARAMETERS_MIME, parametersOf } from "../../lib/notebook/parameters";
import { hasTag, readNotebook } from "../../tools/course/build/notebook";
import { withOneParametersCell } from "../../tools/course/rerun/parameters-cell";
import { RunFailed, usedParameters } from "../../tools/course/rerun/run";
import { code, notebook, prose, shown } from "../build/sample";
import { captured } from "../notebook/captured";

const DECLARATIONS =
  "const price = 2; // 0.5..20 dollars: what an hour costs\nconst hours = 10; // 1..1000 hours: how long";
const specs = parseParameters(DECLARATIONS);
const check = code('checkParameters("42-answers", { price, hours });', null);
const tagged = (source = DECLARATIONS) => code(source, null, [], { tags: ["parameters"] });
const tags = (...cells: Parameters<typeof notebook>) =>
  withOneParametersCell(notebook(...cells), specs, "mine.ipynb").cells.map((cell) => hasTag(cell, "parameters"));

describe("the parameters cell", () => {
  it("keeps its tag", () => {
    expect(tags(prose("# title"), tagged(), check)).toEqual([false, true, false]);
  });

  it.each([
    ["the tag is lost", DECLARATIONS],
    ["its constants became variables", DECLARATIONS.replaceAll("const", "let")],
  ])("is found where %s", (_, source) => {
    expect(tags(prose("# title"), code(source, null), check)).toEqual([false, true, false]);
  });

  it("is where the values are declared, not where the tag went", () => {
    expect(tags(tagged("const other = 1;"), code(DECLARATIONS, null), check)).toEqual([false, true, false]);
  });

  it("may be split: the values go behind the last part", () => {
    const [first, second] = DECLARATIONS.split("\n");
    expect(tags(tagged(first), code(second, null), check)).toEqual([false, true, false]);
  });

  it("is refused twice, naming the cells", () => {
    expect(() => tags(tagged(), tagged(), check)).toThrow(
      "mine.ipynb declares price in the cells 1 and 2: delete all but one of them",
    );
    expect(() => tags(tagged(), check, code("const hours = 20;", null))).toThrow("hours in the cells 1 and 3");
  });

  it("is told from a name inside a function, and from what an earlier run put in", () => {
    const injected = code("const price = 3 as number;", null, [], { tags: ["injected-parameters"] });
    expect(tags(tagged(), injected, check, code("function f() {\n  const price = 1;\n}", null))[0]).toBe(true);
  });

  it("is missed by name, and so is the check", () => {
    expect(() => tags(check)).toThrow("mine.ipynb: no cell declares the lesson's parameters, such as price");
    expect(() => tags(tagged())).toThrow("its call of checkParameters is gone");
  });

  const lessons = fs.readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"));
  it.each(lessons)("of %s is the one that its master tags", (name) => {
    const lesson = path.basename(name, ".ipynb");
    const master = fs.readFileSync(path.join("notebooks", "source", `${lesson}.ts`), "utf8");
    const read = readNotebook(path.join("notebooks", name));
    expect(withOneParametersCell(read, parametersOf(master, lesson), name)).toEqual(read);
  });
});

describe("what a run used", () => {
  const saw = (...values: object[]) =>
    notebook(
      code(
        "",
        1,
        values.map((one) => shown({ [PARAMETERS_MIME]: one })),
      ),
    );

  it("is what the lesson's check got", () => {
    expect(usedParameters(saw({ price: 3, hours: 10 }), { price: 3 })).toEqual({ price: 3, hours: 10 });
  });

  it.each<[string, object[], string]>([
    ["another value", [{ price: 2 }], "price was asked to be 3, but the lesson ran with 2: no other cell may declare"],
    ["another value in one of its calls", [{ price: 3 }, { price: 2 }], "but the lesson ran with 2"],
    ["no value", [{ hours: 1 }], "but the lesson ran with undefined"],
    ["nothing", [], "checkParameters did not run, so nothing says which values were used"],
  ])("fails the run where it is %s", (_, values, message) => {
    expect(() => usedParameters(saw(...values), { price: 3 })).toThrow(RunFailed);
    expect(() => usedParameters(saw(...values), { price: 3 })).toThrow(message);
  });

  it("is in the output of checkParameters in a run, defaults too, and nowhere else", async () => {
    const values = Object.fromEntries(
      parametersOf(fs.readFileSync("notebooks/source/00-start-here.ts", "utf8"), "00").map((spec) => [
        spec.name,
        spec.default,
      ]),
    );
    const show = async () => (await captured(() => checkParameters("00-start-here", values))).shown;
    expect(await show()).toEqual([]);
    process.env.COURSE_RUN = "1";
    try {
      const [{ bundle }] = await show();
      expect(bundle).toMatchObject({ [PARAMETERS_MIME]: values, "text/plain": "All parameters have their defaults." });
    } finally {
      delete process.env.COURSE_RUN;
    }
  });
});
