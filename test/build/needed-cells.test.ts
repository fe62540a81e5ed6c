/** Which cells a cell needs, read off its text. */
import { expect, it } from "vitest";
import type { Cell } from "../../tools/course/build/notebook";
import { dependentCells, neededCells } from "../../tools/course/teaching/needed-cells";

const cell = (source: string): Cell => ({
  cell_type: "code",
  id: "",
  metadata: {},
  source,
  execution_count: null,
  outputs: [],
});

/** What the last of some cells needs, itself included. */
const needs = (...sources: string[]) => neededCells(sources.map(cell), [sources.length - 1]);

it.each([
  ["a constant", ["const a = 1;", "const b = 2;", "a + 1;"], [0, 2]],
  ["what that needs in turn", ["const a = 1;", "const b = a;", "b;"], [0, 1, 2]],
  ["an import, by its new name", ['import { x as y } from "./x";', "const x = 1;", "y;"], [0, 2]],
  ["a namespace", ['import * as tf from "tf";', "tf.add(1, 2);"], [0, 1]],
  ["a default import", ['import fs from "node:fs";', "fs;"], [0, 1]],
  ["what is taken apart", ["const { a, b: [c] } = f();", "const d = 1;", "c;"], [0, 2]],
  ["a function", ["function f() {}", "class C {}", "f();"], [0, 2]],
  ["a class and a type", ["class C {}", "type T = C;", "let x: T;"], [0, 1, 2]],
  ["a shorthand", ["const a = 1;", "({ a });"], [0, 1]],
  ["nothing for a member's name", ["const length = 1;", "const size = 2;", "[].length; ({ size: 1 });"], [2]],
  ["nothing that comes later", ["a;", "const a = 1;"], [1]],
  ["every cell that declares a name", ["let a = 1;", "const b = 0;", "let a = 2;", "a;"], [0, 2, 3]],
])("%s", (_, sources, expected) => {
  expect(needs(...sources)).toEqual(expected);
});

it("what depends on a cell: all that uses its names, directly or through others", () => {
  const cells = ["const a = 1;", "const b = a;", "b;", "const c = 2;", "c;"].map(cell);
  expect(dependentCells(cells, [0])).toEqual([0, 1, 2]);
  expect(dependentCells(cells, [3])).toEqual([3, 4]);
});

it("a cell that does not parse needs what its names say, and nothing breaks", () => {
  expect(needs("const a = 1;", "function f( { a")).toEqual([0, 1]);
});
