import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { addChanges, changes, describeChanges } from "../../tools/course/build/changes";
import { PLOTLY, readNotebook, writeNotebook, type Notebook } from "../../tools/course/build/notebook";
import { temporaryFolder } from "../support/folder";
import { code, notebook, prose, shown, stdout } from "./sample";

const plot = (...y: number[]) => shown({ [PLOTLY]: { data: [{ y }] } });
const listing = (line: number) =>
  shown({ "text/markdown": "[`lib/a.ts`](../lib/a.ts)", "text/plain": `lib/a.ts:${line}\n\nexport const a = 1;` });

describe("what a notebook shows otherwise than before", () => {
  const before = notebook(
    prose("#"),
    code('import { a } from "./lib/a";', 1, [stdout("Ready on wasm\n")]),
    code("price();", 2, [stdout("37.5 billion\n")]),
    code("draw();", 3, [plot(1, 2), plot(3)]),
    code("quiet();", 4),
  );

  it("is nothing for the same results, which are counted without the imports", () => {
    expect(changes(before, structuredClone(before))).toEqual({ printed: 1, figures: 2, changed: [] });
  });

  it("is a printed line, or a number in a plot", () => {
    const after = structuredClone(before);
    after.cells[2] = code("price();", 2, [stdout("37.6 billion\n")]);
    after.cells[3] = code("draw();", 3, [plot(1, 2), plot(4)]);
    expect(changes(before, after).changed).toEqual([
      'cell 3 of 5 (price();): line 1: was "37.5 billion", is now "37.6 billion"',
      "cell 4 of 5 (draw();): figure.1.data.0.y.0 was 3, is now 4",
    ]);
  });

  it("is found in a cell that was edited, and is nothing if its results stay", () => {
    const after = structuredClone(before);
    after.cells[2] = code("cost();", 2, [stdout("37.5 billion\n")]);
    after.cells[3] = code("paint();", 3, [plot(1, 2), plot(3.5)]);
    expect(changes(before, after).changed).toEqual(["cell 4 of 5 (paint();): figure.1.data.0.y.0 was 3, is now 3.5"]);
  });

  it("is a result that is new or gone, wherever it stood; cells that show nothing come and go", () => {
    const [title, imports, price, draw, quiet] = before.cells;
    const fresh = code("more();", 3, [stdout("12\n")]);
    const added = notebook(title, imports, fresh, code("silent();", 2), price, draw, quiet);
    expect(changes(before, added).changed).toEqual(["cell 3 of 7 (more();): what it shows is new"]);
    expect(changes(added, before).changed).toEqual(["cell 3 of 7 (more();): what it showed is gone"]);
  });

  it("is told of the right cell where several were edited and one was put in", () => {
    const version = (rest: string) =>
      ["one();", "two();", "three();"].map((line) => code(`${line}\n${rest}`, 1, [stdout(`${line}\n`)]));
    const [first, ...others] = version("b");
    const old = notebook(...version("a"));
    const now = notebook(first, code("between();", 1, [stdout("?\n")]), ...others);
    expect(changes(old, now).changed).toEqual(["cell 2 of 4 (between();): what it shows is new"]);
  });

  it("is nothing in a cell tagged timing, in the imports, and in a listing of source code", () => {
    const results = (time: string, backend: string, line: number, value: string) =>
      notebook(
        code("import x from 'y';", 1, [stdout(backend)]),
        code("time();", 2, [stdout(time)], { tags: ["timing"] }),
        code("showSource();", 3, [listing(line), stdout(value)]),
      );
    expect(changes(results("12 ms", "wasm", 10, "1"), results("15 ms", "webgpu", 99, "1")).changed).toEqual([]);
    expect(changes(results("12 ms", "wasm", 10, "1"), results("12 ms", "wasm", 10, "2")).changed).toHaveLength(1);
  });
});

describe("in a line", () => {
  it("results are counted, and what changed", () => {
    const unchanged = { printed: 31, figures: 12, changed: [] };
    expect(describeChanges(unchanged)).toBe("31 printed results, 12 figures: unchanged");
    const changed = { printed: 1, figures: 1, changed: ["x"] };
    expect(describeChanges(changed)).toBe("1 printed result, 1 figure: 1 cell changed");
    const sum = addChanges([
      { printed: 1, figures: 2, changed: ["x"] },
      { printed: 3, figures: 4, changed: [] },
    ]);
    expect(sum).toEqual({ printed: 4, figures: 6, changed: ["x"] });
  });
});

describe("npm run build -- --compare", () => {
  const folder = temporaryFolder()();
  const compare = (...args: string[]) => {
    const ended = spawnSync(process.execPath, ["tools/run.mjs", "build", ...args], { encoding: "utf8" });
    return { status: ended.status, out: ended.stdout, stderr: ended.stderr };
  };

  /** The first lesson in another folder, its last printed result changed by `change`. */
  function write(change: (text: string) => string): Notebook {
    for (const inner of ["", "solutions"]) {
      const copy = readNotebook(path.join("notebooks", inner, "00-start-here.ipynb"));
      for (const cell of copy.cells) {
        if (cell.cell_type !== "code" || cell.metadata.tags?.includes("timing")) continue;
        for (const output of cell.outputs) if (output.output_type === "stream") output.text = change(output.text);
      }
      writeNotebook(path.join(folder, inner, "00-start-here.ipynb"), copy);
    }
    return readNotebook(path.join(folder, "00-start-here.ipynb"));
  }

  beforeAll(() => void fs.mkdirSync(folder, { recursive: true }));

  it("finds nothing in a copy, and ends with exit code 0", () => {
    write((text) => text);
    const { status, out, stderr } = compare("--compare", folder, "00");
    expect([status, stderr]).toEqual([0, ""]);
    expect(out).toMatch(/^all 2 notebooks: \d+ printed results, \d+ figures: unchanged$/m);
  });

  it("names what changed, and what is missing, and ends with exit code 1", () => {
    write((text) => text.replace(/^/, "once upon a time "));
    const { status, out } = compare("--compare", folder, "00");
    expect(status).toBe(1);
    expect(out).toMatch(/cell \d+ of \d+ .*: line 1: was "once upon a time .*, is now "/);
    fs.rmSync(path.join(folder, "solutions"), { recursive: true });
    const missing = path.relative(".", path.join(folder, "solutions", "00-start-here.ipynb"));
    expect(compare("--compare", folder, "00").out).toContain(`there is no ${missing}`);
  });

  it("needs a folder that is there; and --unchanged needs a run", () => {
    expect(compare("--compare", path.join(folder, "nowhere")).stderr).toContain("--compare: there is no folder");
    expect(compare("--unchanged", "--no-execute").stderr).toBe(
      "build: --unchanged compares the results of a run: leave out --no-execute\n",
    );
  });
});
