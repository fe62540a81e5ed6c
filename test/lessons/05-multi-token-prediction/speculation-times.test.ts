import { expect, it } from "vitest";
import { batchTimes, engineTimes } from "../../../lib/lessons/05-multi-token-prediction/speculation-times";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";
import { lively } from "../../inference/support";

it("times one token, two, and a draft, and leaves nothing behind", async () => {
  await useBackend("wasm");
  const model = lively();
  const how = { text: [1, 2, 3, 4], rounds: 3 };
  await expectNoLeak(async () => {
    const all = [
      await engineTimes(model, "wasm", how),
      await engineTimes(model, "tensor", how),
      await batchTimes(model, 1, how),
      await batchTimes(model, 6, how),
    ];
    for (const times of all) for (const time of Object.values(times)) expect(time).toBeGreaterThan(0);
  });
  model.dispose();
});
