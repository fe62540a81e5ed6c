/** Claims about multi-token prediction: decided by the configuration, the report's ablation and recorded runs (lesson 05). */
import { value } from "../economics/facts";
import { forwardFlops, mtpForwardFlops } from "../economics/flops";
import { mtpParameters, totalParameters } from "../economics/parameters";
import { expectedTokens } from "../economics/speculation";
import { DEEPSEEK_V3 } from "../model/config";
import { billions, fixed, percent } from "../notebook/format";
import type { Comparison } from "../statistics/comparison";
import { compareSeeds, RUN_MEASURES } from "../training/compare-seeds";
import { recordedRuns } from "../training/record";
import { claimed, findClaim } from "./claims";
import { oneOfRange, ruleSet, weigh } from "./rule";

/** Percentage points, with their sign. */
const points = (gain: number) => `${gain < 0 ? "−" : "+"}${fixed(Math.abs(gain), 1)}`;

/** What the module adds to scores in the report's table 4: all rows of both models, by test and model. */
function tableOfGains(): Record<string, number> {
  const facts = Object.entries(findClaim("mtp-planning").facts!).filter(([key]) => key !== "planningTests");
  return Object.fromEntries(facts.map(([key, fact]) => [key, fact.value]));
}

/** What recorded runs say of the loss with the module against that without it, the module thrown away. */
function withAndWithoutModule(): Comparison {
  return compareSeeds(
    { name: "with the module", runs: recordedRuns("bias") },
    { name: "without it", runs: recordedRuns("no-mtp") },
    RUN_MEASURES.bitsPerByte,
  );
}

/** What the claims on multi-token prediction are judged by; each of these numbers can be changed to see a verdict turn. */
function mtpFacts() {
  const gains = Object.values(tableOfGains());
  const context = value("training-runs", "deepseek-v3", "sequence") / 2;
  return {
    depth: DEEPSEEK_V3.numNextnPredictLayers,
    acceptance: value("serving", "speculation", "acceptance"),
    speedUp: value("serving", "speculation", "speedUp"),
    scores: gains.length,
    scoresBetter: gains.filter((gain) => gain > 0).length,
    leastGain: Math.min(...gains),
    mostGain: Math.max(...gains),
    /** Published tests of planning or of long ranges, with the module against without. */
    planningTests: findClaim("mtp-planning").facts!.planningTests.value,
    /** Parameters that only the module has, those of an output layer, and the module's share of a token's work. */
    unique: mtpParameters(DEEPSEEK_V3).unique,
    outputLayer: DEEPSEEK_V3.vocabSize * DEEPSEEK_V3.hiddenSize,
    work: mtpForwardFlops(DEEPSEEK_V3, context) / forwardFlops(DEEPSEEK_V3, context),
  };
}

export const mtpRules = ruleSet(mtpFacts, [
  {
    id: "mtp-2-4",
    judge: (f) => {
      const tokens = 1 + f.depth;
      const [low, high] = [claimed("mtp-2-4", "low"), claimed("mtp-2-4", "high")];
      return {
        verdict: weigh(oneOfRange(tokens, low, high)),
        evidence:
          `${fixed(tokens, 0)} lies in the range, and that half is right. But there is no range: with ${fixed(f.depth, 0)} module each ` +
          `place predicts ${fixed(tokens, 0)} tokens, never more. Four is what the paper tried that it builds on.`,
      };
    },
    turns: { key: "depth", name: "prediction modules", unit: "modules", low: 0, high: 8, whole: true },
  },
  {
    id: "mtp-inference",
    judge: (f) => {
      const tokens = expectedTokens(f.acceptance, f.depth);
      return {
        verdict: weigh(["right"], { leavesOut: tokens > 1.05 }),
        evidence:
          `The module may be dropped, then nothing changes. It may also stay and draft: with ${percent(f.acceptance)} of its ` +
          `guesses accepted a step gives ${fixed(tokens)} tokens, and the report measures ${fixed(f.speedUp, 1)} times the speed.`,
      };
    },
    turns: { key: "acceptance", name: "acceptance rate", unit: "share", low: 0, high: 1 },
  },
  {
    id: "mtp-planning",
    judge: (f) => ({
      verdict: weigh([f.planningTests === 0 ? "open" : "right if"]),
      evidence:
        `Planning, long ranges, stability: no test of any of them with the module against without was published. What was ` +
        `published is scores: better in ${f.scoresBetter} of ${f.scores} rows of the report's table 4, from ${points(f.leastGain)} to ` +
        `${points(f.mostGain)} points, code first. Our recorded runs: ${withAndWithoutModule().text}`,
    }),
    turns: { key: "planningTests", name: "published tests of planning", unit: "tests", low: 0, high: 5, whole: true },
  },
  {
    id: "mtp-cost",
    judge: (f) => ({
      verdict: weigh([f.work < 0.2 ? "right" : "wrong", f.unique <= f.outputLayer ? "right" : "wrong"]),
      evidence:
        `Modest it is: ${percent(f.work)} more work for a token. But it is the other way round: embedding and output layer are ` +
        `what is shared, and what differs is a whole block with its own experts, ${billions(f.unique)} parameters ` +
        `(${percent(f.unique / totalParameters(DEEPSEEK_V3))} of the model), where an output layer has ${billions(f.outputLayer)}.`,
    }),
    turns: { key: "unique", name: "parameters that only the module has", unit: "parameters", low: 1e8, high: 1e11 },
  },
  {
    id: "mtp-origin",
    judge: () => ({
      verdict: weigh(["right", "wrong"]),
      evidence:
        "Right about the family: to predict several tokens at once was proposed to speed up decoding (blockwise parallel decoding, " +
        "Stern et al., 2018), and the report names EAGLE's drafting head as a relative. But what V3 takes up is a training objective " +
        "(Gloeckle et al., 2024), and it keeps the module to train better; drafting is said to be a possible use.",
    }),
    turns: "A source in which the authors derive the objective from speculative decoding.",
  },
  {
    id: "mtp-unseen",
    judge: () => ({
      verdict: weigh(["wrong"]),
      evidence:
        "In V3 it can: the module that predicts token N+2 is given the embedding of token N+1, beside the main model's vector (the " +
        "report, section 2.2, equation 21), and so keeps the causal chain. The sentence describes the parallel heads of " +
        "Gloeckle et al., where each guess is made without the one before it.",
    }),
    turns: "Released code of V3 whose module does not take the embedding of the next token.",
  },
]);
