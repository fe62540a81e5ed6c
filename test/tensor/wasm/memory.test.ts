import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../../lib/model/config";
import { createModel } from "../../../lib/model/model";
import { useBackend } from "../../../lib/tensor/backend";
import type { WasmBackend } from "../../../lib/tensor/wasm/kernels";
import { guardMemory } from "../../../lib/tensor/wasm/memory";
import { expectNoLeak } from "../../support/close";

const PIECE = 2 ** 28;
const MESSAGE = /^wasm has no memory left for \d+ bytes more: it ends at 4 GB\. Take fewer tokens/;
const wasm = () => (tf.backend() as unknown as WasmBackend).wasm;
let taken: number[] = [];

/** Takes memory in ever smaller pieces until none is left; nothing is written to it, so the machine need not have it. */
function fill(down: number): number {
  let total = 0;
  for (let bytes = PIECE; bytes >= down; bytes /= 2) {
    try {
      for (;;) {
        taken.push(wasm()._malloc(bytes));
        total += bytes;
      }
    } catch (error) {
      expect((error as Error).message).toMatch(MESSAGE);
      expect((error as Error).message.length).toBeLessThan(300);
    }
  }
  return total;
}

beforeAll(async () => {
  await useBackend("wasm");
});
afterEach(() => {
  for (const place of taken) wasm()._free(place);
  taken = [];
});

describe("a full wasm memory", () => {
  it("is an error that says how much was asked for and what to do, and can be used again once it is freed", async () => {
    expect(fill(2 ** 10)).toBeGreaterThan(3e9);
    await expectNoLeak(() => {
      expect(() => tf.tidy(() => tf.zeros([1000, 1000]).add(1))).toThrow(MESSAGE);
    });
    for (const place of taken) wasm()._free(place);
    taken = [];
    const sum = tf.tidy(() => tf.ones([1000, 1000]).sum().dataSync()[0]);
    expect(sum).toBe(1e6);
  });

  it("never makes a model's numbers wrong: they are right or there are none", () => {
    const model = createModel(tinyConfig(), 1);
    const ids = [Array.from({ length: 64 }, (_, i) => i)];
    const logits = () => tf.tidy(() => model.forward(ids).dataSync().slice());
    const right = logits();
    let refused = 0;
    for (const down of [2 ** 28, 2 ** 24, 2 ** 20, 2 ** 16, 2 ** 10]) {
      fill(down);
      try {
        expect(logits()).toEqual(right);
      } catch (error) {
        expect((error as Error).message).toMatch(MESSAGE);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    for (const place of taken) wasm()._free(place);
    taken = [];
    expect(logits()).toEqual(right);
    model.dispose();
  });

  it("is guarded once, however often the backend is chosen", async () => {
    const before = wasm()._malloc;
    await useBackend("wasm");
    guardMemory();
    expect(wasm()._malloc).toBe(before);
  });
});
