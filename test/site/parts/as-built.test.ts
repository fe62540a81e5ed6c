/**
 * Cells that run without a check (tools/site/worker/as-built.ts): when they do, and that a check would find nothing. One
 * lesson is checked; SITE_ALL=1 checks all.
 */
import fs from "node:fs";
import ts from "@tslab/typescript-for-tslab";
import { describe, expect, it } from "vitest";
import { listLessons, notebookFile } from "../../../tools/course/build/masters";
import { readNotebook } from "../../../tools/course/build/notebook";
import { AsBuilt } from "../../../tools/site/worker/as-built";
import { beginningsOf } from "../../../tools/site/worker/beginnings.mjs";
import type { Origin } from "../../../tools/site/worker/cell-module";
import { Compiler } from "../../../tools/site/worker/compiler";
import { collectTypes } from "../../../tools/site/worker/types.mjs";

const code = (source: string) => ({ cell_type: "code", source });

describe("what has run is a lesson as it was built", () => {
  const one = { cells: [code("a"), { cell_type: "markdown", source: "words" }, code("b"), code(" \n"), code("c")] };
  const other = { cells: [code("a"), code("d")] };
  const began = (...cells: string[]) => {
    const run = new AsBuilt(beginningsOf([one, other]));
    return cells.map((cell) => run.goesOn(cell));
  };

  it("while its cells come unchanged and in their order, those without a source left out", () => {
    expect(began("a", "b", "c")).toEqual([true, true, true]);
    expect(began("a", "d")).toEqual([true, true]);
  });

  it("and no longer once one is changed, comes again, comes early, or comes from another lesson", () => {
    expect(began("a", "b ", "c")).toEqual([true, false, false]);
    expect(began("a", "a", "b")).toEqual([true, false, false]);
    expect(began("b")).toEqual([false]);
    expect(began("a", "d", "c")).toEqual([true, true, false]);
  });

  it("nor once one has failed", () => {
    const run = new AsBuilt(beginningsOf([one]));
    expect(run.goesOn("a")).toBe(true);
    run.leave();
    expect(run.goesOn("b")).toBe(false);
  });
});

describe("the compiler in a tab finds nothing in a lesson as it is built", () => {
  const types = collectTypes(process.cwd(), fs.readFileSync("tools/site/worker/globals.txt", "utf8"));
  const onDisk = (path: string) => `.${path}`;
  const isFile = (path: string) =>
    path.startsWith("/lib/") && (fs.statSync(onDisk(path), { throwIfNoEntry: false })?.isFile() ?? false);
  const folders = new Set(
    Object.keys(types).flatMap((file) => file.split("/").map((_, i, parts) => parts.slice(0, i).join("/"))),
  );
  const isFolder = (path: string) =>
    folders.has(path.replace(/\/$/, "")) || (/^\/lib(\/|$)/.test(path) && fs.existsSync(onDisk(path)));
  const files = {
    read: (path: string) => types[path] ?? (isFile(path) ? fs.readFileSync(onDisk(path), "utf8") : undefined),
    exists: (path: string) => path in types || isFile(path),
    folderExists: isFolder,
    list: () => [],
  };
  const compiler = new Compiler(ts, files);

  it.each(listLessons(process.env.SITE_ALL === undefined ? ["07"] : []))("%s", { timeout: 300_000 }, (lesson) => {
    const scope = new Map<string, Origin>();
    const found: string[] = [];
    for (const [i, cell] of readNotebook(notebookFile(lesson, "unsolved")).cells.entries()) {
      if (cell.cell_type !== "code") continue;
      const file = `/${lesson}-${i}`;
      const module = compiler.module(file, cell.source, scope);
      for (const { line, message } of compiler.problems(module)) found.push(`cell ${i + 1}, line ${line}: ${message}`);
      compiler.importLiterals(module);
      compiler.keep(file, module);
      for (const [name, origin] of module.declares) scope.set(name, origin);
    }
    expect(found).toEqual([]);
  });
});
