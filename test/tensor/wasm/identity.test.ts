import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { offsetOf } from "../../../lib/tensor/wasm/kernels";
import { expectClose, expectNoLeak } from "../../support/close";
import { expectMemoryStays, wasmBackend } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

describe("clone on wasm", () => {
  it.each(["float32", "int32", "bool"] as const)(
    "shares the numbers of %s, which each tensor holds by itself",
    async (dtype) => {
      await expectNoLeak(() => {
        const { backend } = wasmBackend();
        const x = tf.tensor1d([0, 1, 1], dtype);
        const [first, second] = [x.clone(), x.clone()];
        expect(offsetOf(backend, first)).toBe(offsetOf(backend, x));
        expect([first.dtype, first.shape]).toEqual([dtype, [3]]);
        tf.dispose([x, first]);
        expectClose(second, [0, 1, 1]);
        second.dispose();
      });
    },
  );

  it("keeps strings", async () => {
    await expectNoLeak(() => {
      const x = tf.tensor1d(["expert", "router"]);
      const same = x.clone();
      x.dispose();
      expect(same.dataSync<"string">()).toEqual(["expert", "router"]);
      same.dispose();
    });
  });

  it("keeps a variable's old numbers when the variable gets new ones", async () => {
    await expectNoLeak(() => {
      const first = tf.tensor1d([1, 2]);
      const v = tf.variable(first);
      const old = v.clone();
      tf.tidy(() => v.assign(tf.tensor1d([3, 4])));
      expectClose(old, [1, 2]);
      expectClose(v, [3, 4]);
      tf.dispose([first, v, old]);
    });
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    expectMemoryStays(() => tf.ones([256]).clone().clone());
  });
});
