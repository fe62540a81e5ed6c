import { describeLesson } from "./describe-lesson";

/** What the press did with DeepSeek's figure: the mark-up called margin. */
const MARKUP_AS_MARGIN = `function profit(tokens: ByKind, pricesPerMillion: ByKind, cost: number) {
  const { cacheHit, cacheMiss, output } = pricesPerMillion;
  const revenue = (tokens.cacheHit * cacheHit + tokens.cacheMiss * cacheMiss + tokens.output * output) / 1e6;
  return { markup: (revenue - cost) / cost, margin: (revenue - cost) / cost };
}`;

describeLesson({
  lesson: "07-cost-economics",
  wrong: { exercise: "07-margin", answer: MARKUP_AS_MARGIN, told: ["Your margin is the mark-up"] },
  refused: {
    parameter: /utilisation = [\d.]+/,
    to: "utilisation = 35",
    told: ["utilisation = 35 is outside 0.05..0.8 share"],
  },
});
