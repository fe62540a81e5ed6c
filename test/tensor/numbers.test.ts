import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { addNumbers, numbersOf, setNumbers } from "../../lib/tensor/numbers";
import { expectNoLeak } from "../support/close";

describe.each(["cpu", "wasm"] as const)("numbers of a tensor on %s", (backend) => {
  it("are read, set and added, also from memory that threads share", async () => {
    await useBackend(backend);
    const shared = new Float32Array(new SharedArrayBuffer(4 * 3), 4, 2).fill(0.5);
    await expectNoLeak(() => {
      const start = tf.tensor2d([[1, 2]]);
      const variable = tf.variable(start);
      start.dispose(); // its numbers are the variable's alone now
      const sum = addNumbers(variable, shared);
      expect([sum.shape, Array.from(numbersOf(sum))]).toEqual([
        [1, 2],
        [1.5, 2.5],
      ]);
      expect(Array.from(numbersOf(variable))).toEqual([1, 2]);
      setNumbers(variable, shared);
      expect(Array.from(variable.dataSync())).toEqual([0.5, 0.5]);
      shared.fill(7);
      expect(Array.from(numbersOf(variable))).toEqual([0.5, 0.5]); // a copy
      tf.dispose([variable, sum]);
    });
  });
});
