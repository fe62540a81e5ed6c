import { expect, it } from "vitest";
import { findClaim } from "../../../lib/claims/claims";
import { mtpAblation } from "../../../lib/lessons/05-multi-token-prediction/ablation";

it("shows every row of the report's table, with the gains that the claim is judged by", () => {
  const rows = mtpAblation();
  const facts = Object.entries(findClaim("mtp-planning").facts!);
  const judged = Object.fromEntries(facts.filter(([key]) => key !== "planningTests"));
  expect(rows).toHaveLength(Object.keys(judged).length);
  expect(rows.map(({ gain }) => gain.toFixed(3).replace("-0.000", "0.000"))).toEqual(
    Object.values(judged).map(({ value }) => value.toFixed(3).replace("-0.000", "0.000")),
  );
});

it("counts fewer bits as better", () => {
  const [large] = mtpAblation().filter(({ size, test }) => size === "large" && test.startsWith("Pile"));
  expect(large.with).toBeLessThan(large.without);
  expect(large.gain).toBeGreaterThan(0);
});
