/** What lesson 02 concludes of several trainings follows them: other numbers, another sentence, and none without a difference. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { writeConfig } from "../../../lib/checkpoint/config-json";
import { openCorpus } from "../../../lib/corpus/build";
import { fact } from "../../../lib/economics/facts";
import {
  compareTrials,
  loadsBeforeTraining,
  recordedTrials,
  TRIAL,
  TRIAL_METHODS,
  trialConfig,
  trialStep,
  trialTraining,
  trialValues,
  type RecordedTrials,
  type TrialMethod,
  type TrialResult,
} from "../../../lib/lessons/02-load-balancing";
import { useBackend } from "../../../lib/tensor/backend";
import { Random } from "../../../lib/tensor/random";

beforeAll(() => useBackend("wasm"));

const recorded = recordedTrials();
const METHODS = Object.keys(TRIAL_METHODS) as TrialMethod[];
const PAIRS: [TrialMethod, TrialMethod, keyof TrialResult][] = [
  ["none", "bias", "bitsPerByte"],
  ["auxiliary", "bias", "bitsPerByte"],
  ["auxiliary", "sequence", "information"],
  ["bias", "sequence", "information"],
  ["auxiliary", "sequence", "oneKindMaxVio"],
  ["bias", "sequence", "oneKindMaxVio"],
];

/** The record with other numbers for each training. */
const changed = (of: (trial: RecordedTrials["trials"][number]) => Partial<TrialResult>): RecordedTrials => ({
  ...recorded,
  trials: recorded.trials.map((trial) => ({ ...trial, ...of(trial) })),
});

describe("the recorded trainings", () => {
  it("are of the lesson's own model and options, three seeds or more, the same for each method", () => {
    expect(recorded.run.options).toEqual(TRIAL);
    expect(recorded.run.config).toEqual(writeConfig(trialConfig(TRIAL), "float32"));
    const seeds = METHODS.map((method) =>
      recorded.trials.filter((trial) => trial.method === method).map(({ seed }) => seed),
    );
    expect(seeds[0].length).toBeGreaterThanOrEqual(3);
    for (const other of seeds) expect(other).toEqual(seeds[0]);
    expect(recorded.trials).toHaveLength(METHODS.length * seeds[0].length);
  });

  it("pair by seed, whatever their order in the file", () => {
    const backwards = { ...recorded, trials: [...recorded.trials].reverse() };
    expect(trialValues(backwards, "bias", "information")).toEqual(trialValues(recorded, "bias", "information"));
  });
});

describe("a sentence on two methods", () => {
  it.each(PAIRS)("%s, %s: %s: is withdrawn where there is only luck, but for one time in twenty", (a, b, key) => {
    const random = new Random(3);
    const said = Array.from({ length: 60 }, () =>
      compareTrials(
        changed(() => ({ [key]: 1 + 0.01 * random.normal() })),
        a,
        b,
        key,
      ),
    );
    // 3 of 60 are to be expected of a 95% interval
    expect(said.filter(({ order }) => order !== "cannot tell").length).toBeLessThanOrEqual(8);
    for (const { order, text } of said) expect(text.startsWith("Cannot tell")).toBe(order === "cannot tell");
  });

  it.each(PAIRS)("%s, %s: %s: is withdrawn where both have the same numbers", (a, b, key) => {
    const same = changed(({ seed }) => ({ [key]: seed }));
    expect(compareTrials(same, a, b, key).interval.estimate).toBe(0);
    expect(compareTrials(same, a, b, key).order).toBe("cannot tell");
  });

  it.each(PAIRS)("%s, %s: %s: turns with the sign of a planted difference", (a, b, key) => {
    const random = new Random(4);
    const planted = (sign: number) =>
      changed(({ method }) => ({ [key]: 1 + (method === a ? sign : 0) + 0.001 * random.normal() }));
    expect(compareTrials(planted(0.5), a, b, key).order).toBe("higher");
    expect(compareTrials(planted(-0.5), a, b, key).order).toBe("lower");
  });

  it("says how many seeds it stands on", () => {
    const { text } = compareTrials(recorded, "bias", "sequence", "information");
    expect(text).toContain(`${trialValues(recorded, "bias", "information").length} pairs of seeds`);
    expect(text).toContain("95% interval");
  });
});

it("each method is by itself: the bias has no balance loss beside it, and the losses have no bias", () => {
  const optionsOf = (method: TrialMethod) => {
    const training = trialTraining({ ...TRIAL, experts: 8, steps: 1 }, method, 1);
    const { balance, biasSpeed, sequenceAlpha } = training.options;
    training.dispose();
    return { balance, biasSpeed, sequenceAlpha };
  };
  expect(optionsOf("bias")).toEqual({ balance: "bias", biasSpeed: TRIAL.gamma, sequenceAlpha: 0 });
  expect(optionsOf("sequence")).toEqual({ balance: "bias", biasSpeed: 0, sequenceAlpha: TRIAL.alpha });
  expect(optionsOf("none").balance).toBe("none");
});

it("the loads before a training are those of its first step", async () => {
  const corpus = openCorpus();
  const shape = { ...TRIAL, experts: 8, steps: 1 };
  const training = trialTraining(shape, "none", 5);
  const { loads } = await trialStep(training, corpus);
  training.dispose();
  const before = tf.memory().numTensors;
  expect(loadsBeforeTraining(shape, 5, corpus)).toEqual(Array.from(loads[0]));
  expect(loadsBeforeTraining(shape, 6, corpus)).not.toEqual(Array.from(loads[0]));
  expect(tf.memory().numTensors).toBe(before);
});

it("the report's table 5 is there with all its rows, and the bias does not win each", () => {
  const keys = ["pileBitsPerByte", "bbh", "mmlu", "drop", "triviaQa", "naturalQuestions", "humanEval", "mbpp", "gsm8k"];
  const large = (method: string, key: string) => fact("models", `v3-balance-large-${method}`, key).value;
  for (const key of [...keys, "math"]) expect(large("bias", key)).toBeGreaterThan(0);
  expect(large("bias", "humanEval") - large("auxiliary", "humanEval")).toBeCloseTo(6.1, 10);
  expect(large("bias", "mmlu")).toBeLessThan(large("auxiliary", "mmlu"));
});
