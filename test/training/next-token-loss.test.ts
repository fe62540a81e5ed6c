import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { bitsPerByte, nextTokenLoss } from "../../lib/training/next-token-loss";
import { expectClose, expectNoLeak } from "../support/close";
import { openGolden } from "../support/golden";

beforeAll(async () => {
  await useBackend("wasm");
});

const shifted = (ids: number[][], by: number) => ids.map((row) => row.slice(by));
const firsts = (logits: tf.Tensor3D, count: number) => logits.slice([0, 0, 0], [-1, count, -1]);

describe("nextTokenLoss", () => {
  it.each(["golden-a-group", "golden-d-mtp"])("is the reference's for %s", (name) => {
    const { model, ids, value } = openGolden(name);
    const logits = firsts(model.forward(ids), ids[0].length - 1);
    expectClose(nextTokenLoss(logits, shifted(ids, 1)), value("loss_next_token").values);
    model.dispose();
  });

  it("is ln V for logits that prefer nothing, and takes targets as a tensor too", async () => {
    await expectNoLeak(() =>
      tf.tidy(() => {
        const targets = [
          [0, 6, 3],
          [2, 1, 5],
        ];
        expectClose(nextTokenLoss(tf.ones([2, 3, 7]), targets), [Math.log(7)]);
        const logits = new Random(1).normalTensor([2, 3, 7]) as tf.Tensor3D;
        const given = tf.tensor2d(targets, [2, 3], "int32");
        expectClose(nextTokenLoss(logits, given), nextTokenLoss(logits, targets));
      }),
    );
  });

  it("stays finite where a logit is huge", () => {
    const logits = tf.tensor3d([[[1000, 0, -1000]]]);
    expectClose(nextTokenLoss(logits, [[1]]), [1000]);
    expectClose(nextTokenLoss(logits, [[0]]), [0]);
  });

  it("has the gradient that tfjs finds for the plain formula", async () => {
    await expectNoLeak(() =>
      tf.tidy(() => {
        const [B, T, V] = [2, 5, 9];
        const random = new Random(2);
        const logits = random.normalTensor([B, T, V], 3);
        const targets = Array.from({ length: B }, () => Array.from({ length: T }, () => random.integer(V)));
        const oneHot = tf.oneHot(tf.tensor2d(targets, [B, T], "int32"), V).toFloat();
        const plain = (x: tf.Tensor) =>
          tf
            .logSoftmax(x)
            .mul(oneHot)
            .sum()
            .mul(-1 / (B * T));
        const ours = tf.grad((x) => nextTokenLoss(x as tf.Tensor3D, targets).mul(3))(logits);
        expectClose(ours, tf.grad((x) => plain(x).mul(3))(logits), { rtol: 1e-5, atol: 1e-6 });
      }),
    );
  });

  it.each(["wasm", "cpu"] as const)("names a target outside the vocabulary on %s", async (name) => {
    await useBackend(name);
    const logits = tf.zeros<tf.Rank.R3>([1, 2, 7]);
    for (const odd of [7, -100, 999, 0.5, NaN]) {
      const message = `nextTokenLoss: ${odd} is not a target; the vocabulary has ids 0 to 6`;
      expect(() => nextTokenLoss(logits, [[0, odd]])).toThrow(message);
    }
    expect(() => nextTokenLoss(logits, tf.tensor2d([[0, 7]], [1, 2], "int32"))).toThrow("7 is not a target");
    logits.dispose();
    await useBackend("wasm");
  });

  it("names the shapes where there is not one target a position", () => {
    const logits = tf.zeros<tf.Rank.R3>([2, 3, 7]);
    expect(() =>
      nextTokenLoss(logits, [
        [0, 1],
        [2, 3],
      ]),
    ).toThrow("logits [2,3,7] need targets [2, 3]; got [2,2]");
    expect(() =>
      nextTokenLoss(logits, [
        [0, 1, 2],
        [2, 3],
      ]),
    ).toThrow("got [2,3,2]");
  });
});

describe("bitsPerByte", () => {
  it("is 8 for a uniform guess over 256 bytes", () => {
    expect(bitsPerByte(Math.log(256))).toBeCloseTo(8, 12);
  });
});
