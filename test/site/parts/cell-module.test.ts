/** How a cell becomes a module, which needs no browser. */
import ts from "@tslab/typescript-for-tslab";
import { describe, expect, it } from "vitest";
import { cellModule, type Origin } from "../../../tools/site/worker/cell-module";
import { guardLoops } from "../../../tools/site/worker/guards";
import { sourceLine, takeLines } from "../../../tools/site/worker/source-map";

const from = (name: string, variable: Origin["variable"] = null, there = "/cell-1"): Origin => ({
  from: there,
  name,
  variable,
});

describe("a cell as a module", () => {
  it("imports what earlier cells declare, but not what it declares itself", () => {
    const scope = new Map([
      ["total", from("total", "let")],
      ["Row", from("Row")],
      ["tf", from("*", null, "@tensorflow/tfjs")],
      ["own", from("own")],
    ]);
    const { checked, run, before, declares } = cellModule(ts, "/cell-2", "const own = total;\n", scope);
    const [first, ...rest] = checked.split("\n");
    expect(first).toContain('import { Row } from "/cell-1";');
    expect(first).toContain('import * as tf from "@tensorflow/tfjs";');
    expect(first).toContain('declare let total: typeof import("/cell-1").total;');
    expect(first).not.toMatch(/\bown\b/);
    expect(checked.slice(before)).toBe(["const own = total;", "", ";export { own };"].join("\n"));
    expect(rest[0]).toBe("const own = total;");
    expect(run.split("\n")[1]).toBe("export const own = total;");
    expect([...declares.keys()]).toEqual(["own"]);
  });

  it("exports all kinds of declarations, on the lines where they stand, and the last value", () => {
    const source =
      "let { a, b: [c] } = x;\nfunction f() {}\nclass C {}\nenum E { A }\ntype T = 1;\ninterface I {}\na + c";
    const { run, declares } = cellModule(ts, "/cell-2", source, new Map());
    expect([...declares].map(([name, { variable }]) => [name, variable])).toEqual([
      ["a", "let"],
      ["c", "let"],
      ...["f", "C", "E", "T", "I"].map((name) => [name, null]),
    ]);
    expect(run.split("\n").slice(1)).toEqual([
      "export let { a, b: [c] } = x;",
      "export function f() {}",
      "export class C {}",
      "export enum E { A }",
      "export type T = 1;",
      "export interface I {}",
      "export const $last = (a + c)",
    ]);
  });

  it("reads what follows an await as the compiler does: a regular expression is no division", () => {
    const source = 'const found = await /a;b/.exec("a;b"), x = await (f());\nawait /;/.exec(";")';
    const { run, declares } = cellModule(ts, "/cell-2", source, new Map());
    expect([...declares.keys()]).toEqual(["found", "x"]);
    expect(run.split("\n").slice(1)).toEqual([
      'export const found = await /a;b/.exec("a;b"), x = await (f());',
      'export const $last = (await /;/.exec(";"))',
    ]);
  });

  it("hands on what it imports", () => {
    const source = `import one, { two as deux } from "./lib/x";\nimport * as all from "./lib/y";\nimport type { T } from "./lib/z";`;
    const { declares } = cellModule(ts, "/cell-2", source, new Map());
    expect([...declares]).toEqual([
      ["one", from("default", null, "./lib/x")],
      ["deux", from("two", null, "./lib/x")],
      ["all", from("*", null, "./lib/y")],
      ["T", from("T", null, "./lib/z")],
    ]);
  });
});

describe("guards", () => {
  const guarded = (source: string) =>
    ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      transformers: { before: [guardLoops(ts)] },
    }).outputText;

  /** Runs code with a guard that ends it when it is asked for the third time. */
  function run(source: string): unknown {
    let asked = 0;
    const guard = () => {
      if (++asked === 3) throw new Error("ended");
    };
    return new Function("$guard", `let $turns = 0; ${guarded(source)}`)(guard);
  }

  it.each([
    "while (true) {}",
    "while (true) try { throw 1 } catch {}",
    "do ; while (true)",
    "for (;;);",
    "for (const x of (function* () { for (;;) yield 1; })());",
    "const f = n => n === 0 ? 1 : f(n - 1) + f(n - 1); f(40);",
    "function g(n) { return n === 0 ? 1 : g(n - 1) + g(n - 1); } g(40);",
    "const o = { m(n) { return n === 0 ? 1 : o.m(n - 1) + o.m(n - 1); } }; o.m(40);",
    "outer: for (;;) { for (const k in { a: 1 }) continue outer; }",
  ])("end %s", (source) => expect(() => run(source)).toThrow("ended"));

  it("change no result", () => {
    expect(run("let sum = 0; for (let i = 0; i < 5; i++) { if (i === 3) continue; sum += i; } return sum;")).toBe(7);
    expect(run("const f = (x) => ({ x }); return f(3).x;")).toBe(3);
    expect(run("function f() { 'use strict'; return this; } return f();")).toBeUndefined();
  });
});

it("a source map leads back to the line of the cell", () => {
  const source = "type A = 1;\n\nconst a = 1;\nconst b = a;\nthrow new Error(String(b));";
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, inlineSourceMap: true },
  });
  const { code, lines } = takeLines(outputText);
  const at = code.split("\n").findIndex((line) => line.startsWith("throw")) + 1;
  expect([at < 5, sourceLine(lines, at, 1)]).toEqual([true, 5]);
  expect(code).not.toContain("sourceMappingURL");
});
