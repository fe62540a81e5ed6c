/** Training on webgpu goes as it goes on wasm, step by step. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { MICRO } from "../../lib/training/presets";
import { Training } from "../../lib/training/run";
import { expectClose } from "../support/close";
import { useWebgpu } from "./adapter";

const STEPS = 5;

/** Main loss, prediction module's loss and gradient norm of each step. */
async function trained(): Promise<number[]> {
  const before = tf.memory().numTensors;
  const training = new Training(tinyConfig(), { ...MICRO.training, steps: STEPS, batch: 4, length: 16 });
  const random = new Random(7);
  const numbers: number[] = [];
  let weights = await training.parameters[0].variable.data();
  for (let step = 0; step < STEPS; step++) {
    training.makeStep(Array.from({ length: 4 }, () => Array.from({ length: 18 }, () => 97 + random.integer(26))));
    const { main, mtp, gradientNorm } = await training.report();
    numbers.push(main, mtp!, gradientNorm);
    const now = await training.parameters[0].variable.data();
    expect(now).not.toEqual(weights); // what was read before the step is not what is read after it
    weights = now.slice();
  }
  training.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return numbers;
}

describe("training on webgpu", () => {
  beforeAll(useWebgpu);

  it("has the losses and the gradients' norms that it has on wasm", async () => {
    await tf.setBackend("webgpu");
    const gpu = await trained();
    await useBackend("wasm");
    const wasm = await trained();
    await tf.setBackend("webgpu");
    expect(gpu.length).toBe(3 * STEPS);
    expectClose(gpu, wasm, { rtol: 1e-3, atol: 1e-3 });
  });
});
