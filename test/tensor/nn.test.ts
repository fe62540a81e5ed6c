import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { causalSoftmax, embeddingRows, rmsNorm, swiGlu } from "../../lib/tensor/nn";
import { expectClose, expectNoLeak } from "../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

describe("rmsNorm", () => {
  it("divides by the root mean square, times the gain, and keeps the mean", async () => {
    const x = tf.tensor2d([
      [3, 4],
      [0, 0],
    ]);
    expectClose(
      rmsNorm(x, tf.tensor1d([1, 2]), 1e-6),
      tf.tensor2d([
        [3 / Math.sqrt(12.5), 8 / Math.sqrt(12.5)],
        [0, 0],
      ]),
    );
    expect(() => rmsNorm(x, tf.ones([3]), 1e-6)).toThrow("x is [2,2], so the weight must be [2], not [3]");
  });
});

describe("swiGlu", () => {
  it("is gate · sigmoid(gate) · up", () => {
    expectClose(swiGlu(tf.tensor1d([0, 1, -2]), tf.tensor1d([5, 10, 10])), [
      0,
      10 / (1 + Math.exp(-1)),
      -20 / (1 + Math.exp(2)),
    ]);
  });
});

describe("causalSoftmax", () => {
  it("gives each query a distribution over the keys up to itself, counted from the end where keys are cached", async () => {
    const p = (await causalSoftmax(tf.zeros([1, 1, 2, 4])).array()) as number[][][][];
    expectClose(p[0][0].flat(), [1 / 3, 1 / 3, 1 / 3, 0, 0.25, 0.25, 0.25, 0.25]);
  });

  it("adds the two parts of the scores, then scales them", async () => {
    await expectNoLeak(() => {
      const [content, positional] = [tf.tensor4d([2, 0], [1, 1, 1, 2]), tf.tensor4d([4, 2], [1, 1, 1, 2])];
      const p = causalSoftmax(content, positional, 0.5);
      expectClose(p, [1 / (1 + Math.exp(-2)), 1 / (1 + Math.exp(2))]);
      tf.dispose([content, positional, p]);
    });
  });
});

describe("embeddingRows", () => {
  it("takes a row for each token, and adds up the gradients of those that share one", async () => {
    await expectNoLeak(() => {
      const table = tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      const ids = tf.tensor1d([2, 0, 2], "int32");
      const rows = embeddingRows(table, ids);
      const gradient = tf.grad((table) => embeddingRows(table as tf.Tensor2D, ids))(table);
      expectClose(rows, [5, 6, 1, 2, 5, 6]);
      expectClose(gradient, [1, 1, 0, 0, 2, 2]);
      tf.dispose([table, ids, rows, gradient]);
    });
  });
});
