/** A run that takes a second: the plan of the lesson with a much smaller model and shorter steps. */
import type { Corpus } from "../../../lib/corpus/corpus";
import { planRun, type Choices, type Plan } from "../../../lib/lessons/10-train-it/plan";

export const CHOICES: Choices = {
  size: "v3-micro",
  experts: 8,
  active: 2,
  latentRank: 8,
  queryRank: 8,
  mtpModules: 1,
  policy: "float32",
  balance: "bias",
  novel: 0.2,
  speeches: 0.3,
  code: 0.4,
  arithmetic: 0.1,
  seed: 3,
};

export function smallPlan(corpus: Pick<Corpus, "manifest">, steps: number, choices: Partial<Choices> = {}): Plan {
  const plan = planRun({ ...CHOICES, ...choices }, steps, corpus);
  const config = { ...plan.config, hiddenSize: 16, intermediateSize: 16, moeIntermediateSize: 8, numHiddenLayers: 2 };
  return { ...plan, config, options: { ...plan.options, batch: 2, length: 12 } };
}
