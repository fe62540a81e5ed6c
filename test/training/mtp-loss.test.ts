import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { depthLoss, mtpLoss } from "../../lib/training/mtp-loss";
import { expectClose } from "../support/close";
import { openGolden } from "../support/golden";

beforeAll(async () => {
  await useBackend("wasm");
});

const firsts = (logits: tf.Tensor3D, count: number) => logits.slice([0, 0, 0], [-1, count, -1]);

describe("depthLoss", () => {
  it("is the reference's for the logits of the multi-token prediction module", () => {
    const { model, ids, value } = openGolden("golden-d-mtp");
    const valid = ids[0].length - 2; // positions whose second next token is known
    expectClose(depthLoss(firsts(model.forwardMtp(ids), valid), ids, 1), value("mtp.loss_mean_over_valid").values);
    model.dispose();
  });

  it("is equation 24 with all T terms: the mean where the tokens beyond are known", () => {
    // The reference has T - 1 terms divided by T; the mean over these terms times (T - 1)/T must be the same.
    const { model, ids, value } = openGolden("golden-d-mtp");
    const [terms] = [ids[0].length - 2];
    const mean = depthLoss(firsts(model.forwardMtp(ids), terms), ids, 1).dataSync()[0];
    expectClose([(mean * terms) / (terms + 1)], value("mtp.loss_paper_divide_by_T").values, { rtol: 1e-4, atol: 0 });
    model.dispose();
  });

  it("compares each position with the token so many places beyond the next", () => {
    const sure = tf
      .oneHot(tf.tensor2d([[3, 4]], [1, 2], "int32"), 5)
      .mul(100)
      .toFloat() as tf.Tensor3D; // of tokens 3, 4
    expectClose(depthLoss(sure, [[0, 1, 2, 3, 4]], 2), [0]);
    expectClose(depthLoss(sure, [[0, 1, 3, 3]], 1), [50]);
    expect(() => depthLoss(sure, [[0, 1, 2, 3, 4]], 1)).toThrow("need targets [1, 2]; got [1,3]");
  });
});

describe("mtpLoss", () => {
  it("is λ/D times the sum over the modules", () => {
    expectClose(mtpLoss([tf.scalar(2), tf.scalar(3)], 0.3), [0.75]);
    expectClose(mtpLoss([tf.scalar(2)], 0.3), [0.6]);
  });
});
