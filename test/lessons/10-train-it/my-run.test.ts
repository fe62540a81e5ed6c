import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { openCorpus } from "../../../lib/corpus/build";
import type { Corpus } from "../../../lib/corpus/corpus";
import {
  boardLine,
  busiestOverTime,
  draftsByKind,
  heldOut,
  imbalance,
  measure,
  saveAndLoad,
} from "../../../lib/lessons/10-train-it/look-inside";
import {
  folderOf,
  standing,
  stepsFor,
  trainMyRun,
  visible,
  type History,
} from "../../../lib/lessons/10-train-it/my-run";
import { namedTensors } from "../../../lib/model/weights";
import { useBackend } from "../../../lib/tensor/backend";
import { temporaryFolder } from "../../support/folder";
import { CHOICES, smallPlan } from "./small-plan";

const folder = temporaryFolder();
const STEPS = 12;
let corpus: Corpus;
let straight: { history: History; weights: number[][] }; // a run without a stop

type Run = Awaited<ReturnType<typeof trainMyRun>>;
const weightsOf = ({ training }: Run) =>
  namedTensors(training.model.weights).map(({ tensor }) => Array.from(tensor.dataSync()));

beforeAll(async () => {
  await useBackend("wasm");
  corpus = openCorpus();
  const run = await trainMyRun(smallPlan(corpus, STEPS), corpus, { root: folder("straight") });
  straight = { history: structuredClone(run.history), weights: weightsOf(run) };
});

/** Goes on in a folder and holds that history and weights are those of the run without a stop, to the last bit. */
async function expectToGoOn(root: string, from: number): Promise<void> {
  const plan = smallPlan(corpus, STEPS);
  expect(standing(plan, root)).toEqual({ step: from, steps: STEPS });
  const run = await trainMyRun(plan, corpus, { root });
  expect(run.from).toBe(from);
  expect(run.history).toEqual(straight.history);
  expect(weightsOf(run)).toEqual(straight.weights);
}

describe("a run of one's own", () => {
  it("reports every step of a short run, and writes at five moments", () => {
    expect(straight.history.moments.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    expect(straight.history.samples.map(({ step }) => step)).toEqual([0, 2, 3, 6, 12]);
    expect(straight.history.samples.every(({ text }) => text.startsWith("The "))).toBe(true);
    const tokens = 2 * 12 * CHOICES.active;
    for (const { loads } of straight.history.moments) {
      expect(loads.map((row) => row.reduce((a, b) => a + b))).toEqual(straight.history.routers.map(() => tokens));
    }
  });

  it("killed in the middle goes on, as if nothing had been", async () => {
    const root = folder("killed");
    const script = path.join(__dirname, "train-and-die.ts");
    const call = ["--import", "tsx", script, root, String(STEPS), "8"];
    const { signal, stderr } = spawnSync(process.execPath, call, { encoding: "utf8" });
    expect(signal, stderr).toBe("SIGKILL");
    await expectToGoOn(root, 7);
  });

  it("stopped in the middle is saved first, and goes on", async () => {
    const root = folder("stopped");
    const stop = ({ moments }: History) => {
      if (moments.length === 5) throw new Error("stop");
    };
    const plan = smallPlan(corpus, STEPS);
    const before = tf.memory().numTensors;
    await expect(trainMyRun(plan, corpus, { root, show: stop })).rejects.toThrow("stop");
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before); // the run before it is gone too
    await expectToGoOn(root, 5);
  });

  it("that is complete is loaded and not made again", async () => {
    const root = folder("straight");
    const plan = smallPlan(corpus, STEPS);
    await trainMyRun(plan, corpus, { root });
    const run = await trainMyRun(plan, corpus, { root });
    expect(run.from).toBe(STEPS);
    expect(run.history).toEqual(straight.history);
  });

  it("has a folder of its own for every choice, and the same one for the same", () => {
    const other = [{ seed: 4 }, { experts: 16 }, { policy: "fp8" }, { novel: 0.5 }, { mtpModules: 0 }];
    const folders = [{}, ...other].map((change) => folderOf(smallPlan(corpus, STEPS, change), "x"));
    expect(new Set([...folders, folderOf(smallPlan(corpus, STEPS + 1), "x")]).size).toBe(other.length + 2);
    expect(folderOf(smallPlan(corpus, STEPS), "x")).toBe(folders[0]);
  });

  it("reads what its mixture says", async () => {
    const only = { novel: 0, speeches: 0, code: 0, arithmetic: 1 };
    const run = await trainMyRun(smallPlan(corpus, 2, only), corpus, { root: folder("only") });
    expect(run.plan.options.mixture).toEqual(only);
    expect(run.history.moments).not.toEqual(straight.history.moments.slice(0, 2));
  });

  it("whose history is damaged says how to begin anew", async () => {
    const root = folder("damaged");
    const plan = smallPlan(corpus, 2);
    await trainMyRun(plan, corpus, { root });
    writeFileSync(path.join(folderOf(plan, root), "history.json"), '{"a":');
    await expect(trainMyRun(plan, corpus, { root })).rejects.toThrow(
      /history\.json: not JSON.*Remove .*, or change the seed: the run then begins anew$/,
    );
  });

  it("whose loss is no number says so, and does not keep such a state", async () => {
    const root = folder("lost");
    const plan = smallPlan(corpus, STEPS);
    const wild = { ...plan, options: { ...plan.options, learningRate: 1e30 } };
    await expect(trainMyRun(wild, corpus, { root })).rejects.toThrow(
      /^at step \d+ the model computes numbers that are none: take another policy/,
    );
    expect(standing(wild, root)).toBeNull();
  });

  it("finds its number of steps again after a restart, where a budget in minutes was given", async () => {
    const root = folder("budget");
    const choices = { ...CHOICES, experts: 4, mtpModules: 0 };
    const steps = await stepsFor(0.2, choices, corpus, { root, trialSteps: 5 });
    expect(steps).toBeGreaterThan(0);
    const file = readdirSync(root).filter((name) => name.startsWith("budget-"));
    expect(file).toHaveLength(1);
    writeFileSync(path.join(root, file[0]), '{"steps": 77}');
    expect(await stepsFor(0.2, choices, corpus, { root })).toBe(77);
  });
});

