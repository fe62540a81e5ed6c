/**
 * What a run of one's own shows of the popular account's claims. The verdicts are the audit's: a run of this size decides
 * none of them.
 */
import { verdictOf, claimInWords } from "../../claims/audit";
import { claimFact, findClaim, sourcesOf } from "../../claims/claims";
import { DOMAINS } from "../../corpus/corpus";
import { forwardFlops, meanContext, mtpForwardFlops } from "../../economics/flops";
import { activeParameters, mtpParameters, totalParameters } from "../../economics/parameters";
import { DEEPSEEK_V3, type ModelConfig } from "../../model/config";
import { fixed, money, percent, times, whole } from "../../notebook/format";
import type { ClaimVerdict } from "../../notebook/verdicts";
import { mean } from "../../statistics/interval";
import type { Evaluation } from "../../training/evaluate";
import type { TrainingOptions } from "../../training/run";
import { dollarsFor, V3_SUM } from "./exercise-1-cost";
import { planCosts, type Plan } from "./plan";

/** The claims that a training of one's own touches, in the order of data/claims.json. */
export const CLAIMS_HERE = ["moe-37b", "lb-no-loss", "mtp-unseen", "mtp-cost", "data-reproduce", "access-who"] as const;

type ClaimHere = (typeof CLAIMS_HERE)[number];

/** A row for each of these claims, with what a measured run shows. */
export function claimsHere(plan: Plan, evaluation: Evaluation): ClaimVerdict[] {
  const found: Record<ClaimHere, string> = {
    "moe-37b": atWork(plan.config),
    "lb-no-loss": termForBalance(plan.options),
    "mtp-unseen": besideFurther(evaluation),
    "mtp-cost": costOfModule(plan),
    "data-reproduce": whatIsKnown(plan),
    "access-who": priceOf(plan),
  };
  return CLAIMS_HERE.map((id) => ({
    claim: claimInWords(id),
    sources: sourcesOf(findClaim(id)),
    computed: found[id],
    verdict: verdictOf(id),
  }));
}

const shareAtWork = (config: ModelConfig) =>
  activeParameters(config, { head: true, embedding: false }) / totalParameters(config);

function atWork(config: ModelConfig): string {
  return (
    `In your model ${percent(shareAtWork(config))} of the parameters work on a token, in V3 ` +
    `${percent(shareAtWork(DEEPSEEK_V3))}. Memory holds all of them, and in training AdamW's two moments of each.`
  );
}

/** What is set and added for balance in a run. */
export function termForBalance({ balance, sequenceAlpha, auxiliaryAlpha, biasSpeed }: TrainingOptions): string {
  if (balance === "none") return "Your run has no such term, and nothing that balances.";
  if (balance === "auxiliary")
    return `Your run has the classic loss with the weight ${auxiliaryAlpha}: a term, and a number to set.`;
  const v3 = claimFact("lb-no-loss", "gamma");
  return (
    `Your run has a term in its loss with the weight ${sequenceAlpha}, and a speed of the bias to set: ${biasSpeed}, ` +
    `${times(biasSpeed / v3)} V3's.`
  );
}

/** The module's loss, of the token after the next, beside the main model's: means over the kinds of text. */
export function besideFurther(evaluation: Evaluation): string {
  const further = DOMAINS.flatMap((domain) => evaluation[domain].mtpBitsPerByte ?? []);
  if (further.length < DOMAINS.length) return "Your model has no module.";
  const [near, far] = [mean(DOMAINS.map((domain) => evaluation[domain].bitsPerByte)), mean(further)];
  const order = far < near ? "less than" : "more than";
  return (
    `Your module is given byte N+1. Its loss of byte N+2 is ${fixed(far)} bits, ${order} the main model's of byte N+1 ` +
    `(${fixed(near)}).`
  );
}

function costOfModule({ config, options }: Plan): string {
  if (config.numNextnPredictLayers === 0) return "Your model has no module.";
  const share = (model: ModelConfig, context: number) => ({
    parameters: mtpParameters(model).unique / totalParameters(model),
    work: mtpForwardFlops(model, context) / forwardFlops(model, context),
  });
  const yours = share(config, meanContext(options.length, true));
  const v3 = share(DEEPSEEK_V3, meanContext(V3_SUM.context, true));
  return (
    `Your module has ${percent(yours.parameters)} of the main model's parameters and takes ${percent(yours.work)} of its ` +
    `arithmetic: a block beside ${config.numHiddenLayers}. V3's, beside ${DEEPSEEK_V3.numHiddenLayers}: ` +
    `${percent(v3.parameters)} and ${percent(v3.work)}.`
  );
}

function whatIsKnown({ options }: Plan): string {
  return (
    `Of your run all is known: the model, the options, the seed ${options.seed}, and a text whose hash begins with ` +
    `${options.corpus?.slice(0, 8)}. So it can be made again.`
  );
}

function priceOf(plan: Plan): string {
  return (
    `The hours of V3's pre-training alone cost ${money(V3_SUM.dollars)}. Your run, at that price and utilisation: ` +
    `${dollarsFor(planCosts(plan).flops, V3_SUM).toExponential(0)} dollars, for ${whole(plan.options.steps)} steps.`
  );
}
