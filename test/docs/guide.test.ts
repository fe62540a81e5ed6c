/** The guides name what is there, and the teachers' guide quotes what was measured. */
import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { figuresTable, GUIDE, HUB_FILE, tableIn, withTable, type Recorded } from "../hub/figures";

const guide = fs.readFileSync(GUIDE, "utf8");

describe.each(["README.md", "CONTRIBUTING.md", "docs/teaching.md"])("%s", (file) => {
  const text = fs.readFileSync(file, "utf8");

  it("names commands that exist", () => {
    const { scripts } = JSON.parse(fs.readFileSync("package.json", "utf8")) as { scripts: object };
    const named = [...text.matchAll(/npm run (?:--silent )?([\w-]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((name) => !(name in scripts) && name !== "NAME")).toEqual([]);
  });

  it("names files that exist", () => {
    const folders = "deploy|docs|lib|test|tools|data|notebooks|\\.vscode|\\.devcontainer|\\.binder|\\.ci";
    const named = [...text.matchAll(new RegExp(`\`((?:${folders})/[\\w./-]*)\``, "g"))].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !/NN-/.test(name) && !fs.existsSync(name))).toEqual([]);
  });
});

describe("docs/teaching.md", () => {
  it("has the figures of the last recorded hub test", () => {
    const wanted = fs.existsSync(HUB_FILE)
      ? figuresTable(JSON.parse(fs.readFileSync(HUB_FILE, "utf8")) as Recorded)
      : "Nothing has been recorded yet.";
    expect(tableIn(guide)).toBe(wanted);
  });

  it("gets another table without other changes", () => {
    const other = withTable(guide, "| $& | $1 |");
    expect(tableIn(other)).toBe("| $& | $1 |");
    expect(withTable(other, tableIn(guide))).toBe(guide);
    expect(() => tableIn("no comments")).toThrow("lacks the comment");
  });

  it("lists its sections at the beginning", () => {
    const titles = [...guide.matchAll(/^## (.+)$/gm)].map(([, title]) => title.toLowerCase());
    const anchors = titles.map((title) => title.replace(/[^\w -]/g, "").replaceAll(" ", "-"));
    expect([...guide.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor)).toEqual(anchors);
  });
});
