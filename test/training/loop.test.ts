import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { train, type TrainingStep } from "../../lib/training/loop";
import { Training } from "../../lib/training/run";
import { expectNoLeak } from "../support/close";
import { CONFIG, OPTIONS, streams } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

/** All that train yields until the run is at a step. */
async function yielded(training: Training, reportEvery: number, until = OPTIONS.steps): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  for await (const step of train(training, streams(), { reportEvery })) {
    steps.push(step);
    if (step.step === until) break;
  }
  return steps;
}

describe("train", () => {
  it("yields after every step, with a report every so often and after the last", async () => {
    await expectNoLeak(async () => {
      const training = new Training(CONFIG, OPTIONS);
      const steps = await yielded(training, 3);
      expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(steps.filter(({ report }) => report !== undefined).map(({ step }) => step)).toEqual([3, 6, 8]);
      for (const { step, report } of steps) if (report !== undefined) expect(report.step).toBe(step);
      expect(steps[2].report!.tokensPerSecond).toBeGreaterThan(0);
      training.dispose();
    });
  });

  it("goes on where an earlier loop was left, with the same batches", async () => {
    const [straight, stopped] = [new Training(CONFIG, OPTIONS), new Training(CONFIG, OPTIONS)];
    const losses = (steps: TrainingStep[]) => steps.map(({ report }) => [report!.main, report!.mtp]);
    const all = losses(await yielded(straight, 1));
    const first = losses(await yielded(stopped, 1, 3));
    const rest = losses(await yielded(stopped, 1));
    expect([...first, ...rest]).toEqual(all);
    expect(await yielded(stopped, 1)).toEqual([]); // all steps are made
    [straight, stopped].forEach((training) => training.dispose());
  });

  it("keeps the count of tensors constant over 50 steps", async () => {
    const training = new Training(CONFIG, { ...OPTIONS, steps: 50 });
    const counts = new Set<number>();
    for await (const { step } of train(training, streams())) if (step > 1) counts.add(tf.memory().numTensors);
    expect(counts.size).toBe(1);
    training.dispose();
  });

  it("lets signals and timers in between steps", async () => {
    const training = new Training(CONFIG, OPTIONS);
    let seen = 0;
    const timer = setInterval(() => seen++, 0);
    await yielded(training, 100);
    clearInterval(timer);
    expect(seen).toBeGreaterThan(1);
    training.dispose();
  });
});
