/** What console.log says of a tensor. */
import { format, inspect } from "node:util";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { useBackend } from "../../lib/tensor/backend";

beforeAll(async () => void (await useBackend("cpu")));

describe("console.log of a tensor", () => {
  it.each([
    ["tensor [] float32 2.5", () => tf.scalar(2.5)],
    ["tensor [3] float32 [1, -0.33333, 3e+20]", () => tf.tensor1d([1, -1 / 3, 3e20])],
    ["tensor [2, 3] int32\n[[1, 2, 3],\n [4, 5, 6]]", () => tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32")],
    ["tensor [2, 1, 2] float32\n[[[1, 2]],\n [[3, 4]]]", () => tf.tensor3d([1, 2, 3, 4], [2, 1, 2])],
    ["tensor [2] bool [true, false]", () => tf.tensor1d([true, false])],
    ['tensor [2] string ["a", "b\\"c"]', () => tf.tensor1d(["a", 'b"c'])],
    ["tensor [0, 4] float32 []", () => tf.zeros([0, 4])],
    ["tensor [2] float32 [NaN, -Infinity]", () => tf.tensor1d([NaN, -Infinity])],
  ])("%s", (text, make) => {
    expect(format(make())).toBe(text);
  });

  it("shows the ends of every axis of a large one", () => {
    const shown = inspect(tf.range(0, 10_000).reshape([100, 100]));
    expect(shown.split("\n")).toHaveLength(8);
    expect(shown).toContain("[[0, 1, 2, …, 97, 98, 99],\n [100, ");
    expect(shown).toContain(",\n …,\n [9700, ");
  });

  it("says that a tensor is disposed, also within other values", () => {
    const gone = tf.tensor2d([[1]]);
    gone.dispose();
    expect(inspect({ weights: [gone] })).toContain("tensor [1, 1] float32, disposed: its values are gone");
  });

  it("leaves no tensor behind, and shows variables too", () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const before = tf.memory().numTensors;
    expect(inspect(variable)).toBe("tensor [2] float32 [1, 2]");
    expect(tf.memory().numTensors).toBe(before);
  });

  it("does not stop a GPU to read values", () => {
    const tensor = tf.tensor1d([1, 2]);
    const read = vi.spyOn(tensor, "dataSync");
    const backend = vi.spyOn(tf.engine(), "backendName", "get").mockReturnValue("webgpu");
    try {
      expect(inspect(tensor)).toBe("tensor [2] float32, on the GPU: await t.data() fetches its values");
      expect(read).not.toHaveBeenCalled();
    } finally {
      backend.mockRestore();
    }
  });
});
