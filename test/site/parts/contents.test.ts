import path from "node:path";
import { describe, expect, it } from "vitest";
import { listLessons } from "../../../tools/setup/lessons.mjs";
import { projectAt, ROOT } from "../../../tools/setup/project.mjs";
import { collectContents, listFolders } from "../../../tools/site/lab/contents.mjs";

interface Cell {
  cell_type: string;
  source: unknown;
  outputs?: { text?: unknown; data?: Record<string, unknown> }[];
}

const { contents, lessons } = collectContents(projectAt(ROOT));
const paths = new Set(contents.map((content) => content.path));
const cellsOf = (file: string) => {
  const bytes = contents.find((content) => content.path === file)?.bytes ?? "";
  return (JSON.parse(bytes.toString()) as { cells: Cell[] }).cells;
};

describe("what JupyterLite shows", () => {
  it("is every lesson, at the root, and its solution", () => {
    const names = listLessons(projectAt(ROOT));
    expect(Object.keys(lessons)).toEqual(names);
    for (const name of names) {
      expect(paths).toContain(`${name}.ipynb`);
      expect(paths).toContain(`notebooks/solutions/${name}.ipynb`);
    }
  });

  it("comes without the answers to predictions, as npm start copies it, and with all other outputs", () => {
    const cells = cellsOf("01-mixture-of-experts.ipynb");
    const asks = cells.findIndex((cell) => /\*\*predict/i.test(String(cell.source)));
    const next = cells.findIndex(
      (cell, i) => i > asks && cell.cell_type === "markdown" && /^#{1,6} /m.test(String(cell.source)),
    );
    expect(asks).toBeGreaterThan(0);
    for (const cell of cells.slice(asks, next)) expect(cell.outputs ?? []).toEqual([]);
    expect(cells.filter((cell) => (cell.outputs ?? []).length > 0).length).toBeGreaterThan(5);
  });

  it("holds texts in one piece, which JupyterLite wants", () => {
    for (const file of [...paths].filter((name) => name.endsWith(".ipynb"))) {
      for (const { source, outputs = [] } of cellsOf(file)) {
        expect(typeof source, file).toBe("string");
        for (const { text = "", data = {} } of outputs) {
          expect(typeof text, file).toBe("string");
          expect(typeof (data["text/plain"] ?? ""), file).toBe("string");
        }
      }
    }
  });

  it("holds every file that a lesson, a solution or a page links to", () => {
    const missing: string[] = [];
    for (const { path: file, bytes } of contents.filter((content) => /\.(ipynb|md)$/.test(content.path))) {
      const text = file.endsWith(".md")
        ? bytes.toString()
        : cellsOf(file)
            .map((cell) => cell.source)
            .join("\n");
      for (const [, link] of text.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)) {
        if (/^[a-z]+:/i.test(link)) continue;
        // As JupyterLab resolves it: what leads above the root stays there.
        const target = path.posix.resolve("/", path.posix.dirname(file), link).slice(1);
        if (/\.\w+$/.test(target) && !paths.has(target)) missing.push(`${file}: ${link}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

describe("the lists of folders", () => {
  const lists = listFolders(contents, "2026-01-01T00:00:00.000Z") as Map<
    string,
    { content: { path: string; type: string }[] }
  >;
  const listed = (folder: string) => lists.get(folder)?.content.map(({ path: file, type }) => `${type} ${file}`) ?? [];

  it("name each file and each folder once, under its folder", () => {
    expect(listed("")).toContain("notebook 00-start-here.ipynb");
    expect(listed("")).toContain("directory docs");
    expect(listed("docs")).toContain("file docs/glossary.md");
    expect(listed("notebooks")).toEqual(["directory notebooks/solutions"]);
    const files = [...lists.values()].flatMap(({ content }) => content.filter(({ type }) => type !== "directory"));
    expect(files.map((file) => file.path).sort()).toEqual([...paths].sort());
  });
});
