import fs from "node:fs";
import { expect, it } from "vitest";
import { BAD, GOOD, NEUTRAL } from "../../../lib/notebook/html";
import { TEXT } from "../../../lib/notebook/plot/theme";
import { setFormulas } from "../../../tools/site/read/formulas.mjs";
import { fenced, introduction, pageNotebook } from "../../../tools/site/read/notebook.mjs";
import { COLOURS, pageOutput } from "../../../tools/site/read/outputs.mjs";
import { headingId, Places } from "../../../tools/site/read/places.mjs";

const ROOT = process.cwd();
const LESSON = "notebooks/01-mixture-of-experts.ipynb";

it("links lead from page to page, to a cell, to a heading, to a listing", () => {
  const places = new Places(ROOT);
  const to = (target: string, from = LESSON) => places.resolve(target, from);
  expect(to("02-load-balancing.ipynb")).toBe("02-load-balancing.html");
  expect(to("01-mixture-of-experts.ipynb#cell-id=01-gate")).toBe("01-mixture-of-experts.html#01-gate");
  expect(to("../notebooks/solutions/01-mixture-of-experts.ipynb")).toBe("01-mixture-of-experts.html");
  expect(to("../docs/primer.md#positions-rope")).toBe("primer.html#positions-rope");
  expect(to("../lib/model/router.ts")).toBe("lib/model/router.ts.html");
  expect(to("README.md", "data/checkpoints/v3-mini/README.md")).toBe("README.html");
  expect(to("../../../docs/glossary.md", "data/checkpoints/v3-mini/README.md")).toBe("../../../glossary.html");
  expect(to("https://example.org/a#b")).toBe("https://example.org/a#b");
  expect(places.linked.get("lib/model/router.ts")).toBe("lib/model/router.ts");
  expect(places.lost).toEqual([]);
});

it("a link that leads nowhere becomes text, and is told", () => {
  const places = new Places(ROOT);
  expect(places.inMarkdown("see [it](../lib/no-such.ts), `[x](y.md)` and ![p](a.svg)", LESSON)).toBe(
    "see [it], `[x](y.md)` and ![p](a.svg)",
  );
  expect(places.lost).toEqual([`${LESSON}: ../lib/no-such.ts`]);
});

it("a heading has the id that Sphinx gives it", () => {
  expect(headingId("2-dense-against--sparse")).toBe("dense-against-sparse");
});

it("the colours that a page replaces are those of lib/notebook", () => {
  expect(Object.keys(COLOURS).sort()).toEqual([GOOD, BAD, NEUTRAL].sort());
  expect(fs.readFileSync("tools/site/read/static/pages.js", "utf8")).toContain(`/${TEXT}/gi`);
});

const PAGE = { run: "run/x", html: (text: string) => text, markdown: (text: string) => text };

it("a check that nobody has answered says where it can be; one that passed stays", () => {
  const judged = (words: string) => ({
    output_type: "display_data",
    data: { "text/plain": words, "text/html": `<b>${words}</b>`, "application/vnd.course.judged+json": {} },
  });
  const shown = (words: string) => String(pageOutput(judged(words), PAGE).data?.["text/html"]);
  expect(shown("○ The gate: not solved yet\nReplace the stub …")).toMatch(/The gate<.*href="run\/x"/);
  expect(shown("○ The gate: not solved yet\nReplace the stub …")).not.toContain("stub");
  expect(shown("✔ The gate: right")).toBe("<b>✔ The gate: right</b>");
});

it("no figure's text can end the script element that holds it", () => {
  const figure = { data: [{ name: "</script><b>" }], layout: { title: { text: "?" } } };
  const output = {
    output_type: "display_data",
    data: { "application/vnd.plotly.v1+json": figure, "text/plain": "Plot: ?" },
  };
  const html = String(pageOutput(output, PAGE).data?.["text/html"]);
  expect(html.match(/<\/script>/g)).toHaveLength(1);
  const json = /<script type="application\/json">([^]*?)<\/script>/.exec(html)?.[1] ?? "";
  expect(JSON.parse(json)).toEqual(figure);
});

it("code keeps its backticks", () => {
  expect(fenced("say`a ```b``` c`;\n", "ts")).toBe("````ts\nsay`a ```b``` c`;\n````");
});

it("a formula is set; one that is none names its page", () => {
  expect(setFormulas('<span class="course-math">a &lt; b</span>', "p")).toContain("<mo>&lt;</mo>");
  expect(() => setFormulas('<div class="course-math">\\frac{</div>', "p")).toThrow(/^p: the formula \\frac\{/);
});

it("a lesson says its question, gets its door and its solutions, and folds what answers a prediction", () => {
  const code = (id: string, source: string, more: object = {}) => ({
    cell_type: "code",
    id,
    metadata: {},
    source,
    execution_count: 1,
    outputs: [],
    ...more,
  });
  const text = (id: string, source: string) => ({ cell_type: "markdown", id, metadata: {}, source });
  const out = { outputs: [{ output_type: "display_data", data: { "text/plain": "3" }, metadata: {} }] };
  const nbgrader = (role: object) => ({ metadata: { nbgrader: role } });
  const cells = [
    text("a", "# 11 · New\n\n## Why?\n\nBecause of **it**."),
    text("b", "**Predict.** How many?"),
    code("c", "count();", out),
    text("d", "## Then\n\n### Exercise 1 · One"),
    code("e", "stub", nbgrader({ solution: true, grade: false })),
    code("f", "check", nbgrader({ solution: false, grade: true })),
    text("g", "<details><summary>Hint 1</summary>\n\nx\n\n</details>"),
    text("h", "End"),
  ];
  const notebook = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const solved = { ...notebook, cells: [code("e", "answer")] };
  expect(introduction(notebook)).toEqual({ title: "11 · New", question: "Why?", description: "Because of it." });
  const options = { lesson: "11-new", places: new Places(ROOT), targets: new Set(["e"]) };
  const page = pageNotebook(notebook, solved, options).cells;
  expect(page.map(({ id }) => id)).toEqual(["a", "b", "c", "d", "e-place", "e", "f", "g", "e-solution", "h"]);
  expect(page[0].source).toMatch(/^# 11 · New\n\n<p.*href="run\/lab\/index.html\?path=11-new.ipynb"/);
  expect(page[2].metadata.tags).toEqual(["hide-output"]);
  expect(page[8].source).toContain("answer");
});
