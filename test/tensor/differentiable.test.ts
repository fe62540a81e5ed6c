import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { differentiable, stopGradient } from "../../lib/tensor/differentiable";
import { expectClose, expectNoLeak } from "../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

describe("differentiable", () => {
  it("takes the gradient that is written out, one for each input, from what was saved", async () => {
    await expectNoLeak(() => {
      // x·w with a gradient that is not the product's own
      const times = differentiable(
        (x: tf.Tensor1D, w: tf.Scalar) => ({ value: x.mul<tf.Tensor1D>(w), saved: [x, w] }),
        (dy, [x, w]) => [dy.mul(w).mul(10), dy.mul(x).sum().mul(100)],
      );
      const [x, w, dy] = [tf.tensor1d([1, -2]), tf.scalar(3), tf.tensor1d([1, 4])];
      const value = times(x, w);
      const [dx, dw] = tf.grads((x, w) => tf.tidy(() => times(x as tf.Tensor1D, w as tf.Scalar)))([x, w], dy);
      expectClose(value, [3, -6]);
      expectClose(dx, [30, 120]);
      expectClose(dw, [-700]);
      tf.dispose([x, w, dy, value, dx, dw]);
    });
  });
});

describe("stopGradient", () => {
  it("gives the same values in a tensor of its own", async () => {
    await expectNoLeak(() => {
      const x = tf.tensor2d([
        [1, -2],
        [3, 4],
      ]);
      const same = stopGradient(x);
      x.dispose();
      expect(same.shape).toEqual([2, 2]);
      expectClose(same, [1, -2, 3, 4]);
      same.dispose();
    });
  });

  it("is a constant to the gradient: the derivative of x times its stopped square is the square", async () => {
    await expectNoLeak(() => {
      const x = tf.tensor1d([1, -2, 3]);
      const dx = tf.grad((x) => x.mul(stopGradient(x.square())).sum())(x);
      expectClose(dx, [1, 4, 9]);
      tf.dispose([x, dx]);
    });
  });

  it("lets an operation without a gradient lead to a choice", async () => {
    await expectNoLeak(() => {
      const x = tf.tensor1d([0.5, 3, 1, 2]);
      const chosen = tf.grad((x) => {
        const threshold = tf
          .topk(stopGradient(x.mul(2)), 2)
          .values.min()
          .div(2);
        return x
          .square()
          .mul(x.greaterEqual(stopGradient(threshold)).toFloat())
          .sum();
      });
      const dx = chosen(x);
      expectClose(dx, [0, 6, 0, 4]);
      tf.dispose([x, dx]);
    });
  });

  it("is needed for that: topk itself has no gradient", () => {
    const unstopped = tf.grad((x) => tf.topk(x.mul(2), 2).values.min());
    expect(() => unstopped(tf.tensor1d([0.5, 3, 1, 2]))).toThrow("gradient function not found for TopK");
  });

  it("leaves the other paths to the same variable their gradient", async () => {
    await expectNoLeak(() => {
      const first = tf.scalar(3);
      const v = tf.variable(first);
      const { value, grads } = tf.variableGrads(() => v.mul(stopGradient(v)).add(v).asScalar(), [v]);
      expectClose(value, [12]);
      expectClose(grads[v.name], [4]);
      tf.dispose([first, v, value, grads]);
    });
  });
});
