/** Which k values are the largest: of each row of a matrix, as a mask and as columns, and of plain numbers. */
import * as tf from "@tensorflow/tfjs";
import { onWasm } from "./wasm/kernels";
import { topKMaskOnWasm, topKPlacesOnWasm } from "./wasm/top-k";
import { onWebgpu } from "./webgpu/program";
import { columnsOfMaskOnWebgpu, topKMaskOnWebgpu } from "./webgpu/top-k";

/**
 * 1 for the k largest of each row, else 0; of equal values the lower column comes first. To the gradient it is a
 * constant: use stopGradient.
 *
 * @param x [N, columns]
 * @returns [N, columns]
 */
export function topKMask(x: tf.Tensor2D, k: number): tf.Tensor2D {
  if (onWebgpu()) return topKMaskOnWebgpu(x, k);
  const columns = x.shape[1];
  if (k === columns) return tf.onesLike(x);
  if (onWasm()) return topKMaskOnWasm(x, k);
  return tf.tidy(() => tf.oneHot(tf.topk(x, k).indices.toInt(), columns).sum(1).toFloat() as tf.Tensor2D);
}

/**
 * The columns where a mask is 1, in ascending order.
 *
 * @param mask [N, columns], with k ones in each row
 * @returns int32 [N, k]
 */
export function columnsOfMask(mask: tf.Tensor2D, k: number): tf.Tensor2D {
  if (onWebgpu()) return columnsOfMaskOnWebgpu(mask, k);
  if (onWasm()) return topKPlacesOnWasm(mask, k);
  // Of equal values topk takes the lower column first, so the ones come in ascending order.
  return tf.tidy(() => tf.topk(mask, k).indices.toInt() as tf.Tensor2D);
}

/** The places of the k largest of some plain numbers, the largest first; of equal ones the lower first, as in topKMask. */
export function largestPlaces(values: Float32Array, k: number): number[] {
  const found: number[] = [];
  while (found.length < k) {
    let best = -1;
    for (let i = 0; i < values.length; i++) {
      if ((best < 0 || values[i] > values[best]) && !found.includes(i)) best = i;
    }
    found.push(best);
  }
  return found;
}
