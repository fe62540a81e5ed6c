/** Claims about balancing and specialisation: decided by recorded runs and by the report's settings (lesson 02). */
import { modelFact } from "../economics/facts";
import { fixed, percent, times } from "../notebook/format";
import { DOMAINS } from "../corpus/corpus";
import { mean } from "../statistics/interval";
import { compareSeeds, ofLayers, RUN_MEASURES, type NamedRuns, type RunMeasure } from "../training/compare-seeds";
import { recordedRuns, type RecordedRun } from "../training/record";
import { claimFact } from "./claims";
import { ruleSet, weigh } from "./rule";

const RUN_NAMES = { none: "without balancing", auxiliary: "with the classic loss", bias: "with the bias" } as const;

/** The recorded runs of a way of balancing, all seeds. */
function runsOf(name: keyof typeof RUN_NAMES): NamedRuns {
  return { name: RUN_NAMES[name], runs: recordedRuns(name) };
}

/** The report's table 5: how many of its rows there are, and in how many the bias does better than a loss, both models. */
function tableOfBalancing(): { scores: number; scoresBetter: number } {
  const tests = [
    "pileBitsPerByte",
    "bbh",
    "mmlu",
    "drop",
    "triviaQa",
    "naturalQuestions",
    "humanEval",
    "mbpp",
    "gsm8k",
    "math",
  ];
  const gains = ["small", "large"].flatMap((size) =>
    tests.map((test) => {
      const gain =
        modelFact(`v3-balance-${size}-bias`, test).value - modelFact(`v3-balance-${size}-auxiliary`, test).value;
      return test === "pileBitsPerByte" ? -gain : gain; // less is better
    }),
  );
  return { scores: gains.length, scoresBetter: gains.filter((gain) => gain > 0).length };
}

/** What the claims on load balancing are judged by; each of these numbers can be changed to see a verdict turn. */
function balancingFacts() {
  const [bias, none] = [runsOf("bias"), runsOf("none")];
  const { idleShare, busiestQuarter, information } = RUN_MEASURES;
  const meanOf = ({ runs }: NamedRuns, { of }: RunMeasure) => mean(runs.map(of));
  const lastReport = ({ reports }: RecordedRun) => reports[reports.length - 1];
  return {
    steps: lastReport(none.runs[0]).step,
    seeds: none.runs.length,
    starvedNone: meanOf(none, idleShare),
    starvedBias: meanOf(bias, idleShare),
    /** The low ends of the 95% intervals of what is more without balancing, over seeds. */
    starvedMoreLow: compareSeeds(none, bias, idleShare).interval.low,
    quarterMoreLow: compareSeeds(none, bias, busiestQuarter).interval.low,
    quarterNone: meanOf(none, busiestQuarter),
    quarterBias: meanOf(bias, busiestQuarter),
    busiestBias: 1 + mean(bias.runs.flatMap((run) => ofLayers(run, lastReport(run).maxVio))),
    tells: meanOf(bias, information),
    lossFree: modelFact("v3-scope-1b", "lossFree").value,
    batchWise: modelFact("v3-scope-1b", "batchWise").value,
    sequenceWise: modelFact("v3-scope-1b", "sequenceWise").value,
    alpha: claimFact("lb-no-loss", "alpha"),
    gamma: claimFact("lb-no-loss", "gamma"),
    ...tableOfBalancing(),
    /** Published comparisons of a training's stability with and without balancing. */
    stabilityTests: claimFact("lb-stable", "stabilityTests"),
  };
}

const kinds = Math.log2(DOMAINS.length); // bits that would say the domain for certain

