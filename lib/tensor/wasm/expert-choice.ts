/** The choice of experts from their affinities on wasm, in one kernel, and one for the gradient of the gates. */
import * as tf from "@tensorflow/tfjs";
import { differentiable, stopGradient } from "../differentiable";
import type { ChoiceRules, ExpertChoice } from "../kernel-types";
import { runCompiled } from "./run-compiled";

/** chooseExperts (nn.ts) on wasm: the gates are differentiable in the affinity, the rest is constant. */
export function chooseExpertsOnWasm(affinity: tf.Tensor2D, bias: tf.Tensor1D, rules: ChoiceRules): ExpertChoice {
  const [N, E] = affinity.shape;
  const { groups: G, keptGroups, chosenPerToken: K, range, minusInfinity, normalised, epsilon, scale } = rules;
  const weighing = [Number(normalised), epsilon, scale];
  const numbers = [N, E, G, keptGroups, K, ...range, minusInfinity, ...weighing];
  const shapes = [[N, E], [N, G], [N, G], [N, K], [N, E], [N, E], [E + Math.max(K, keptGroups)]];
  return tf.tidy(() => {
    const [biased, groupScores, groupMask, expertIndices, mask, weights] = runCompiled<tf.Tensor2D>(
      [affinity, bias],
      shapes,
      (kernels, ...offsets) => kernels.chooseExperts(...offsets, ...numbers),
      { 3: "int32" },
    ).map(stopGradient);
    const gates = differentiable(
      (s: tf.Tensor2D) => ({ value: weights.clone() as tf.Tensor2D, saved: [s, mask] }),
      (dy, [s, mask]) => [
        runCompiled([s, mask, dy], [[N, E]], (kernels, ...offsets) =>
          kernels.gatesGradient(...offsets, N, E, ...weighing),
        )[0],
      ],
    )(affinity);
    return { affinity, biased, groupScores, groupMask, expertIndices, mask, gates };
  });
}
