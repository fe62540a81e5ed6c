/** Lesson 10 on webgpu: all that it reads of a run, it can read of a GPU in Node. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { openCorpus } from "../../lib/corpus/build";
import type { Corpus } from "../../lib/corpus/corpus";
import { draftsByKind, heldOut, measure, saveAndLoad } from "../../lib/lessons/10-train-it/look-inside";
import { trainMyRun } from "../../lib/lessons/10-train-it/my-run";
import { smallPlan } from "../lessons/10-train-it/small-plan";
import { temporaryFolder } from "../support/folder";
import { useWebgpu } from "./adapter";

const folder = temporaryFolder();

describe("a run of lesson 10 on webgpu", () => {
  let corpus: Corpus;
  beforeAll(async () => {
    await useWebgpu();
    corpus = openCorpus();
  });

  it("is trained, looked at, saved and loaded", async () => {
    const plan = smallPlan(corpus, 4);
    const run = await trainMyRun(plan, corpus, { root: folder() });
    const before = tf.memory().numTensors;
    expect(run.history.samples.map(({ step }) => step)).toEqual([0, 1, 2, 4]);
    const evaluation = await measure(run, corpus.heldOut);
    expect(evaluation.code.bitsPerByte).toBeGreaterThan(2);
    expect(evaluation.code.bitsPerByte).toBeLessThan(9);
    const windows = heldOut(corpus.heldOut, plan.options.length);
    const drafts = await draftsByKind(run.training.model, windows);
    expect(drafts).toHaveLength(4);
    expect((await saveAndLoad(run, windows.novel.slice(0, 2))).difference).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("that has lost its numbers is told", async () => {
    const plan = smallPlan(corpus, 4);
    const wild = { ...plan, options: { ...plan.options, learningRate: 1e30 } };
    await expect(trainMyRun(wild, corpus, { root: folder() })).rejects.toThrow(/computes numbers that are none/);
  });
});