describe("a look inside", () => {
  it("measures held-out text, the experts and the drafts", async () => {
    const run = await trainMyRun(smallPlan(corpus, STEPS), corpus, { root: folder("straight") });
    const evaluation = await measure(run, corpus.heldOut);
    const line = boardLine(run, evaluation);
    expect(Object.values(line.bitsPerByte).every((bits) => bits > 4 && bits < 9)).toBe(true);
    expect(line.mtpBitsPerByte).not.toBeNull();
    expect(imbalance(evaluation, 0).within).toHaveLength(4);
    const windows = heldOut(corpus.heldOut, 12);
    const drafts = (await draftsByKind(run.training.model, windows))!;
    for (const { equal, places, said } of drafts) {
      expect(equal).toBeLessThanOrEqual(places);
      expect(said.text).toMatch(/acceptance on held-out/);
    }
  });

  it("finds in the saved model the one that was saved", async () => {
    const run = await trainMyRun(smallPlan(corpus, STEPS), corpus, { root: folder("straight") });
    const before = tf.memory().numTensors;
    const saved = await saveAndLoad(run, heldOut(corpus.heldOut, 12).code.slice(0, 2));
    expect(saved.difference).toBe(0);
    expect(saved.files.map(({ name }) => name)).toEqual(["config.json", "model.safetensors"]);
    expect(existsSync(path.join(saved.folder, "config.json"))).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("finds the busiest expert early and late, which a planted one changes", () => {
  const moment = (...loads: number[]) => ({ step: 1, bitsPerByte: 1, mtpBitsPerByte: null, loads: [[], loads] });
  const moments = [
    moment(6, 0, 0),
    moment(2, 2, 2),
    moment(2, 2, 2),
    moment(2, 2, 2),
    moment(2, 2, 2),
    moment(3, 2, 1),
  ];
  expect(busiestOverTime({ moments }, 1)).toEqual({ early: 2, late: 1.25 });
  moments[5] = moment(2, 2, 2);
  expect(busiestOverTime({ moments }, 1)).toEqual({ early: 2, late: 1 });
});

it("shows signs that cannot be seen as dots", () => {
  expect(visible("a\nb\ufffd\u0007 é")).toBe("a·b·· é");
});
