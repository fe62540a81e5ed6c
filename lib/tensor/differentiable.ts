/**
 * Operations whose gradient is written out, where tfjs has none, a slow one, or one that must not flow. This is
 * tf.customGrad with the types of the tensors kept, and nothing else.
 */
import * as tf from "@tensorflow/tfjs";

/** What the forward pass gives: its value, and the tensors that the gradient needs. */
export interface Forward<Value extends tf.Tensor, Saved extends tf.Tensor[]> {
  value: Value;
  saved: Saved;
}

/**
 * An operation with a gradient of its own. What is saved is kept for as long as a gradient may be asked for, so take it
 * from there and not from the closure.
 *
 * @param forward computes the value from the inputs
 * @param backward from dy, the gradient of the value, one gradient for each input
 * @example
 * const square = differentiable(
 *   (x: tf.Tensor) => ({ value: x.square(), saved: [x] }),
 *   (dy, [x]) => [dy.mul(x).mul(2)],
 * );
 */
export function differentiable<
  Inputs extends tf.Tensor[],
  Value extends tf.Tensor,
  Saved extends tf.Tensor[] | [], // the empty tuple, as the spread below, makes TypeScript think of tuples
>(
  forward: (...inputs: Inputs) => Forward<Value, Saved>,
  backward: (dy: Value, saved: Saved) => [...{ [Input in keyof Inputs]: tf.Tensor }], // one for each input
): (...inputs: Inputs) => Value {
  const operation = tf.customGrad((...inputsAndSave) => {
    const save = inputsAndSave.pop() as unknown as tf.GradSaveFunc;
    const { value, saved } = forward(...(inputsAndSave as Inputs));
    save(saved);
    return { value, gradFunc: (dy, kept) => backward(dy as Value, kept as Saved) };
  });
  return (...inputs) => operation(...inputs) as Value;
}

/**
 * The same values, cut off from what they were computed from: to the gradient, a constant. What was made by a choice
 * should not teach what the choice was made from; what leads here may also have no gradient at all, such as topk.
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  // An operation without inputs: the gradient then finds no way from the result back to x.
  return differentiable(
    () => ({ value: x.clone() as T, saved: [] }),
    () => [],
  )();
}
