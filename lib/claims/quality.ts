/** The premise: that DeepSeek-V3 is as good as what it is compared with. Decided by the table of its release. */
import { findClaim } from "./claims";
import { fixed } from "../notebook/format";
import { ruleSet, weigh } from "./rule";

/** V3's score minus GPT-4o's, in points, for every row of the table of chat models. */
function differences(): Record<string, number> {
  const facts = findClaim("quality-gpt4").facts!;
  return Object.fromEntries(Object.entries(facts).map(([key, fact]) => [key, fact.value]));
}

/** What the premise is judged by. */
function qualityFacts() {
  const rows = differences();
  return {
    rows: Object.keys(rows).length,
    ahead: Object.values(rows).filter((points) => points > 0).length,
    least: Math.min(...Object.values(rows)),
    most: Math.max(...Object.values(rows)),
  };
}

const signed = (points: number) => `${points < 0 ? "−" : "+"}${fixed(Math.abs(points), 1)}`;

export const qualityRules = ruleSet(qualityFacts, [
  {
    id: "quality-gpt4",
    judge: (f) => ({
      verdict: weigh([f.ahead >= 0.5 * f.rows ? "right if" : "wrong"]),
      evidence:
        `In the table of its release V3 is ahead of GPT-4o (May 2024) in ${fixed(f.ahead, 0)} of ${fixed(f.rows, 0)} rows, from ` +
        `${signed(f.least)} to ${signed(f.most)} points, and behind in facts (SimpleQA, FRAMES). The condition: by its makers' own ` +
        "evaluation, on text, and against that model; the GPT-4 of 2023 does not stand in the table, nor does o1.",
    }),
    turns: { key: "ahead", name: "rows in which V3 is ahead", unit: "rows", low: 0, high: 22, whole: true },
  },
]);
