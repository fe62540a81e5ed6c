import { spawnSync } from "node:child_process";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { namedTensors } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { Replicas } from "../../lib/training/replicas";
import { Training, type TrainingReport } from "../../lib/training/run";
import { expectClose } from "../support/close";
import { batchOf, CONFIG, makeSteps, OPTIONS } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const running: Replicas[] = [];
async function start(training: Training, count: number): Promise<Replicas> {
  const replicas = await Replicas.start(training, count);
  running.push(replicas);
  return replicas;
}
afterEach(async () => {
  for (const replicas of running.splice(0)) await replicas.stop();
});

async function stepsBy(replicas: Replicas, training: Training, count: number): Promise<TrainingReport[]> {
  const reports: TrainingReport[] = [];
  for (let i = 0; i < count; i++) {
    await replicas.makeStep(batchOf(training.step, training.options));
    reports.push(await training.report());
  }
  return reports;
}

const weightsOf = (training: Training) => namedTensors(training.model.weights).map(({ tensor }) => tensor.dataSync());

describe("replicas", () => {
  it.each([
    [2, 4],
    [3, 5],
    [4, 2],
  ])("make the same steps with %i threads as one, with %i sequences", async (threads, batch) => {
    const options = { ...OPTIONS, batch };
    const [alone, shared] = [new Training(CONFIG, options), new Training(CONFIG, options)];
    const expected = await makeSteps(alone, 4);
    const reports = await stepsBy(await start(shared, threads), shared, 4);
    reports.forEach((report, step) => {
      expect(report.loads).toEqual(expected[step].loads);
      // Rounding of the first steps' sums grows with AdamW, which divides small gradients by their size.
      const numbers = ({ main, mtp, gradientNorm }: TrainingReport) => [main, mtp!, gradientNorm];
      expectClose(numbers(report), numbers(expected[step]));
      expect({ step: report.step, tokens: report.tokens }).toEqual({
        step: step + 1,
        tokens: (step + 1) * batch * OPTIONS.length,
      });
    });
    weightsOf(shared).forEach((values, i) => expectClose(values, weightsOf(alone)[i], { rtol: 1e-3, atol: 1e-4 }));
    [alone, shared].forEach((training) => training.dispose());
  });

  it("hold as many tensors after each step", async () => {
    const training = new Training(CONFIG, OPTIONS);
    const replicas = await start(training, 2);
    const counts: number[] = [];
    for (let step = 0; step < 4; step++) {
      await replicas.makeStep(batchOf(step));
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts.slice(1)).size).toBe(1); // the first step keeps its norm and loads
    training.dispose();
  });

  it("name the failure of a thread, and fail again after it", async () => {
    const training = new Training(CONFIG, OPTIONS);
    const replicas = await start(training, 2);
    const [right, ...wrong] = batchOf(0).map((row, i) => (i === 0 ? row : row.map(() => CONFIG.vocabSize)));
    await expect(replicas.makeStep([right, ...wrong])).rejects.toThrow(
      /a training thread failed: .*24 is not a target/,
    );
    await expect(replicas.makeStep(batchOf(0))).rejects.toThrow("a training thread failed");
    expect(training.step).toBe(0);
    training.dispose();
  });

  it("fail with the own share's error where every share fails", async () => {
    const training = new Training(CONFIG, OPTIONS);
    const replicas = await start(training, 2);
    const wrong = batchOf(0).map((row) => row.map(() => CONFIG.vocabSize));
    await expect(replicas.makeStep(wrong)).rejects.toThrow(/^trainingLosses: 24 is not a target/);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // the thread's failure comes later, and ends nothing
    training.dispose();
  });

  it("refuse the loss that counts over a whole batch", async () => {
    const training = new Training(CONFIG, { ...OPTIONS, balance: "auxiliary" });
    await expect(Replicas.start(training, 2)).rejects.toThrow("the auxiliary loss counts over a whole batch");
    training.dispose();
  });

  it("do not keep a process alive that forgets to stop them", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--require", "tsx/cjs", path.join(__dirname, "forget-replicas.ts")],
      {
        encoding: "utf8",
        timeout: 200_000,
      },
    );
    expect(stderr).toBe("");
    expect([status, stdout]).toEqual([0, "1 step\n"]);
  });
});
