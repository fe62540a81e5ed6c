/**
 * The names of a lesson's results. A sweep puts results of the same name into one column, so a name is written out in the
 * master, stands there once, and its cell declares it whatever the parameters are.
 */
import fs from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const MASTERS = "notebooks/source";

/** The names of the results that a master declares, and what is wrong with the others, with their line. */
function resultNames(master: string): { names: string[]; wrong: string[] } {
  const source = ts.createSourceFile("master.ts", master, ts.ScriptTarget.ES2022, true);
  const names: string[] = [];
  const wrong: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(source) === "result") {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const [name] = node.arguments;
      if (!ts.isStringLiteral(name)) wrong.push(`line ${line}: its name is computed: ${name.getText(source)}`);
      else if (names.includes(name.text)) wrong.push(`line ${line}: there is another result "${name.text}"`);
      else names.push(name.text);
      if (!ts.isExpressionStatement(node.parent) || !ts.isSourceFile(node.parent.parent))
        wrong.push(`line ${line}: it is declared only in some runs, or more than once`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { names, wrong };
}

describe("the names of results", () => {
  const masters = fs.readdirSync(MASTERS).filter((name) => /^\d\d-.+\.ts$/.test(name));

  it.each(masters)("of %s are constants, each declared once in every run", (file) => {
    expect(resultNames(fs.readFileSync(path.join(MASTERS, file), "utf8")).wrong).toEqual([]);
  });

  it("are found where they are not: computed, twice, or only in some runs", () => {
    expect(resultNames('result("a", 1);\nresult("b", 2, "dollars");')).toEqual({ names: ["a", "b"], wrong: [] });
    expect(resultNames("result(`on ${text}`, 1);").wrong).toEqual(["line 1: its name is computed: `on ${text}`"]);
    expect(resultNames('result("on " + text, 1);').wrong).toHaveLength(1);
    expect(resultNames('result("a", 1);\nresult("a", 2);').wrong).toEqual(['line 2: there is another result "a"']);
    expect(resultNames('if (x) result("a", 1);').wrong).toEqual([
      "line 1: it is declared only in some runs, or more than once",
    ]);
    expect(resultNames('for (const x of xs) { result("a", x); }').wrong).toHaveLength(1);
  });

  it("are many: a lesson without a result can't be swept", () => {
    const all = masters.map((file) => resultNames(fs.readFileSync(path.join(MASTERS, file), "utf8")).names);
    expect(all.flat().length).toBeGreaterThan(20);
  });
});
