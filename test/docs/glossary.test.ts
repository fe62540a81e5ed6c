/** The glossary names what is in lib, and has every symbol of the lessons' formulas. */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { namesIn } from "./exports";
import { formulasIn, proseOf, symbolsIn } from "./symbols";

const FILE = "docs/glossary.md";
const MASTERS = "notebooks/source";

interface Row {
  first: string;
  code: string;
  text: string;
}

/** The rows of all tables: the symbol or term, and the column "in the code". */
function rowsOf(markdown: string): Row[] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (symbol|term) /.test(line))
    .map((line) => {
      const [first, code, ...others] = line.slice(2, -2).split(" | ");
      return { first, code, text: others.join(" ") };
    });
}

const text = fs.readFileSync(FILE, "utf8");
const rows = rowsOf(text);

/** Names in the code that a row gives and that are not in the file that it links to. */
function wrongNames({ code }: Pick<Row, "code">): string[] {
  return [...code.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)].flatMap(([, label, file]) => {
    const spans = [...label.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    if (!fs.existsSync(file)) return [file];
    const { exported, inside } = namesIn(file);
    // "`cKV` of `latent`": the last span is the function, the others are names in it.
    const of = label.includes(" of ") ? spans[spans.length - 1] : null;
    if (of === null) return spans.filter((name) => !exported.has(name));
    const known = inside.get(of);
    const missing = exported.has(of) ? [] : [of];
    return [...missing, ...spans.slice(0, -1).filter((name) => !known?.has(name))].map((name) => `${name} of ${of}`);
  });
}

describe("a name in the code", () => {
  it.each(rows.filter(({ code }) => code.includes("](")).map((row) => [row.first, row] as const))("%s", (_, row) => {
    expect(wrongNames(row)).toEqual([]);
  });

  it("stands in nearly every row", () => {
    expect(rows.length).toBeGreaterThan(90);
    expect(rows.filter(({ code }) => code.trim() === "").map(({ first }) => first)).toEqual([]);
    expect(rows.filter(({ code }) => code.includes("](")).length / rows.length).toBeGreaterThan(0.9);
  });

  it.each([
    ["[`noSuchName`](../lib/model/mla.ts)", ["noSuchName"]],
    ["[`perHead`](../lib/model/mla.ts)", ["perHead"]],
    ["[`nothing` of `latent`](../lib/model/mla.ts)", ["nothing of latent"]],
    ["[`mla`](../lib/model/gone.ts)", ["lib/model/gone.ts"]],
    ["[`cKV` of `latent`](../lib/model/mla.ts), [`qLoraRank`](../lib/model/config.ts)", []],
  ])("that is wrong is found: %s", (code, wrong) => {
    expect(wrongNames({ code })).toEqual(wrong);
  });
});

/**
 * Symbols that a lesson explains where it uses them, and nowhere else: in the glossary they would only be confused with
 * the course's own.
 */
const LOCAL: Record<string, { symbols: string; reason: string }[]> = {
  "01": [{ symbols: "a", reason: "the width of any matrix, where its parameters are counted" }],
  "03": [{ symbols: "r c", reason: "the rank of a matrix, and a latent, where the formula holds for any" }],
  "04": [{ symbols: "e f", reason: "exponent and fraction of a floating-point number" }],
  "05": [{ symbols: "a c v S E", reason: "acceptance, costs and speed-up of speculative decoding, defined beside it" }],
  "06": [
    { symbols: "f q \\pi \\beta m", reason: "FLOPs, bytes, peak and bandwidth of the roofline, sides of a product" },
    {
      symbols: "F B P W",
      reason: "a forward, a backward, its part for weights, and pipeline ranks, in the report's letters",
    },
  ],
  "07": [{ symbols: "C A B E N D", reason: "the scaling law, in the letters of its paper" }],
  "09": [
    { symbols: "a \\phi", reason: "a pair of channels and the angle that it is turned by, defined beside them" },
    { symbols: "c G", reason: "any latent, and the number of groups of experts in a shape" },
  ],
};

/** Symbols of a lesson that neither the glossary nor the lesson's own list has. */
function unexplained(lesson: string, prose: string): string[] {
  const known = new Set([
    ...rows.flatMap(({ first }) => formulasIn(first).flatMap(symbolsIn)),
    ...(LOCAL[lesson] ?? []).flatMap(({ symbols }) => symbols.split(" ")),
  ]);
  const used = new Set(formulasIn(prose).flatMap(symbolsIn));
  return [...used].filter((symbol) => !known.has(symbol));
}

describe("every symbol of a formula is in the glossary, or local to its lesson (LOCAL in this test):", () => {
  const masters = fs.readdirSync(MASTERS).filter((name) => /^\d\d-.+\.ts$/.test(name));

  it.each(masters)("%s", (name) => {
    const prose = proseOf(fs.readFileSync(path.join(MASTERS, name), "utf8"));
    expect(unexplained(name.slice(0, 2), prose)).toEqual([]);
  });

  it("a symbol that nobody explains is found", () => {
    expect(unexplained("03", "Let $W^{XY} h_t + \\zeta_{i} = c^{KV}_t$.")).toEqual(["W^{XY}", "\\zeta"]);
  });
});

describe("symbols of a formula", () => {
  it.each([
    ["c_t^{KV} = \\mathrm{RMSNorm}(W^{DKV} h_t)", ["c^{KV}", "W^{DKV}", "h"]],
    ["c^{KV}_{t}", ["c^{KV}"]],
    ["\\frac{q^{C\\top} k_s^C}{\\sqrt{d_h + d_h^R}}", ["q^{C}", "k^{C}", "d_h", "d_h^{R}"]],
    ["h'_i = M_k [h_{i}; x]", ["h'", "M", "h", "x"]],
    ["\\sum_{i \\in \\mathcal I(x)} g_i", ["i", "I", "x", "g"]],
    ["b_i \\leftarrow b_i + \\gamma\\,\\mathrm{sign}(x)", ["b", "b", "\\gamma", "x"]],
  ])("%s", (formula, symbols) => {
    expect(symbolsIn(formula)).toEqual(symbols);
  });

  it("are read in formulas only", () => {
    expect(formulasIn("It costs \\$5 and $x$, `$y$`, $$z\n= 1$$ and 5$.")).toEqual(["z\n= 1", "x"].reverse());
  });
});
