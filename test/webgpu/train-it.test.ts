/** What lesson 10 reads of a run, it can read of a GPU in Node, where there is no reading without await. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { openCorpus } from "../../lib/corpus/build";
import { draftsByKind, heldOut, saveAndLoad } from "../../lib/lessons/10-train-it/look-inside";
import { DOMAINS } from "../../lib/corpus/corpus";
import { Training } from "../../lib/training/run";
import { smallPlan } from "../lessons/10-train-it/small-plan";
import { temporaryFolder } from "../support/folder";
import { useWebgpu } from "./adapter";

const folder = temporaryFolder();

describe("a model of lesson 10 on webgpu", () => {
  beforeAll(useWebgpu);

  it("drafts, is saved and is loaded", async () => {
    const corpus = openCorpus();
    const plan = smallPlan(corpus, 4);
    const training = new Training(plan.config, plan.options);
    const before = tf.memory().numTensors;
    const all = heldOut(corpus.heldOut, plan.options.length);
    const few = { ...all, ...Object.fromEntries(DOMAINS.map((domain) => [domain, all[domain].slice(0, 1)])) };
    const drafts = await draftsByKind(training.model, few);
    expect(drafts?.map(({ places }) => places > 0)).toEqual([true, true, true, true]);
    const run = { id: "here", folder: folder(), plan, training, history: { routers: [], moments: [], samples: [] } };
    expect((await saveAndLoad({ ...run, from: 0 }, few.novel)).difference).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    training.dispose();
  });
});
