/** Every snippet of the pages for learners compiles, prints what it claims, or gives the error that it claims. */
import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { messagesOf, printedBy, programsOf, remove, snippetsIn, type Page } from "./snippets";

const PAGES = ["typescript-for-python", "primer"];
const pages = new Map(PAGES.map((name) => [name, snippetsIn(fs.readFileSync(`docs/${name}.md`, "utf8"))]));
/** Pages that must be found wanting. */
const PLANTED = snippetsIn(
  "```ts\nconst one: string = 1;\nconsole.log(2);\n```\n\n```text\n3\n```\n\n```ts error\none.size;\n```\n\n```text\nx\n```\n",
);

describe("snippets", () => {
  const programs = new Map<string, Page>();
  let messages = new Map<string, string[]>();

  beforeAll(() => {
    for (const [name, snippets] of [...pages, ["planted", PLANTED] as const])
      programs.set(name, programsOf(name, snippets));
    const files = [...programs.values()].flatMap(({ file, errors }) => [file, ...errors.map((error) => error.file)]);
    messages = messagesOf(files);
  }, 600_000);
  afterAll(() => [...programs.values()].forEach(remove));

  const page = (name: string): Page => programs.get(name) as Page;

  describe.each(PAGES)("docs/%s.md", (name) => {
    it("compile", () => {
      expect(page(name).runs.length).toBeGreaterThan(4);
      expect(messages.get(page(name).file)).toEqual([]);
    });

    it("print what stands below them", async () => {
      const printed = await printedBy(page(name).file);
      const claimed = page(name).runs.filter(({ claimed }) => claimed !== null);
      expect(Object.fromEntries(claimed.map(({ line }) => [line, printed.get(line)]))).toEqual(
        Object.fromEntries(claimed.map(({ line, claimed }) => [line, claimed])),
      );
      const silent = page(name).runs.filter(({ line, claimed }) => claimed === null && printed.get(line) !== "");
      expect(silent).toEqual([]);
    });

    it("give the errors that stand below them", () => {
      for (const { file, snippet } of page(name).errors) {
        expect(messages.get(file), `line ${snippet.line}`).toEqual(snippet.claimed?.split("\n"));
      }
    });

    it("lists its sections at the beginning", () => {
      const text = fs.readFileSync(`docs/${name}.md`, "utf8").replace(/^```[^]*?^```$/gm, "");
      const titles = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title.toLowerCase());
      const anchors = titles.map((title) => title.replace(/[^\w -]/g, "").replaceAll(" ", "-"));
      expect([...text.matchAll(/^- \[[^\]]+\]\(#([\w-]+)\)/gm)].map(([, anchor]) => anchor)).toEqual(anchors);
    });
  });

  it("that are wrong are found", async () => {
    const { file, runs, errors } = page("planted");
    expect(messages.get(file)).toEqual(["Type 'number' is not assignable to type 'string'."]);
    const [{ line, claimed }] = runs;
    expect([(await printedBy(file)).get(line), claimed]).toEqual(["2", "3"]);
    expect(messages.get(errors[0].file)).toContain("Property 'size' does not exist on type 'string'.");
  });
});
