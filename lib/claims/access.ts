/** Claims about who could pay for a model like V3 (lesson 07). */
import { fixed, percent, times } from "../notebook/format";
import { claimed } from "./claims";
import { costFacts, dollars, official, runsAbove } from "./cost-facts";
import { about, ruleSet, weigh } from "./rule";

export const accessRules = ruleSet(costFacts, [
  {
    id: "access-cscs",
    judge: (f) => {
      const share = official(f) / f.cscs;
      const first = about(share, claimed("access-cscs", "share"), 0.2);
      const years = (dear: number) => dear / f.cscs;
      const several = claimed("access-cscs", "years");
      return {
        verdict: weigh([
          first ? "right if" : "wrong",
          years(f.gpt4Cloud) >= several ? "right" : years(f.gpt4Highest) >= several ? "right if" : "wrong",
        ]),
        evidence:
          `One run is ${percent(share)} of ${dollars(f.cscs)} a year: right, for the last run alone. Ten are ` +
          `${percent(claimed("access-cscs", "runs") * share)} of all that the centre has. A GPT-4 takes ` +
          `${fixed(years(claimed("cost-gpt4", "low")), 1)} to ${fixed(years(f.gpt4Highest), 1)} years of it by the article's own ` +
          `figures, ${fixed(years(f.gpt4Owned), 1)} to ${fixed(years(f.gpt4Cloud), 1)} by published estimates.`,
      };
    },
    turns: { key: "cscs", name: "budget of CSCS", unit: "dollars a year", low: 5e6, high: 500e6 },
  },
  {
    id: "access-who",
    judge: (f) => {
      const done = f.apertusFlops / f.v3Flops;
      return {
        verdict: weigh([done >= 1 ? "right if" : "open"]),
        evidence:
          `A public centre has trained with ${times(done)} V3's arithmetic: Apertus 70B. The hours cost ` +
          `${dollars(official(f))}; but whoever owns the machine has paid ${dollars(f.gpus * f.gpuPrice)} for its GPUs, and what ` +
          "comes before the last run has its own price (cost-all-in). And it takes the people.",
      };
    },
    turns: { key: "apertusFlops", name: "largest public training", unit: "FLOP", low: 1e23, high: 1e26 },
  },
  {
    id: "access-largest",
    judge: (f) => ({
      verdict: weigh([f.dearestPublic >= 100e6 ? "right if" : "right"]),
      evidence:
        `As the price of one model: the runs in our data with an estimate of $100M or more are ${runsAbove(100e6)}, none of them of a ` +
        "university or a public centre. As a sum of money: " +
        `no. Public bodies have bought machines for more, up to ${fixed(f.dearestPublic / 1e6, 0)} million (of their currency); but ` +
        "for years of use, shared by thousands.",
    }),
    turns: { key: "dearestPublic", name: "dearest public machine", unit: "dollars", low: 1e6, high: 1e9 },
  },
]);
