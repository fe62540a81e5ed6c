/** What a sweep says of its runs, where not every run has every result. */
import { describe, expect, it } from "vitest";
import { parseParameters } from "../../lib/notebook/parameter-spec";
import { csvOf, rowsOf, summary } from "../../tools/course/rerun/summary";
import type { Point } from "../../tools/course/rerun/sweep";
import { readAxes } from "../../tools/course/rerun/values";

const specs = parseParameters(`const price = 2; // 0.5..20 dollars: what an hour costs
const method = "bias"; // none | bias: how load is kept even`);
const result = (name: string, value: number, unit = "") => ({ name, value, unit });
const points: Point[] = [
  {
    values: { price: 1 },
    results: [result("cost", 10, "dollars"), result("always", 1), result('in "novel", most', 3)],
  },
  { values: { price: 2 }, results: [result("cost", 20, "dollars"), result("always", 1)] },
];
const made = (texts: string[], of: Point[]) =>
  summary({ lesson: "42-answers", axes: readAxes(specs, texts), fixed: {}, points: of, failures: [] }).cells;

describe("a sweep's summary", () => {
  it("names the results that only some runs have, and calls none of them the same in all", () => {
    const [{ source }] = made(["price=1,2"], points);
    expect(source).toContain("The same in all runs, and so without a plot: always.");
    expect(source).toContain('Not a result of every run: in "novel", most (1 of 2).');
  });

  it.each([["price=1,2"], ["method=none,bias"]])("plots of %s only the runs that have the result", (axis) => {
    const of = points.map(({ results }, i): Point => ({
      values: axis.startsWith("price") ? { price: i + 1 } : { method: ["none", "bias"][i] },
      results,
    }));
    const plots = made([axis], of).filter(({ source }) => source.startsWith("plot("));
    expect(plots).toHaveLength(2);
    for (const { source } of plots) expect(source).toMatch(/points\.filter\(has\)[^]*function has\(point/);
    expect(plots[1].source).toContain('return point["in \\"novel\\", most"] !== null;');
  });

  it("has the same columns in every row, with nothing where a run has nothing", () => {
    expect(rowsOf(points)[1]).toEqual({ price: 2, "cost (dollars)": 20, always: 1, 'in "novel", most': null });
    expect(csvOf(points)).toBe('price,cost (dollars),always,"in ""novel"", most"\n1,10,1,3\n2,20,1,\n');
  });
});
