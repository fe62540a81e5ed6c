/** Numbers of tensors in memory that threads share, one tensor after the other. */
import * as tf from "@tensorflow/tfjs";

export class SharedTensors {
  private readonly shapes: number[][];
  private readonly numbers: Float32Array;

  /**
   * @param like tensors of the same shapes and order
   * @param buffer another thread's, for the same shapes; new memory if left out
   */
  constructor(
    like: tf.Tensor[],
    readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * like.reduce((sum, { size }) => sum + size, 0)),
  ) {
    this.shapes = like.map(({ shape }) => shape);
    this.numbers = new Float32Array(buffer);
  }

  /** @param tensors of the shapes and the order that were given */
  write(tensors: tf.Tensor[]): void {
    let at = 0;
    for (const tensor of tensors) {
      this.numbers.set(tensor.dataSync(), at);
      at += tensor.size;
    }
  }

  /** New tensors with copies of the numbers. */
  read(): tf.Tensor[] {
    let at = 0;
    return this.shapes.map((shape) => {
      const begin = at;
      at += tf.util.sizeFromShape(shape);
      return tf.tensor(this.numbers.slice(begin, at), shape);
    });
  }
}
