/** Claims about multi-token prediction: decided by the configuration, the report's ablation and recorded runs (lesson 05). */
import { value } from "../economics/facts";
import { forwardFlops, mtpForwardFlops } from "../economics/flops";
import { mtpParameters, totalParameters } from "../economics/parameters";
import { expectedTokens } from "../economics/speculation";
import { DEEPSEEK_V3 } from "../model/config";
import { billions, fixed, percent } from "../notebook/format";
import { recordedRun } from "../training/record";
import { meanBitsPerByte } from "./balancing";
import { claimed, claimFact } from "./claims";
import { ruleSet } from "./rule";

/** A share in percentage points, with its sign. */
const points = (share: number) => `${share < 0 ? "−" : "+"}${fixed(100 * Math.abs(share), 1)}`;

const GAINS = ["humanEvalSmall", "humanEvalLarge", "gsm8kSmall", "gsm8kLarge", "mmluLarge"] as const;

/** What the claims on multi-token prediction are judged by; each of these numbers can be changed to see a verdict turn. */
function mtpFacts() {
  const gains = Object.fromEntries(GAINS.map((key) => [key, claimFact("mtp-planning", key)]));
  const context = value("training-runs", "deepseek-v3", "sequence") / 2;
  return {
    depth: DEEPSEEK_V3.numNextnPredictLayers,
    acceptance: value("serving", "speculation", "acceptance"),
    speedUp: value("serving", "speculation", "speedUp"),
    ...(gains as Record<(typeof GAINS)[number], number>),
    /** Published tests of planning or of long ranges, with the module against without. */
    planningTests: claimFact("mtp-planning", "planningTests"),
    bitsWith: meanBitsPerByte(recordedRun("bias")),
    bitsWithout: meanBitsPerByte(recordedRun("no-mtp")),
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
        verdict: tokens < low || tokens > high ? "contradicted" : tokens === low ? "incomplete" : "holds",
        evidence:
          `V3 has ${fixed(f.depth, 0)} module: each place predicts ${fixed(tokens, 0)} tokens, never more. Four is what the paper ` +
          "tried that it builds on.",
      };
    },
    turns: { key: "depth", name: "prediction modules", unit: "modules", low: 0, high: 8, whole: true },
  },
  {
    id: "mtp-inference",
    judge: (f) => {
      const tokens = expectedTokens(f.acceptance, f.depth);
      return {
        verdict: tokens > 1.05 ? "incomplete" : "holds",
        evidence:
          `The module may be dropped, then nothing changes. It may also stay and draft: with ${percent(f.acceptance)} of its ` +
          `guesses accepted a step gives ${fixed(tokens)} tokens, and the report measures ${fixed(f.speedUp, 1)} times the speed.`,
      };
    },
    turns: { key: "acceptance", name: "acceptance rate", unit: "share", low: 0, high: 1 },
  },
  {
    id: "mtp-planning",
    judge: (f) => {
      const gains = GAINS.map((key) => f[key]);
      const better = gains.filter((gain) => gain > 0).length;
      return {
        verdict:
          f.planningTests === 0
            ? "cannot be checked"
            : better === gains.length
              ? "holds with a condition"
              : "incomplete",
        evidence:
          `Better scores, mostly: ${better} of ${gains.length} in the report's table 4, from ${points(Math.min(...gains))} to ` +
          `${points(Math.max(...gains))} points, code first; and in our recorded runs ${fixed(f.bitsWith, 3)} bits per byte against ` +
          `${fixed(f.bitsWithout, 3)} without. Planning is a reading of that: no test of it, of long ranges or of stability was published.`,
      };
    },
    turns: { key: "planningTests", name: "published tests of planning", unit: "tests", low: 0, high: 5, whole: true },
  },
  {
    id: "mtp-cost",
    judge: (f) => ({
      verdict: f.unique <= f.outputLayer ? "holds" : f.work < 0.2 ? "incomplete" : "contradicted",
      evidence:
        `Little it is: ${percent(f.work)} more work for a token. But it is the other way round: embedding and output layer are ` +
        `what is shared, and what differs is a whole block with its own experts, ${billions(f.unique)} parameters ` +
        `(${percent(f.unique / totalParameters(DEEPSEEK_V3))} of the model), where an output layer has ${billions(f.outputLayer)}.`,
    }),
    turns: { key: "unique", name: "parameters that only the module has", unit: "parameters", low: 1e8, high: 1e11 },
  },
  {
    id: "mtp-origin",
    judge: () => ({
      verdict: "contradicted",
      evidence:
        "The report names a training objective as its source (Gloeckle et al., 2024), and keeps the modules to train better. " +
        "Speculative decoding is a use of it that came afterwards; the kinship with EAGLE's drafting head is noted there.",
    }),
    turns: "A source in which the authors derive the objective from speculative decoding.",
  },
]);
