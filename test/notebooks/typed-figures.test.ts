import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { amountsReadAsFormulas, describeTypedFigure, figuresIn, typedFigures } from "./typed-figures";

/** The lessons whose figures all come from data/ and cells. */
const LESSONS = fs.readdirSync("notebooks/source").filter((name) => /^(06|07|08|10|11)-.*\.ts$/.test(name));

const inMarkdown = (text: string) =>
  typedFigures(
    `// %% [markdown]\n${text
      .split("\n")
      .map((line) => `// ${line}`.trimEnd())
      .join("\n")}\n`,
  );

describe.each(LESSONS)("notebooks/source/%s", (name) => {
  it("has no figure in its prose that is neither computed nor quoted with its source", () => {
    const file = `notebooks/source/${name}`;
    const found = typedFigures(fs.readFileSync(file, "utf8"));
    expect(found.map((figure) => describeTypedFigure(file, figure))).toEqual([]);
  });
});

describe("a figure", () => {
  it.each([
    ["It cost \\$5.6M in all.", ["USD 5.6M"]],
    ["A margin of 84.5% is high.", ["84.5%"]],
    ["It took 54 days.", ["54 days"]],
    ["They had 2,048 of them, and CHF 50 million.", ["2,048", "CHF 50 million"]],
    ["A factor of 3.2, eleven-fold, 11-fold, 11 times.", ["3.2", "11-fold", "11 times"]],
    ["Only 37B of 671B parameters work.", ["37B", "671B"]],
    ["It read 14.8 trillion tokens at 16000 a second.", ["14.8 trillion", "16000"]],
  ])("is found: %s", (sentence, figures) => {
    expect(figuresIn(sentence)).toEqual(figures);
  });

  it.each([
    "The H800, V3, R1, GPT-4, FP8 and E4M3 are names.",
    "So are Llama 3.1 405B, Mixtral 8x7B, Qwen2.5 72B, Gemini 1.0 Ultra and Claude 3.5 Sonnet; against 405B.",
    "See section 3.2.1, table 4, tables 4 and 5, page 47, lesson 06, appendix B.1 and equations 13 to 16.",
    "On 27–28 February 2025, in December 2024 and in 2023.",
    "$2 \\cdot 6.5 = 13$ and `price = 2.5` and $$C = 6 \\cdot 10^{24}$$",
    "Three ways, two of 3 groups, and one half.",
    "Look at [the paper](https://arxiv.org/abs/2412.19437).",
    "The Open Source AI Definition 1.0 and Apache 2.0.",
  ])("is not: %s", (sentence) => {
    expect(figuresIn(sentence)).toEqual([]);
  });
});

describe("a quoted figure", () => {
  it.each([
    "It took 3.7 days a trillion tokens (the report, section 1).",
    "It had 25,000 GPUs ([Epoch AI](https://epoch.ai)).",
    "It had 80 GB. It cost 2 dollars an hour (the report, table 1).", // the paragraph's last bracket speaks for all
    "| `cost-days` | it ran for 60 days |",
    "*Implement · difficulty 2 of 3 · 12 minutes · 3 points*",
  ])("may be typed: %s", (text) => {
    expect(inMarkdown(text)).toEqual([]);
  });

  it("needs its source in its own sentence where the paragraph goes on", () => {
    const found = inMarkdown("It had 80 GB.\nIt cost 2 dollars an hour (the report, table 1). And so on.");
    expect(found).toEqual([{ line: 2, cell: 1, sentence: "It had 80 GB.", figure: "80 GB" }]);
  });

  it("is not made one by any bracket", () => {
    expect(inMarkdown("It took 54 days (a long time).")).toHaveLength(1);
  });
});

describe("a lesson", () => {
  const master = [
    "// %% [markdown]",
    "// # 07 · Costs",
    "//",
    "// A first line",
    "// of 20% in",
    "// three.",
    "//",
    "// - an item: 5 GB",
    "",
    "// %%",
    "const price = 2.5; // 1.0..4 dollars: the price",
    "say`It is ${fixed(price, 1)} dollars, not 3 dollars.`;",
    "",
  ].join("\n");

  it("is read paragraph by paragraph, with what it says from cells", () => {
    expect(typedFigures(master)).toEqual([
      { line: 4, cell: 1, sentence: "A first line of 20% in three.", figure: "20%" },
      { line: 8, cell: 1, sentence: "- an item: 5 GB", figure: "5 GB" },
      { line: 12, cell: 2, sentence: "It is computed dollars, not 3 dollars.", figure: "3 dollars" },
    ]);
  });

  it("gets a message that names lesson, cell, sentence and the ways out", () => {
    const message = describeTypedFigure("notebooks/source/07-x.ts", typedFigures(master)[0]);
    for (const part of [
      "07-x.ts:4, cell 1",
      '"20%"',
      "A first line of 20%",
      "say`",
      "fact()",
      "source in the same sentence",
    ])
      expect(message).toContain(part);
  });
});

describe("amounts in dollars", () => {
  const found = (text: string) => amountsReadAsFormulas(`// %% [markdown]\n// ${text}\n`);

  it.each(["from \\$5M to \\$6M", "from $5M to $6M", "at $2 an hour, $5.576M in all"])(
    "would be read as a formula if there are two: %s",
    (text) => {
      expect(found(text)).toEqual([{ line: 2, text }]);
    },
  );

  it.each(["only $5M", "five or 6 million dollars", "the formulas $6ND$ and $2N$, $3 \\cdot 4$", "`$5M` and `$6M`"])(
    "are fine otherwise: %s",
    (text) => {
      expect(found(text)).toEqual([]);
    },
  );

  it.each(fs.readdirSync("notebooks/source").filter((name) => /^\d\d-.*\.ts$/.test(name)))("are fine in %s", (name) => {
    expect(amountsReadAsFormulas(fs.readFileSync(`notebooks/source/${name}`, "utf8"))).toEqual([]);
  });
});
