/** Which k values of each row are the largest, as a mask and as columns. */
import * as tf from "@tensorflow/tfjs";
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
  // Of equal values topk takes the lower column first, so the ones come in ascending order.
  return tf.tidy(() => tf.topk(mask, k).indices.toInt() as tf.Tensor2D);
}
