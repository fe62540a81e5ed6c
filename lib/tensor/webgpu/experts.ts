/**
 * The routed experts on a GPU: the grouped dispatch without a read-back. Forward and backward are written out here as
 * one operation, so that nothing is stored twice: sorted copies of the activations are never made, and the gradient
 * reuses what the forward pass kept.
 *
 *     a = x·Wg, b = x·Wu, h = SiLU(a) ⊙ b, y = h·Wd     for each choice of each token, sorted by expert
 *     out = Σ over a token's choices of gate · y
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import type { StackedExperts } from "../kernel-types";
import { expertProducts, rowsTimesExperts, type RowSource } from "./expert-products";
import { expertRows } from "./expert-rows";
import { gateGradient, sumOfChosen } from "./expert-sums";
import { swiGluForward, swiGluGradients } from "./swi-glu";

/**
 * routedSwiGlu (nn.ts) on webgpu. Differentiable in x, the gates and the weights.
 *
 * @param x [N, D]
 * @param chosen int32 [N, K]
 * @param gates [N, E]
 * @returns [N, D]
 */
export function routedSwiGluOnWebgpu(
  x: tf.Tensor2D,
  chosen: tf.Tensor2D,
  gates: tf.Tensor2D,
  { gateProj, upProj, downProj }: StackedExperts,
): tf.Tensor2D {
  const [E] = gateProj.shape;
  return differentiable(
    (x: tf.Tensor2D, gates: tf.Tensor2D, wGate: tf.Tensor3D, wUp: tf.Tensor3D, wDown: tf.Tensor3D) => {
      const plan = expertRows(chosen, E);
      const { begins, slots, rows } = plan;
      const fromX: RowSource = { tensor: x, byToken: true };
      const a = rowsTimesExperts(plan, fromX, wGate); // [R, I]
      const b = rowsTimesExperts(plan, fromX, wUp); // [R, I]
      const h = swiGluForward(a, b);
      const y = rowsTimesExperts(plan, { tensor: h }, wDown); // [R, D]
      const value = sumOfChosen(plan, y, { chosen, gates });
      return { value, saved: [x, gates, wGate, wUp, wDown, chosen, begins, slots, rows, a, b, h, y] };
    },
    (dy, [x, gates, wGate, wUp, wDown, chosen, begins, slots, rows, a, b, h, y]) => {
      const plan = { begins, slots, rows, capacity: slots.shape[0] };
      const fromX: RowSource = { tensor: x, byToken: true };
      const fromOut: RowSource = { tensor: dy, byToken: true, gates }; // gate · dOut, for each choice
      const dGates = gateGradient(plan, chosen, y, dy, E);
      const dDown = expertProducts(plan, { tensor: h }, fromOut, E);
      const dh = rowsTimesExperts(plan, fromOut, wDown, { transposed: true }); // [R, I]
      const [da, db] = swiGluGradients(a, b, dh);
      const dGate = expertProducts(plan, fromX, { tensor: da }, E);
      const dUp = expertProducts(plan, fromX, { tensor: db }, E);
      const half = rowsTimesExperts(plan, { tensor: da }, wGate, { transposed: true }); // [R, D]
      const dRows = rowsTimesExperts(plan, { tensor: db }, wUp, { transposed: true, addend: half });
      return [sumOfChosen(plan, dRows), dGates, dGate, dUp, dDown];
    },
  )(x, gates, gateProj, upProj, downProj);
}
