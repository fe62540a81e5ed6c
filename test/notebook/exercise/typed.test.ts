/** A value typed as a message shows it is the same value. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { typed, typedArguments } from "../../../lib/notebook/exercise/typed";

beforeAll(async () => void (await tf.setBackend("cpu")));

const run = (text: string | null) => new Function("tf", `return (${text})`)(tf) as unknown;

describe("a value as TypeScript", () => {
  it.each([
    ["[1, -0, NaN, Infinity, 0.1234567890123]", [1, -0, NaN, Infinity, 0.1234567890123]],
    ['{ a: "x\\ny", "b-c": [true, null, undefined], d: {} }', { a: "x\ny", "b-c": [true, null, undefined], d: {} }],
    ["12345678901234567890n", 12345678901234567890n],
    ["new Float32Array([0.1, 2])", new Float32Array([0.1, 2])],
    ["new Uint8Array([1, 255])", new Uint8Array([1, 255])],
  ])("%s", (text, value) => {
    expect(typed(value)).toBe(text);
    expect(run(text)).toEqual(value);
  });

  it.each([
    ["tf.scalar(0.1)", () => tf.scalar(0.1)],
    ['tf.tensor1d([1, 2], "int32")', () => tf.tensor1d([1, 2], "int32")],
    ["tf.tensor2d([[0.1, -2], [3e-9, 4]])", () => tf.tensor2d([0.1, -2, 3e-9, 4], [2, 2])],
    ['tf.tensor2d([1, 2], [1, 2], "int32")', () => tf.tensor2d([[1, 2]], undefined, "int32")],
    ["tf.tensor1d([true, false])", () => tf.tensor1d([true, false])],
    ["tf.tensor3d([1, 2, 3, 4], [2, 1, 2])", () => tf.tensor3d([1, 2, 3, 4], [2, 1, 2])],
    ["tf.tensor2d([], [0, 3])", () => tf.zeros([0, 3])],
  ])("%s", (text, make) => {
    const [value, again] = [make(), run(text) as tf.Tensor];
    expect(typed(value)).toBe(text);
    expect([again.shape, again.dtype, again.dataSync()]).toEqual([value.shape, value.dtype, value.dataSync()]);
  });

  it("says nothing where no expression makes it", () => {
    expect(typed(() => 1)).toBeNull();
    expect(typed(new Map())).toBeNull();
    expect(typedArguments([1, { f: [() => 1] }])).toBeNull();
    expect(typedArguments([])).toBe("");
  });
});
