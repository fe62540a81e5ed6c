/** Exercise 2: why Llama 3.1 405B took eleven times the GPU-hours of DeepSeek-V3. */
import { entry } from "../../economics/facts";
import { trainingCompute } from "../../economics/flops";
import { compareRuns, priceToTie } from "../../economics/training-cost";
import { fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export interface TrainedModel {
  active: number; // parameters per token
  total: number; // parameters
  tokens: number;
  gpuHours: number;
}

/** Ratios a : b of FLOPs and of FLOP/s per GPU, and the price at which a costs what b costs at `price`. */
export type CompareTwo = (
  a: TrainedModel,
  b: TrainedModel,
  price: number,
) => { flops: number; rate: number; tiePrice: number };

/** The comparison, with a model's FLOPs counted in a given way. */
function compareBy(flopsOf: (model: TrainedModel) => number): CompareTwo {
  const run = (model: TrainedModel) => ({ flops: flopsOf(model), gpuHours: model.gpuHours });
  return (a, b, price) => {
    const { flops, rate } = compareRuns(run(a), run(b));
    return { flops, rate, tiePrice: priceToTie(b.gpuHours * price, a.gpuHours) };
  };
}

const compareByLib = compareBy(({ active, tokens }) => trainingCompute(active, tokens));

/** A model of data/training-runs.json, its total parameters from data/models.json. */
function trainedModel(id: string, hours: string): TrainedModel {
  const { facts } = entry("training-runs", id);
  return {
    active: facts.activeParameters.value,
    total: entry("models", id).facts.totalParameters.value,
    tokens: facts.tokens.value,
    gpuHours: facts[hours].value,
  };
}

const v3 = trainedModel("deepseek-v3", "preTrainingHours");
const llama = trainedModel("llama-3.1-405b", "gpuHours");

export const compareExercise = defineExercise<CompareTwo>({
  id: "07-eleven",
  reference: compareByLib,
  cases: [
    { name: "Llama 3.1 405B against DeepSeek-V3", args: [llama, v3, 2] },
    {
      name: "a mixture of experts that was trained slowly",
      args: [{ active: 2e9, total: 40e9, tokens: 3e12, gpuHours: 90e3 }, { ...v3, gpuHours: 3e6 }, 3],
    },
  ],
  draw: fromSeed((random) => {
    const model = (): TrainedModel => {
      const active = 1e9 * wholeBetween(random, 1, 80);
      const total = active * wholeBetween(random, 2, 20);
      return {
        active,
        total,
        tokens: 1e12 * wholeBetween(random, 1, 20),
        gpuHours: 1e5 * wholeBetween(random, 1, 300),
      };
    };
    return [model(), model(), numberBetween(random, 0.8, 6)];
  }),
  misconceptions: [
    {
      name: "total parameters",
      answer: compareBy(({ total, tokens }) => trainingCompute(total, tokens)),
      message: "You count all parameters. A token is multiplied with the active ones only; the others cost no FLOPs.",
    },
    {
      name: "tokens forgotten",
      answer: compareBy(({ active }) => active),
      message: "You compare FLOPs per token. The runs also read different numbers of tokens.",
    },
    {
      name: "rate upside down",
      answer: (a, b, price) => ({ ...compareByLib(a, b, price), rate: 1 / compareByLib(a, b, price).rate }),
      message: "Your `rate` is b : a. All ratios are a : b, and a rate is FLOPs per hour, not hours per FLOP.",
    },
    {
      name: "ratio of hours as rate",
      answer: (a, b, price) => ({ ...compareByLib(a, b, price), rate: a.gpuHours / b.gpuHours }),
      message: "Your `rate` is the ratio of GPU-hours. The rate is what a GPU did in an hour: FLOPs / gpuHours.",
    },
    {
      name: "tie price upside down",
      answer: (a, b, price) => ({ ...compareByLib(a, b, price), tiePrice: (price * a.gpuHours) / b.gpuHours }),
      message: "The tie price is upside down: the run with more hours needs the lower price.",
    },
  ],
});