export const balancingRules = ruleSet(balancingFacts, [
  {
    id: "moe-specialise",
    judge: (f) => ({
      verdict: weigh([f.tells < 0.01 * kinds ? "right" : f.tells < 0.5 * kinds ? "right if" : "wrong"]),
      evidence:
        `In our recorded runs an expert tells ${fixed(f.tells)} of the ${fixed(kinds, 0)} bits that would name the kind of text: far from ` +
        "a subject each, but not nothing. The condition: not by subject, but a little by kind of text (lesson 02 holds it against chance). In the report's 16B models, too, loads differ between kinds of text (appendix C).",
    }),
    turns: { key: "tells", name: "what an expert tells about the kind of text", unit: "bits", low: 0.001, high: kinds },
  },
  {
    id: "lb-collapse",
    judge: (f) => ({
      verdict: weigh([
        f.quarterNone <= 0.5 || f.quarterNone <= f.quarterBias ? "wrong" : f.quarterMoreLow > 0 ? "right" : "open",
        f.starvedNone <= f.starvedBias
          ? "wrong"
          : f.starvedMoreLow <= 0
            ? "open"
            : f.starvedNone >= 0.5
              ? "right"
              : "right if",
      ]),
      evidence:
        `Recorded, ${f.seeds} small runs of each: without balancing, after ${f.steps} steps, the busiest quarter of the experts gets ` +
        `${percent(f.quarterNone)} of the tokens, and ${percent(f.starvedNone)} of the experts get less than a tenth of an even ` +
        `share${f.starvedNone < 0.5 ? ": some of the rest, not all of it" : ""}. With the bias: ${percent(f.quarterBias)} and ` +
        `${percent(f.starvedBias)}. ${f.starvedMoreLow > 0 && f.quarterMoreLow > 0 ? "Both differences exceed what seeds differ by." : "Whether that is more than seeds differ by, they cannot tell."}`,
    }),
    turns: { key: "starvedNone", name: "starved experts without balancing", unit: "share", low: 0, high: 1 },
  },
  {
    id: "lb-conflict",
    judge: (f) => {
      const same = (a: number, b: number) => Math.abs(a - b) < 5e-4; // what three decimals can tell
      const costs = f.sequenceWise > f.lossFree && !same(f.sequenceWise, f.lossFree);
      return {
        verdict: weigh([
          !costs ? "wrong" : f.batchWise > f.lossFree && !same(f.batchWise, f.lossFree) ? "right" : "right if",
        ]),
        evidence:
          `Within each sequence, yes: a loss of ${fixed(f.sequenceWise, 3)} against ${fixed(f.lossFree, 3)} without a loss. Over the ` +
          `batch the loss costs nothing: ${fixed(f.batchWise, 3)} (the report, section 4.5.3, a model of 1B). So scope decides. (In table 5, with two larger models, ` +
          `${f.scoresBetter} of ${f.scores} rows are better with the bias than with a classic loss.) Our ` +
          `recorded runs: ${compareSeeds(runsOf("auxiliary"), runsOf("bias"), RUN_MEASURES.bitsPerByte).text}`,
      };
    },
    turns: { key: "batchWise", name: "loss with a batch-wise term", unit: "nats a token", low: 2.2, high: 2.3 },
  },
  {
    id: "lb-penalty",
    judge: () => ({
      verdict: weigh(["right", "wrong"]),
      evidence:
        "Right: without a term in the loss, an overused expert gets harder to pick, step by step. Four things are otherwise: scores " +
        "are sigmoids, not a softmax; a bias is added, no penalty; it goes up for idle experts as it goes down for busy ones; and " +
        "it only decides who is chosen. The weights of the chosen come from the scores without it.",
    }),
    turns: "Released code in which the bias enters the weights, or a softmax.",
  },
  {
    id: "lb-no-loss",
    judge: (f) => ({
      verdict: weigh([f.alpha > 0 ? "wrong" : "right", f.gamma > 0 ? "wrong" : "right"]),
      evidence:
        `A sequence-wise loss is left, with the weight ${f.alpha}; and the bias has a speed to tune, ${f.gamma}, which V3 sets to ` +
        "0 for the end of the training (the report, section 4.2). Nearly no loss, and one number in place of another.",
    }),
    turns: { key: "alpha", name: "weight of the sequence-wise loss", unit: "", low: 0, high: 0.01 },
  },
  {
    id: "lb-stable",
    judge: (f) => ({
      verdict: weigh([f.stabilityTests === 0 ? "open" : "right"]),
      evidence:
        "That V3's training was stable is on record: no loss spike that it did not recover from, and no rollback (the report, " +
        "abstract). That balancing made it so is not: we found no run that compares stability with and without it.",
    }),
    turns: { key: "stabilityTests", name: "published tests of stability", unit: "tests", low: 0, high: 5, whole: true },
  },
  {
    id: "lb-architecture",
    judge: (f) => ({
      verdict: weigh(["right", f.busiestBias > 1.05 ? "wrong" : "right"]),
      evidence:
        "Right: what balances is no longer a loss with a gradient of its own. But it is no constraint either. A bias is corrected " +
        `after each step, by what went wrong in that step; it guarantees nothing, and in our recorded runs the busiest expert ` +
        `still has ${times(f.busiestBias)} its share. The one hard limit, four nodes a token, is there for the network.`,
    }),
    turns: { key: "busiestBias", name: "load of the busiest expert with the bias", unit: "shares", low: 1, high: 5 },
  },
]);
