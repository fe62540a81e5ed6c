/**
 * v3-mini by this course on wasm, timed on request: the counterpart of v3_mini.py, in a process of its own, so that its
 * memory can be told. Reads one JSON request a line, answers each with one JSON line.
 */
import { createInterface } from "node:readline";
import * as tf from "@tensorflow/tfjs";
import { decodeBatch } from "../../lib/inference/batch";
import { decode, type DecodeOptions } from "../../lib/inference/decode";
import { argMax } from "../../lib/inference/sampling";
import { decodeSpeculatively } from "../../lib/inference/speculative";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import { engineTimes } from "../../lib/lessons/05-multi-token-prediction/speculation-times";
import type { DeepSeekV3 } from "../../lib/model/model";
import { useBackend } from "../../lib/tensor/backend";
import { MINI } from "../../lib/training/presets";
import { Replicas } from "../../lib/training/replicas";
import { Training } from "../../lib/training/run";

interface Request {
  tokens: number[][];
  /** Whether the multi-token prediction module is trained too. */
  module: boolean;
  /** That share a step. */
  threads: number;
  ids: number[];
  options: DecodeOptions;
  speculative: boolean;
  batch: number;
}

const folder = process.argv[2];
let loaded: DeepSeekV3 | undefined;
const model = () => (loaded ??= loadModel(folder));

/** One with the module and one without: a training owns its weights. */
const trainings = new Map<boolean, Training>();
function training(module: boolean): Training {
  const found = trainings.get(module);
  if (found !== undefined) return found;
  const { config, weights } = loadModel(folder);
  const kept = module ? weights : { ...weights, mtp: [] };
  const options = { ...MINI.training, steps: 1_000_000, batch: 8, length: 128 };
  const begun = new Training({ ...config, numNextnPredictLayers: kept.mtp.length }, options, kept);
  trainings.set(module, begun);
  return begun;
}

/** Of the training without the module, on so many threads. */
let replicas: Promise<Replicas> | undefined;

const TASKS: Record<string, (request: Request) => Promise<object>> = {
  /** tokens [B][T + 2] */
  async step({ tokens, module, threads }) {
    const trained = training(module);
    const by = threads > 1 ? await (replicas ??= Replicas.start(trained, threads)) : trained;
    const begin = performance.now();
    await by.makeStep(tokens);
    await trained.report();
    return { milliseconds: performance.now() - begin, tensors: tf.memory().numTensors };
  },
  async generate({ ids, options, speculative }) {
    const writing = (speculative ? decodeSpeculatively : decode)(model(), ids, options);
    const out: number[] = [];
    let tensors: number[] = [];
    const begin = performance.now();
    for await (const { id } of writing) {
      out.push(id);
      tensors = [...tensors.slice(0, 1), tf.memory().numTensors];
    }
    return { ids: out, milliseconds: performance.now() - begin, stats: writing.stats, tensors };
  },
  async batch({ ids, options, batch }) {
    const begin = performance.now();
    await decodeBatch(
      model(),
      Array.from({ length: batch }, () => ids),
      options,
    );
    return { milliseconds: performance.now() - begin };
  },
  /** Without a cache: the whole text for every token. */
  async recompute({ ids, options }) {
    const text = [...ids];
    const begin = performance.now();
    for (let i = 0; i < options.tokens; i++) {
      const at = text.length - 1;
      text.push(argMax(tf.tidy(() => model().forward([text]).slice([0, at, 0], [1, 1, -1]).dataSync())));
    }
    return { ids: text.slice(ids.length), milliseconds: performance.now() - begin };
  },
  async parts({ ids }) {
    return engineTimes(model(), "wasm", { text: ids, rounds: 20 });
  },
  async peak() {
    return { megabytes: process.resourceUsage().maxRSS / 1000 };
  },
};

async function main(): Promise<void> {
  await useBackend("wasm");
  for await (const line of createInterface(process.stdin)) {
    const { task, ...request } = JSON.parse(line) as Request & { task: string };
    console.log(JSON.stringify(await TASKS[task](request as Request)));
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
