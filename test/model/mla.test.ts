import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { mergeHeads, splitHeads } from "../../lib/model/mla";
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
