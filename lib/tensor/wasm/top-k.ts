/** The k largest of each row on wasm. tfjs's own topk makes an object of every number, and sorts. */
import * as tf from "@tensorflow/tfjs";
import { runCompiled } from "./run-compiled";

/** The columns of the k largest of each row, the largest first; of equal ones the lower first: int32 [N, k]. */
export function topKPlacesOnWasm(x: tf.Tensor2D, k: number): tf.Tensor2D {
  const [N, columns] = x.shape;
  const [places] = runCompiled<tf.Tensor2D>(
    [x],
    [[N, k]],
    (kernels, ...offsets) => kernels.largestPlaces(...offsets, N, columns, k),
    { 0: "int32" },
  );
  return places;
}

/** topKMask (../top-k.ts) on wasm. */
export function topKMaskOnWasm(x: tf.Tensor2D, k: number): tf.Tensor2D {
  const [N, columns] = x.shape;
  const [mask, scratch] = runCompiled<tf.Tensor2D>([x], [[N, columns], [k]], (kernels, ...offsets) =>
    kernels.largestMask(...offsets, N, columns, k),
  );
  scratch.dispose();
  return mask;
}
