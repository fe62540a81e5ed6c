import { expect, it } from "vitest";
import { RESULT_MIME, result, resultsIn } from "../../lib/notebook/result";
import { captured } from "./captured";

it("shows a figure, and keeps it exactly for whoever reads the notebook", async () => {
  const { shown } = await captured(() => result("training cost", 5_576_000.123, "dollars"));
  const { bundle } = shown[0];
  expect(bundle["text/plain"]).toBe("→ training cost: 5,576,000 dollars");
  expect(bundle[RESULT_MIME]).toEqual({ name: "training cost", value: 5_576_000.123, unit: "dollars" });
});

it.each([
  [0.25, "0.2500"],
  [12.3456, "12.35"],
  [0, "0"],
  [1e-6, "1.000e-6"],
])("writes %d as %s", async (value, text) => {
  expect((await captured(() => result("x", value))).shown[0].bundle["text/plain"]).toBe(`→ x: ${text}`);
});

it("refuses what is no figure, and a figure without a name", () => {
  expect(() => result("loss", NaN)).toThrow('result "loss": NaN is not a finite number');
  expect(() => result(" ", 1)).toThrow("needs a name");
});

it("finds the results among other outputs, the last of each name", () => {
  const of = (name: string, value: number) => ({ "text/plain": "", [RESULT_MIME]: { name, value, unit: "" } });
  const found = resultsIn([
    { "text/plain": "no result" },
    of("a", 1),
    of("b", 2),
    of("a", 3),
    { [RESULT_MIME]: "broken" },
  ]);
  expect(found.map(({ name, value }) => [name, value])).toEqual([
    ["a", 3],
    ["b", 2],
  ]);
});
