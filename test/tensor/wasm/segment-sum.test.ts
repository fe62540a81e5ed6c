import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";
import { expectLikeCpu, expectMemoryStays, valueAndGradients, valuesOf } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

const cases = fc.record({
  ids: fc.array(fc.integer({ min: -2, max: 5 }), { maxLength: 12 }),
  rest: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  seed: fc.nat(1000),
});

const sums = (x: tf.Tensor, ids: number[]) => tf.unsortedSegmentSum(x, tf.tensor1d(ids, "int32"), 6);

describe("unsortedSegmentSum on wasm", () => {
  it("adds up the rows of each segment as cpu does, with repeated, missing and negative ids, or none at all", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ ids, rest, seed }) => {
        await expectLikeCpu([valuesOf([ids.length, ...rest], seed)], (x) => [sums(x, ids)]);
      }),
    );
  });

  it("adds up whole numbers, and leaves them whole", async () => {
    await expectNoLeak(() => {
      const result = tf.tidy(() =>
        sums(
          tf.tensor2d(
            [
              [1, 2],
              [3, 4],
              [50_000_001, 6],
            ],
            [3, 2],
            "int32",
          ),
          [4, -1, 4],
        ),
      );
      expect(result.dtype).toBe("int32");
      expect(Array.from(result.dataSync())).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 50_000_002, 8, 0, 0]);
      result.dispose();
    });
  });

  it("gives tf.gather its gradient", async () => {
    const gathers = fc.record({
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      axis: fc.nat(2),
      picks: fc.array(fc.nat(11), { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(gathers, async ({ shape, axis: anyAxis, picks }) => {
        const axis = anyAxis % shape.length;
        const indices = picks.map((pick) => pick % shape[axis]);
        await expectLikeCpu(
          [valuesOf(shape, 7)],
          valueAndGradients((x) => tf.gather(x, tf.tensor1d(indices, "int32"), axis)),
        );
      }),
    );
  });

  it("says which id is outside, and keeps nothing", () => {
    const [x, ids] = [tf.ones([3, 256]), tf.tensor1d([0, 7, 1], "int32")];
    const fail = () => tf.unsortedSegmentSum(x, ids, 2);
    expect(fail).toThrow("unsortedSegmentSum: id 7 is outside 0 to 1");
    expectMemoryStays(() => expect(fail).toThrow());
    tf.dispose([x, ids]);
  });

  it("says what does not fit", async () => {
    await expectNoLeak(() => {
      const [x, truths, ids] = [tf.ones([3, 2]), tf.ones([2, 2], "bool"), tf.tensor1d([0, 1], "int32")];
      expect(() => tf.unsortedSegmentSum(x, ids, 2)).toThrow(
        "x [3,2] must begin with the shape of the segment ids, [2]",
      );
      expect(() => tf.unsortedSegmentSum(truths, ids, 2)).toThrow("adds float32 or int32; got bool");
      tf.dispose([x, truths, ids]);
    });
  });
});
