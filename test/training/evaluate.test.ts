import { beforeAll, describe, expect, it } from "vitest";
import { createModel } from "../../lib/model/model";
import { useBackend } from "../../lib/tensor/backend";
import { DOMAINS } from "../../lib/corpus/corpus";
import { evaluate, evaluationWindows } from "../../lib/training/evaluate";
import { nextTokenLoss } from "../../lib/training/next-token-loss";
import { expectNoLeak } from "../support/close";
import { CONFIG, streams } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const LENGTH = 10;
const COUNT = 5;
const windows = evaluationWindows(streams(), { length: LENGTH, count: COUNT, seed: 4 });

describe("evaluate", () => {
  it("is the mean loss over all windows of a domain in bits, however they are batched", async () => {
    const model = createModel(CONFIG, 2);
    await expectNoLeak(async () => {
      const whole = await evaluate(model, windows, { batch: 5 });
      const parts = await evaluate(model, windows, { batch: 2 });
      for (const domain of DOMAINS) {
        const ids = windows[domain];
        expect([ids.length, ids[0].length]).toEqual([COUNT, LENGTH + 2]);
        const inBits = (loss: number) => loss / Math.LN2;
        const logits = model.forward(ids.map((row) => row.slice(0, LENGTH)));
        const loss = nextTokenLoss(
          logits,
          ids.map((row) => row.slice(1, LENGTH + 1)),
        );
        const mtpLogits = model.forwardMtp(ids.map((row) => row.slice(0, LENGTH + 1)));
        const mtp = nextTokenLoss(
          mtpLogits,
          ids.map((row) => row.slice(2)),
        );
        for (const found of [whole[domain], parts[domain]]) {
          expect(found.bitsPerByte).toBeCloseTo(inBits(loss.dataSync()[0]), 5);
          expect(found.mtpBitsPerByte!).toBeCloseTo(inBits(mtp.dataSync()[0]), 5);
          expect(found.loads).toEqual(whole[domain].loads);
        }
        [logits, loss, mtpLogits, mtp].forEach((tensor) => tensor.dispose());
      }
    });
    model.dispose();
  });

  it("counts where each domain's tokens go: K experts a token in each sparse layer and the module", async () => {
    const model = createModel(CONFIG, 2);
    const { novel, code } = await evaluate(model, windows, { batch: 2 });
    const sum = (row: number[]) => row.reduce((a, b) => a + b);
    expect(novel.loads.map(sum)).toEqual([200, 200, 200]); // 5 windows · 10 tokens · 4 experts
    expect(novel.loads).not.toEqual(code.loads);
    model.dispose();
  });

  it("has nothing to say of a module that is not there", async () => {
    const model = createModel({ ...CONFIG, numNextnPredictLayers: 0 }, 2);
    expect((await evaluate(model, windows, { batch: 5 })).code.mtpBitsPerByte).toBeNull();
    model.dispose();
  });
});
