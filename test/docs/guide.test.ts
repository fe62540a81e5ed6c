/** The guide quotes what was measured, and names what is there. */
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { figuresTable, GUIDE, HUB_FILE, tableIn, withTable, type Recorded } from "../hub/figures";
import { ROOT } from "../teaching/course";

const guide = fs.readFileSync(GUIDE, "utf8");

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

it("names files and commands that exist", () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as { scripts: object };
  const commands = [...guide.matchAll(/npm run ([\w-]+)/g)].map(([, name]) => name);
  expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  const files = [...guide.matchAll(/`((?:deploy|tools|\.vscode|\.devcontainer|\.binder|notebooks)\/[\w./-]*)`/g)].map(([, file]) => file);
  expect(files.length).toBeGreaterThan(8);
  expect(files.filter((file) => !fs.existsSync(path.join(ROOT, file)))).toEqual([]);
  const anchors = [...guide.matchAll(/^## (.+)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-"));
  expect([...guide.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor)).toEqual(anchors.slice(0));
});
