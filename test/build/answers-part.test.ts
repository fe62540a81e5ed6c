/** What of a solved notebook runs again where the learner's has run from the top. */
import { describe, expect, it } from "vitest";
import type { CodeCell } from "../../tools/course/build/notebook";
import { answersPart, differsElsewhere } from "../notebooks/answers-part";
import { code, notebook, prose, stdout } from "./sample";

/** The same cell in both notebooks has the same id, whatever its answer. */
const named = (id: string, cell: CodeCell): CodeCell => ({ ...cell, id });

const lesson = (answer: string, of: { figure?: string; before?: string } = {}) =>
  notebook(
    named("import", code('import { x } from "./x";', 1)),
    named("before", code("const y = x;", 2, [stdout(of.before ?? "1\n")])),
    prose("Write f."),
    named("answer", code(`const f = () => ${answer};`, 3)),
    named("uses", code("const g = f() + x;", 4, [stdout(of.figure ?? "2\n")])),
    named("after", code("g;", 5, [stdout("2\n")])),
    named("apart", code("const z = 1;", 6, [stdout("3\n")], { tags: ["timing"] })),
  );

const ids = (cells: { id: string }[]) => cells.map(({ id }) => id);

describe("answersPart", () => {
  it("has the answers, what uses them directly or through others, and what these need", () => {
    expect(ids(answersPart(lesson("1"), lesson("TODO")).cells)).toEqual(["import", "answer", "uses", "after"]);
  });

  it("is empty where nothing is answered otherwise", () => {
    expect(answersPart(lesson("1"), lesson("1")).cells).toEqual([]);
  });
});

describe("differsElsewhere", () => {
  it("lets what depends on an answer show something else", () => {
    expect(differsElsewhere(lesson("1", { figure: "5\n" }), lesson("TODO"))).toEqual([]);
  });

  it("names a cell that shows something else and depends on no answer", () => {
    const [found, ...others] = differsElsewhere(lesson("1", { before: "7\n" }), lesson("TODO"));
    expect(others).toEqual([]);
    expect(found).toContain("cell 2 of 7 (const y = x;)");
    expect(found).toContain("the learner's notebook has");
  });

  it("lets what depends on the machine differ", () => {
    const learner = lesson("TODO");
    const apart = learner.cells[6] as CodeCell;
    apart.outputs = [stdout("4\n")];
    expect(differsElsewhere(lesson("1"), learner)).toEqual([]);
  });
});
