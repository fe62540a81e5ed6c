import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { routersOf } from "../../lib/training/objective";
import { Training } from "../../lib/training/run";
import { expectNoLeak } from "../support/close";
import { batchOf, CONFIG, makeSteps, OPTIONS } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const biasesOf = (training: Training) =>
  routersOf(training.model.weights).map(({ router }) => Array.from(router.eScoreCorrectionBias.dataSync()));

describe("a training", () => {
  it("lowers both losses", async () => {
    const training = new Training(CONFIG, { ...OPTIONS, steps: 60 });
    const reports = await makeSteps(training, 60);
    const [first, last] = [reports[0], reports[59]];
    expect(first.main).toBeGreaterThan(0.8 * Math.log(CONFIG.vocabSize));
    expect(last.main).toBeLessThan(0.6 * first.main);
    expect(last.mtp!).toBeLessThan(0.9 * first.mtp!);
    training.dispose();
  });

  it("holds as many tensors after each step, reports or not, and none when it is disposed", async () => {
    await expectNoLeak(async () => {
      const training = new Training(CONFIG, OPTIONS);
      const counts: number[] = [];
      for (let step = 0; step < OPTIONS.steps; step++) {
        training.makeStep(batchOf(step));
        if (step % 3 === 2) await training.report();
        counts.push(tf.memory().numTensors);
      }
      expect(new Set(counts).size).toBe(1);
      training.dispose();
    });
  });

  it("is the same for the same seed, and another for another", async () => {
    const losses = async (seed: number) => {
      const training = new Training(CONFIG, { ...OPTIONS, seed });
      const reports = await makeSteps(training, 4);
      training.dispose();
      return reports.map(({ main, mtp, gradientNorm }) => [main, mtp, gradientNorm]);
    };
    expect(await losses(5)).toEqual(await losses(5));
    expect(await losses(5)).not.toEqual(await losses(6));
  });

  it("reports the mean loss since the last report, and loads and learning rate of the last step", async () => {
    const [each, once] = [new Training(CONFIG, OPTIONS), new Training(CONFIG, OPTIONS)];
    const reports = await makeSteps(each, 3);
    for (let step = 0; step < 3; step++) once.makeStep(batchOf(step));
    const report = await once.report();
    const mean = (key: "main" | "mtp") => reports.reduce((sum, r) => sum + r[key]! / 3, 0);
    expect(report.main).toBeCloseTo(mean("main"), 5);
    expect(report.mtp).toBeCloseTo(mean("mtp"), 5);
    expect({ ...report, main: 0, mtp: 0 }).toEqual({ ...reports[2], main: 0, mtp: 0 });
    const { batch, length, learningRate } = OPTIONS;
    expect(report).toMatchObject({ step: 3, tokens: 3 * batch * length, learningRate });
    expect(report.loads.map((row) => row.reduce((a, b) => a + b))).toEqual([96, 96, 96]); // B·T·K
    await expect(once.report()).rejects.toThrow("no step since the last report");
    [each, once].forEach((training) => training.dispose());
  });

  it("moves the biases against the loads with balance bias only, and not at the end of the run", async () => {
    for (const balance of ["bias", "auxiliary", "none"] as const) {
      const training = new Training(CONFIG, { ...OPTIONS, balance });
      const [{ loads }] = await makeSteps(training, 1);
      const mean = loads[0].reduce((a, b) => a + b) / loads[0].length;
      const expected = loads.map((row) => row.map((load) => (balance === "bias" ? 0.01 * Math.sign(mean - load) : 0)));
      biasesOf(training).forEach((bias, row) => bias.forEach((b, e) => expect(b).toBeCloseTo(expected[row][e], 6)));
      training.dispose();
    }
    const training = new Training(CONFIG, { ...OPTIONS, steps: 30 });
    await makeSteps(training, 29);
    const before = biasesOf(training);
    await makeSteps(training, 1); // beyond 14.3T of 14.8T tokens
    expect(biasesOf(training)).toEqual(before);
    training.dispose();
  });

  it("balances the experts by the bias better than not at all", async () => {
    const vio = async (balance: "bias" | "none") => {
      const training = new Training(CONFIG, { ...OPTIONS, balance, steps: 80, batch: 8 });
      const reports = await makeSteps(training, 60);
      training.dispose();
      return (
        reports
          .slice(-10)
          .flatMap(({ maxVio }) => maxVio)
          .reduce((a, b) => a + b) / 30
      );
    };
    expect(await vio("bias")).toBeLessThan(0.7 * (await vio("none")));
  });

  it("works without a prediction module, and has no loss of it", async () => {
    const training = new Training({ ...CONFIG, numNextnPredictLayers: 0 }, OPTIONS);
    const [report] = await makeSteps(training, 1);
    expect(report.mtp).toBeNull();
    expect(report.loads.length).toBe(2);
    training.dispose();
  });
});
