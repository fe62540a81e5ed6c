/**
 * The routed experts on a GPU: the grouped dispatch without a read-back. Forward and backward are written out here as
 * one operation, so that nothing is stored twice: sorted copies of the activations are never made, and the gradient
 * reuses what the forward pass kept.
 *
 *     a = x·Wg, b = x·Wu, h = SiLU(a) ⊙ b, y = h·Wd     for each choice of each token, sorted by expert
 *     out = Σ over a token's choices of gate · y
 */
import * as tf from "@tensorflow/tfjs";
import { expertProducts, rowsTimesExperts, type RowSource } from "./expert-products";
import { expertRows } from "./expert-rows";
import { gateGradient, sumOfChosen } from "./expert-sums";
import { siluTimes, siluTimesGradients } from "./silu";
import type { ExpertWeights } from "../../model/weights";

/**
 * Σ over the chosen experts of gate · expert(x), on webgpu only. Differentiable in x, the gates and the weights.
 *
 * @param x [N, D]
 * @param chosen int32 [N, K]
 * @param gates [N, E]
 * @returns [N, D]
 */
export function expertsOnWebgpu(
  x: tf.Tensor2D,
  chosen: tf.Tensor2D,
  gates: tf.Tensor2D,
  { gateProj, upProj, downProj }: ExpertWeights,
): tf.Tensor2D {
  const [E] = gateProj.shape;
  const layer = tf.customGrad((...args) => {
    const [x, gates, wGate, wUp, wDown, save] = args as unknown as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor3D,
      tf.GradSaveFunc,
    ];
    const plan = expertRows(chosen, E);
    const fromX: RowSource = { tensor: x, byToken: true };
    const a = rowsTimesExperts(plan, fromX, wGate); // [R, I]
    const b = rowsTimesExperts(plan, fromX, wUp); // [R, I]
    const h = siluTimes(a, b);
    const y = rowsTimesExperts(plan, { tensor: h }, wDown); // [R, D]
    save([x, gates, wGate, wUp, wDown, chosen, plan.begins, plan.slots, plan.rows, a, b, h, y]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, gates, chosen, rows, a, b, h, y] = [0, 1, 5, 8, 9, 10, 11, 12].map((i) => saved[i] as tf.Tensor2D);
      const [wGate, wUp, wDown] = saved.slice(2, 5) as tf.Tensor3D[];
      const [begins, slots] = saved.slice(6, 8) as tf.Tensor1D[];
      const plan = { begins, slots, rows, capacity: slots.shape[0] };
      const fromX: RowSource = { tensor: x, byToken: true };
      const fromOut: RowSource = { tensor: dy as tf.Tensor2D, byToken: true, gates }; // gate · dOut, for each choice
      const dGates = gateGradient(plan, chosen, y, dy as tf.Tensor2D, E);
      const dDown = expertProducts(plan, { tensor: h }, fromOut, E);
      const dh = rowsTimesExperts(plan, fromOut, wDown, { transposed: true }); // [R, I]
      const { da, db } = siluTimesGradients(a, b, dh);
      const dGate = expertProducts(plan, fromX, { tensor: da }, E);
      const dUp = expertProducts(plan, fromX, { tensor: db }, E);
      const half = rowsTimesExperts(plan, { tensor: da }, wGate, { transposed: true }); // [R, D]
      const dRows = rowsTimesExperts(plan, { tensor: db }, wUp, { transposed: true, addend: half });
      return [sumOfChosen(plan, dRows), dGates, dGate, dUp, dDown];
    };
    return { value: sumOfChosen(plan, y, { chosen, gates }), gradFunc };
  });
  return layer(x, gates, gateProj, upProj, downProj) as tf.Tensor2D;
}
