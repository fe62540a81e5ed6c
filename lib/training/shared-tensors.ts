/** Numbers of tensors in memory that threads share, one tensor after the other. */
import * as tf from "@tensorflow/tfjs";
import { addNumbers, numbersOf, setNumbers } from "../tensor/numbers";

export class SharedTensors {
  /** Each tensor's part of the memory. */
  private readonly parts: Float32Array[];

  /**
   * @param like float32 tensors of the same shapes and order
   * @param buffer another thread's, for the same shapes; new memory if left out
   */
  constructor(
    like: tf.Tensor[],
    readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * like.reduce((sum, { size }) => sum + size, 0)),
  ) {
    let begin = 0;
    this.parts = like.map(({ size }) => new Float32Array(buffer, 4 * ((begin += size) - size), size));
  }

  /** @param tensors of the shapes and the order that were given */
  write(tensors: tf.Tensor[]): void {
    tensors.forEach((tensor, i) => this.parts[i].set(numbersOf(tensor)));
  }

  /** @param variables of the shapes and the order that were given; no other tensor may share their numbers */
  readInto(variables: tf.Variable[]): void {
    variables.forEach((variable, i) => setNumbers(variable, this.parts[i]));
  }

  /** New tensors: the given ones, of the same shapes and order, plus the numbers. */
  addedTo(tensors: tf.Tensor[]): tf.Tensor[] {
    return tensors.map((tensor, i) => addNumbers(tensor, this.parts[i]));
  }
}
