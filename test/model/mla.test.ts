import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import { againstShared, mergeHeads, splitHeads, upMatrices } from "../../lib/model/mla";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

describe("splitHeads and mergeHeads", () => {
  it("are each other's inverse, and put head h at channels h·d to (h + 1)·d", async () => {
    const channels = tf.range(0, 6).reshape<tf.Tensor3D>([1, 1, 6]);
    expect(((await splitHeads(channels, 3).array()) as number[][][][])[0]).toEqual([[[0, 1]], [[2, 3]], [[4, 5]]]);
    const x = new Random(21).normalTensor([2, 5, 12]) as tf.Tensor3D;
    expectClose(mergeHeads(splitHeads(x, 4)), x);
  });
});

describe("againstShared", () => {
  it("multiplies every head with its own sequence's shared rows, transposed or not", () => {
    const random = new Random(22);
    const [B, H, T, S, d] = [2, 3, 4, 5, 6];
    const x = random.normalTensor([B, H, T, d]) as tf.Tensor4D;
    const keys = random.normalTensor([B, S, d]) as tf.Tensor3D;
    const copies = keys.expandDims(1).tile([1, H, 1, 1]); // [B, H, S, d]
    expectClose(againstShared(x, keys), tf.matMul(x, copies, false, true));
    const weights = random.normalTensor([B, H, T, S]) as tf.Tensor4D;
    expectClose(againstShared(weights, keys, false), tf.matMul(weights, copies));
  });
});

describe("upMatrices", () => {
  it("are the columns of kvBProj, head by head, first W^UK and then W^UV", () => {
    const config = tinyConfig({ numAttentionHeads: 2, qkNopeHeadDim: 3, vHeadDim: 2, kvLoraRank: 1 });
    const { wUK, wUV } = upMatrices(tf.tensor2d([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]), config);
    expect(wUK.arraySync()).toEqual([[[0, 1, 2]], [[5, 6, 7]]]);
    expect(wUV.arraySync()).toEqual([[[3, 4]], [[8, 9]]]);
  });
});
