/**
 * How a model multiplies by its weights. Everywhere else a product is a product; here a model can be told to compute
 * those of some modules in fewer bits (precision.ts), in training and after, without the modules knowing how.
 */
import * as tf from "@tensorflow/tfjs";
import { groupedMatMul } from "../tensor/grouped-matmul";

/** What a precision can be chosen for (the report, section 3.3.1, figure 6). */
export const MODULES = [
  "embedding", // the vectors looked up
  "norms", // what enters the norms of the residual stream
  "attention", // MLA's linear maps
  "attentionOperator", // queries, keys, probabilities and values, as they are multiplied with each other
  "denseMlp", // feed-forward networks of the dense layers
  "sharedExperts",
  "routedExperts",
  "router",
  "mtpProjection", // ehProj
  "head",
] as const;
export type Module = (typeof MODULES)[number];

/** x [N, Din] · w [Din, Dout] → [N, Dout] */
export type Linear = (x: tf.Tensor2D, w: tf.Tensor2D) => tf.Tensor2D;

/** How each module of a model multiplies. */
export interface Arithmetic {
  /** The linear maps of a module. */
  linear(module: Module): Linear;
  /** As groupedMatMul: rows of x sorted by expert, w [E, Din, Dout]. */
  grouped(x: tf.Tensor2D, w: tf.Tensor3D, counts: number[], module: Module): tf.Tensor2D;
  /** What enters a module that does not multiply by weights. */
  input<T extends tf.Tensor>(x: T, module: Module): T;
  /** Whether the modules compute in float32 throughout: then products may be one operation with what is around them. */
  plain(...modules: Module[]): boolean;
}

/** Float32 throughout: what a model does unless it is told otherwise. */
export const FLOAT32: Arithmetic = {
  linear: () => tf.matMul,
  grouped: (x, w, counts) => groupedMatMul(x, w, counts),
  input: (x) => x,
  plain: () => true,
};

/** x [B, T, Din] · w [Din, Dout] → [B, T, Dout], as one product over all rows. */
export function project(x: tf.Tensor3D, w: tf.Tensor2D, linear: Linear = tf.matMul): tf.Tensor3D {
  const [B, T, width] = x.shape;
  return tf.tidy(() => linear(x.reshape([B * T, width]), w).reshape([B, T, w.shape[1]]));
}
