import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { byModule, parallelAtBest } from "../../../lib/lessons/05-multi-token-prediction/parallel-heads";
import { distribution } from "../../../lib/inference/sampling";
import { useBackend } from "../../../lib/tensor/backend";
import { expectClose, expectNoLeak } from "../../support/close";
import { lively } from "../../inference/support";

const rowOf = (logits: tf.Tensor3D, t: number) => distribution(logits.arraySync()[0][t], { temperature: 1 });

it("mixes what follows each next token, by its probability", async () => {
  await useBackend("wasm");
  const model = lively({ vocabSize: 5 });
  const ids = [1, 4, 2];
  const expected = new Array<number>(5).fill(0);
  tf.tidy(() => {
    const next = rowOf(model.forward([ids]), 2);
    next.forEach((chance, a) => rowOf(model.forward([[...ids, a]]), 3).forEach((p, v) => (expected[v] += chance * p)));
  });
  await expectNoLeak(() => expectClose(parallelAtBest(model, ids), expected));
  model.dispose();
});

it("gives the module's last prediction", async () => {
  await useBackend("wasm");
  const model = lively({ vocabSize: 5 });
  const expected = tf.tidy(() => Float32Array.from(rowOf(model.forwardMtp([[1, 4, 2, 0]]), 2)));
  await expectNoLeak(() => expectClose(byModule(model, [1, 4, 2, 0]), expected));
  model.dispose();
  expect(expected.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
});
