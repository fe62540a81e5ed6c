/**
 * The gradient of a sum, without the constant that tfjs fills on the CPU: dy is spread over what was summed. tfjs
 * multiplies dy with a tensor of ones of the input's size instead, which a GPU has to be sent at every step.
 */
import * as tf from "@tensorflow/tfjs";
import { onWasm } from "./wasm/kernels";

/** Replaces tfjs's gradient of tf.sum; again is harmless. */
export function registerSumGradient(): void {
  tf.registerGradient({
    kernelName: "Sum",
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved;
      const { axis } = attributes as unknown as { axis: number | number[] };
      const summed = tf.util.parseAxisParam(axis, x.shape);
      const kept = x.shape.map((size, i) => (summed.includes(i) ? 1 : size));
      const spread = () => {
        const upper = (dy as tf.Tensor).reshape(kept);
        // On wasm repeating is slower than adding to zeros.
        return onWasm() ? tf.zeros(x.shape).add(upper) : tf.broadcastTo(upper, x.shape);
      };
      return { x: () => tf.tidy(spread) };
    },
  });
}
