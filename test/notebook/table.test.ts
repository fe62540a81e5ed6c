import { describe, expect, it } from "vitest";
import { table, tableBundle } from "../../lib/notebook/table";
import { captured } from "./captured";

const text = (
  ...args: Parameters<typeof tableBundle<Record<string, string | number | bigint | boolean | null | undefined>>>
) => tableBundle(...args)["text/plain"].split("\n");

describe("table", () => {
  it("shows one output, as HTML and as aligned text", async () => {
    const { shown } = await captured(() => table([{ part: "router", parameters: 1_835_008 }]));
    expect(shown.map(({ bundle }) => Object.keys(bundle))).toEqual([["text/html", "text/plain"]]);
  });

  it("aligns numbers to the right and text to the left", () => {
    expect(
      text([
        { part: "router", parameters: 1_835_008 },
        { part: "all", parameters: 64 },
      ]),
    ).toEqual(["part    parameters", "──────  ──────────", "router   1,835,008", "all             64"]);
    const html = String(tableBundle([{ part: "router", parameters: 7 }])["text/html"]);
    expect(html).toMatch(/<td[^>]*text-align: left[^>]*>router/);
    expect(html).toMatch(/<td[^>]*text-align: right[^>]*>7/);
  });

  it("gives all numbers of a column equally many digits after the point", () => {
    expect(text([{ ms: 1.5 }, { ms: 20 }, { ms: 0.254 }]).slice(2)).toEqual([" 1.5", "20.0", " 0.3"]);
    expect(text([{ ms: 1.5 }, { ms: 20 }], { digits: 3 }).slice(2)).toEqual([" 1.500", "20.000"]);
  });

  it("leaves whole numbers whole, whatever the digits", () => {
    expect(text([{ n: 3, ms: 0.5 }], { digits: 2 })[2]).toBe("3  0.50");
  });

  it("shows no number as zero that is not", () => {
    for (const value of [3.2e-7, 0.0004]) {
      expect(Number(text([{ share: value }, { share: 0 }])[2])).toBeCloseTo(value, 9);
      expect(Number(text([{ share: value }, { share: 5 }])[2])).toBeGreaterThan(0);
    }
  });

  it("shows what is not a number, big integers and gaps", () => {
    expect(
      text([{ v: NaN }, { v: -Infinity }, { v: 409_663_695_276_000n }, { v: null }])
        .slice(2)
        .map((line) => line.trim()),
    ).toEqual(["NaN", "-∞", "409,663,695,276,000", "–"]);
  });

  it("takes the columns of all rows, and a heading's unit and digits from the options", () => {
    expect(text([{ a: "x" }, { a: "y", b: 1.234 }], { columns: { b: { unit: "s", digits: 1 } } })).toEqual([
      "a  b (s)",
      "─  ─────",
      "x      –",
      "y    1.2",
    ]);
  });

  it("says what it shows, above", () => {
    expect(text([{ a: 1 }], { caption: "One number" })[0]).toBe("One number");
    expect(tableBundle([{ a: 1 }], { caption: "a < b" })["text/html"]).toContain("a &lt; b</caption>");
  });

  it("escapes text, and sets code between backticks", () => {
    expect(tableBundle([{ a: "<img src=x>", b: "`route(x)`" }])["text/html"]).toMatch(
      /&lt;img src=x&gt;.*<code>route\(x\)<\/code>/,
    );
  });

  it("shows dollars as dollars, which JupyterLab would take for formulas", () => {
    const { "text/html": html, "text/plain": plain } = tableBundle(
      [{ "price ($)": "$5.5M of computing: 2.788M hours at $2", why: "`$x$`" }],
      { caption: "$1 or $2" },
    );
    expect(String(html)).not.toContain("$");
    expect(String(html)).toContain("at <span>&#36;</span>2</td>");
    expect(String(html).match(/<span>&#36;<\/span>/g)).toHaveLength(7);
    expect(plain).toContain("$5.5M of computing: 2.788M hours at $2");
  });

  it("names no fixed colour but the half-transparent line", () => {
    const html = String(tableBundle([{ a: 1 }], { caption: "c" })["text/html"]);
    expect(html.match(/color|#[0-9a-f]{3,6}\b|rgba?\([^)]*\)/g)).toEqual(["rgba(128, 128, 128, 0.4)"]);
  });

  it("refuses a table without rows, by its caption", () => {
    expect(() => tableBundle([], { caption: "Costs" })).toThrow('table "Costs": there are no rows');
  });
});
