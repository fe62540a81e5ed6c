import { describe, expect, it } from "vitest";
import { formatNotebook, keepOutputs, parseNotebook } from "../../tools/course/build/notebook";
import { code, notebook, prose, shown, stdout } from "./sample";

describe("the notebook format", () => {
  it("splits texts into lines and sorts keys, and reads back what it wrote", () => {
    const original = notebook(
      prose("a\nb"),
      code("x", 1, [stdout("1\n2\n"), shown({ "text/plain": "p\nq", "image/png": "iVB" })]),
    );
    const text = formatNotebook(original);
    expect(text).toContain('"source": [\n    "a\\n",\n    "b"\n   ]');
    expect(text.indexOf('"cell_type"')).toBeLessThan(text.indexOf('"source"'));
    expect(parseNotebook(text, "x")).toEqual(original);
    expect(formatNotebook(parseNotebook(text, "x"))).toBe(text);
  });

  it("refuses what is not a notebook", () => {
    expect(() => parseNotebook('{"nbformat": 3}', "old.ipynb")).toThrow("old.ipynb is not a notebook");
  });
});

describe("keepOutputs", () => {
  it("gives unchanged cells the outputs they had, and edited ones none", () => {
    const fresh = notebook(prose("new title"), code("same", null), code("edited", null));
    const edited = { ...code("before", 2, [stdout("old")]), id: "id-edited" };
    keepOutputs(fresh, notebook(prose("title"), code("same", 1, [stdout("kept")]), edited));
    expect(fresh.cells[1]).toMatchObject({ outputs: [stdout("kept")], execution_count: 1 });
    expect(fresh.cells[2]).toMatchObject({ outputs: [], execution_count: null });
  });
});

it("writes half a character as a mark, and leaves its escape in code alone", () => {
  const source = `const half = "\\ud83d"; // ${"😀".slice(0, 1)}, \\\\ud83d and 😀`;
  const written = formatNotebook({
    cells: [{ cell_type: "markdown", id: "a", metadata: {}, source }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });
  const [{ source: lines }] = (JSON.parse(written) as { cells: { source: string[] }[] }).cells;
  expect(lines.join("")).toBe(`const half = "\\ud83d"; // \uFFFD, \\\\ud83d and 😀`);
});
