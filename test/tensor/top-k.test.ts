import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { columnsOfMask, largestPlaces, topKMask } from "../../lib/tensor/top-k";

const random = new Random(3);

describe.each(["wasm", "cpu"] as const)("the k largest of each row, on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each([
    [1, 1, 1],
    [5, 7, 1],
    [9, 16, 4],
    [3, 8, 8],
    [20, 256, 8],
  ])("of %i rows of %i numbers, k = %i", (N, columns, k) => {
    // Few different values, so that many are equal; some negative, some far below the rest.
    const drawn = () => (random.integer(10) === 0 ? -1e30 : random.integer(9) - 4);
    const rows = Array.from({ length: N }, () => Array.from({ length: columns }, drawn));
    const expected = rows.map((row) => largestPlaces(Float32Array.from(row), k));
    tf.tidy(() => {
      const mask = topKMask(tf.tensor2d(rows, [N, columns]), k);
      expect(mask.dtype).toBe("float32");
      expect(mask.arraySync()).toEqual(
        expected.map((places) => rows[0].map((_, column) => Number(places.includes(column)))),
      );
      const found = columnsOfMask(mask, k);
      expect(found.dtype).toBe("int32");
      expect(found.arraySync()).toEqual(expected.map((places) => [...places].sort((a, b) => a - b)));
    });
  });
});
