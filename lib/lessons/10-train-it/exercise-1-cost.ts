/** Exercise 1: the tokens, steps and days that a sum of money buys for a given model. */
import { value } from "../../economics/facts";
import { forwardFlops, mtpForwardFlops } from "../../economics/flops";
import { totalParameters } from "../../economics/parameters";
import { DEEPSEEK_V3, tinyConfig, type ModelConfig } from "../../model/config";
import { firstGood, fromSeed, numberBetween, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export interface Sum {
  /** Dollars for the GPUs, and what a GPU-hour costs. */
  dollars: number;
  price: number;
  /** GPUs that run at the same time. */
  gpus: number;
  /** FLOP/s of one of them at best, and the share of it that the training reaches. */
  peak: number;
  mfu: number;
  /** Tokens that a token sees on average. */
  context: number;
  /** Tokens of a step. */
  stepTokens: number;
}

export interface Purchase {
  /** Whole steps. */
  steps: number;
  /** Of these steps. */
  tokens: number;
  /** That they take. */
  days: number;
}

export type PlanTraining = (sum: Sum, config: ModelConfig) => Purchase;

/** FLOPs of training on one token: forward and twice as much backward, main model and modules. */
export function trainingFlopsPerToken(config: ModelConfig, context: number): number {
  return 3 * (forwardFlops(config, context) + config.numNextnPredictLayers * mtpForwardFlops(config, context));
}

function planWith({
  perToken = trainingFlopsPerToken,
  rate = ({ peak, mfu }) => peak * mfu,
  hours = ({ dollars, price }) => dollars / price,
  days = (hoursSpent, { gpus }) => hoursSpent / gpus / 24,
}: {
  perToken?: (config: ModelConfig, context: number) => number;
  rate?: (sum: Sum) => number;
  hours?: (sum: Sum) => number;
  days?: (hours: number, sum: Sum) => number;
} = {}): PlanTraining {
  return (sum, config) => {
    const stepFlops = perToken(config, sum.context) * sum.stepTokens;
    const steps = Math.floor((hours(sum) * 3600 * rate(sum)) / stepFlops);
    return {
      steps,
      tokens: steps * sum.stepTokens,
      days: days((steps * stepFlops) / rate(sum) / 3600, sum),
    };
  };
}

const v3 = (key: string) => value("training-runs", "deepseek-v3", key);

/** DeepSeek-V3's pre-training as a sum: its hours at the report's price. Attention is counted as its
 * utilisation counts it, without the mask. The step is the task's own. */
export const V3_SUM: Sum = {
  dollars: v3("preTrainingHours") * v3("price"),
  price: v3("price"),
  gpus: v3("gpus"),
  peak: value("accelerators", "h800", "peakBf16"),
  mfu: v3("mfu"),
  context: v3("sequence"),
  stepTokens: 2 ** 26,
};

/** What so many FLOPs cost at a sum's price, peak and utilisation. */
export function dollarsFor(flops: number, { peak, mfu, price }: Pick<Sum, "peak" | "mfu" | "price">): number {
  return (flops / (peak * mfu) / 3600) * price;
}

const small = tinyConfig({ numNextnPredictLayers: 0 });

/** Steps that a sum pays for, the last one not to its end. */
const stepsFor = (sum: Sum, config: ModelConfig) =>
  ((sum.dollars / sum.price) * 3600 * sum.peak * sum.mfu) /
  (trainingFlopsPerToken(config, sum.context) * sum.stepTokens);
/** However an answer multiplies, it rounds down to the same. */
const farFromWhole = (x: number) => Math.abs(x - Math.round(x)) > 0.01;

export const costExercise = defineExercise<PlanTraining>({
  id: "10-cost",
  reference: planWith(),
  cases: [
    { name: "V3's own pre-training", args: [V3_SUM, DEEPSEEK_V3] },
    { name: "a tenth of the sum", args: [{ ...V3_SUM, dollars: V3_SUM.dollars / 10, gpus: 256 }, DEEPSEEK_V3] },
    {
      name: "a small model without a module",
      args: [{ dollars: 20, price: 2, gpus: 1, peak: 60e12, mfu: 0.2, context: 128, stepTokens: 4096 }, small],
    },
  ],
  draw: fromSeed((random) => {
    const config = oneOf(random, [DEEPSEEK_V3, small]);
    const big = config === DEEPSEEK_V3;
    const sum = (): Sum => ({
      dollars: (big ? 1e4 : 1) * wholeBetween(random, 10, 900),
      price: numberBetween(random, 0.8, 6),
      gpus: wholeBetween(random, 1, 40) * (big ? 64 : 1),
      peak: 1e12 * wholeBetween(random, 50, 2000),
      mfu: numberBetween(random, 0.15, 0.6),
      context: 128 * wholeBetween(random, 1, 32),
      stepTokens: 1024 * wholeBetween(random, 2, 32) * (big ? 1024 : 1),
    });
    const own = { ...config, numNextnPredictLayers: wholeBetween(random, 0, 2) };
    return [firstGood(sum, (one) => farFromWhole(stepsFor(one, own))), own];
  }),
  score: { name: "tokens of the first case", unit: "", of: ({ tokens }) => tokens, v3: v3("tokens") },
  misconceptions: [
    {
      name: "the forward pass alone",
      answer: planWith({ perToken: (config, context) => trainingFlopsPerToken(config, context) / 3 }),
      message:
        "You count the forward pass. Training also computes two gradients, of activations and of weights: three times as much.",
    },
    {
      name: "all parameters at work",
      answer: planWith({ perToken: (config) => 6 * totalParameters(config) }),
      message:
        "You count all parameters of the model. A token passes only through those of its experts: forwardFlops counts these, and attention.",
    },
    {
      name: "the module forgotten",
      answer: planWith({ perToken: (config, context) => 3 * forwardFlops(config, context) }),
      message: "The prediction modules are missing: they are trained too. config.numNextnPredictLayers says how many.",
    },
    {
      name: "a module where there is none",
      answer: planWith({
        perToken: (config, context) => 3 * (forwardFlops(config, context) + mtpForwardFlops(config, context)),
      }),
      message:
        "You count one module in every model. config.numNextnPredictLayers says how many there are; it may be 0.",
    },
    {
      name: "peak taken for reached",
      answer: planWith({ rate: ({ peak }) => peak }),
      message: "You take the GPUs at their peak. The training reaches the share mfu of it.",
    },
    {
      name: "money multiplied by the GPUs",
      answer: planWith({ hours: ({ dollars, price, gpus }) => (dollars / price) * gpus }),
      message: "dollars / price are GPU-hours already: more GPUs spend them faster, and don't buy more of them.",
    },
    {
      name: "days of one GPU",
      answer: planWith({ days: (hours) => hours / 24 }),
      message: "Your days are those of a single GPU. They share the hours.",
    },
  ],
});
