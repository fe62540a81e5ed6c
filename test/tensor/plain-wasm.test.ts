/** With tf.setBackend("wasm") alone tfjs has none of this project's kernels: lib computes with plain operations. */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { expect, it } from "vitest";
import { rmsNorm, swiGlu } from "../../lib/tensor/nn";
import { Random } from "../../lib/tensor/random";

it("RMSNorm and SwiGLU give on tfjs's own wasm backend what they give on cpu", async () => {
  const results: number[][] = [];
  for (const backend of ["cpu", "wasm"]) {
    await tf.setBackend(backend);
    const random = new Random(1);
    const [x, y] = [random.normalTensor([3, 8], 1), random.normalTensor([3, 8], 1)];
    const value = tf.tidy(() => rmsNorm(swiGlu(x, y), tf.ones([8]), 1e-6).flatten());
    results.push(Array.from(value.dataSync()));
    tf.dispose([x, y, value]);
  }
  results[0].forEach((number, i) => expect(results[1][i]).toBeCloseTo(number, 5));
});
