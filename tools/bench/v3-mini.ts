/**
 * The trained v3-mini: training and decoding in this course, and on request in transformers, on the same machine and in
 * turns. transformers may use every core; the course's wasm uses one, unless threads share the training step.
 */
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { speculativeSpeedUp } from "../../lib/economics/speculation";
import { Random } from "../../lib/tensor/random";
import type { EngineTimes } from "../../lib/lessons/05-multi-token-prediction/speculation-times";
import type { DecodeStats } from "../../lib/inference/decode";
import { percent } from "../../lib/notebook/format";
import { ROOT } from "../setup/project.mjs";
import { LineProcess } from "./line-process";
import { median, milliseconds, ratio, type Row, type Section } from "./section";
import { PYTHON } from "./torch";

const FOLDER = path.join("data", "checkpoints", "v3-mini");
const [B, T, NEW] = [8, 128, 200];
const ROUNDS = 3;

interface Timed {
  milliseconds: number;
}
interface Generated extends Timed {
  ids: number[];
  stats: DecodeStats;
  tensors: number[];
}

const PROMPT = [256, ...new TextEncoder().encode("The captain said ")];
const greedy = { temperature: 0, tokens: NEW };
const perSecond = (count: number, time: number) =>
  `${Math.round((1000 * count) / time).toLocaleString("en-GB")} tokens/s`;

/** Tokens with some structure, so that the experts' loads are not those of noise. */
function batch(seed: number, extra: number): number[][] {
  const random = new Random(seed);
  return Array.from({ length: B }, () => Array.from({ length: T + extra }, () => 97 + random.integer(26)));
}

/** The median times of several measurements that take turns. */
async function inTurns<K extends string>(
  measure: Record<K, (round: number) => Promise<Timed>>,
): Promise<Record<K, number>> {
  const names = Object.keys(measure) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      const { milliseconds: time } = await measure[name](round);
      if (round > 0) times[name].push(time); // the first is warming up
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<K, number>;
}

async function training(ours: LineProcess, theirs: LineProcess | null): Promise<Row[]> {
  const threads = Math.min(B, os.availableParallelism());
  const measured = await inTurns({
    ours: (round) => ours.ask<Timed>({ task: "step", module: false, tokens: batch(round, 2) }),
    onThreads: (round) => ours.ask<Timed>({ task: "step", module: false, threads, tokens: batch(round, 2) }),
    withModule: (round) => ours.ask<Timed>({ task: "step", module: true, tokens: batch(round, 2) }),
    ...(theirs && { theirs: (round: number) => theirs.ask<Timed>({ task: "step", tokens: batch(round, 1) }) }),
  } as Record<"ours" | "onThreads" | "withModule" | "theirs", (round: number) => Promise<Timed>>);
  return [
    { what: `training, ${B} × ${T} tokens, ${threads} threads`, value: perSecond(B * T, measured.onThreads) },
    { what: "  one thread", value: perSecond(B * T, measured.ours) },
    { what: "  one thread, with the prediction module", value: perSecond(B * T, measured.withModule) },
    ...(theirs === null
      ? []
      : [
          { what: "  transformers, without it", value: perSecond(B * T, measured.theirs) },
          {
            what: "  this course, of transformers",
            value: ratio(measured.theirs / measured.onThreads),
            goal: {
              what: `v3-mini, training ${B} × ${T}, ${threads} threads, speed`,
              measured: measured.theirs / measured.onThreads,
              comparedWith: `transformers, fastest way, ${threads} threads`,
              least: 0.7,
            },
          },
          {
            what: "  this course with one thread, of transformers",
            value: ratio(measured.theirs / measured.ours),
            goal: {
              what: `v3-mini, training ${B} × ${T}, one thread, speed`,
              measured: measured.theirs / measured.ours,
              comparedWith: `transformers, fastest way, ${threads} threads`,
              least: 0.45,
            },
          },
        ]),
  ];
}

async function decoding(ours: LineProcess, theirs: LineProcess | null): Promise<Row[]> {
  const texts: Record<string, number[]> = {};
  const acceptance: Record<string, number> = {};
  const generate = (name: string, options: object) => async () => {
    const got = await ours.ask<Generated>({ task: "generate", ids: PROMPT, ...options });
    texts[name] = got.ids;
    if (got.stats.drafted > 0) acceptance[name] = got.stats.accepted / got.stats.drafted;
    return got;
  };
  const transformers = async () => {
    const got = await theirs!.ask<Generated>({ task: "generate", ids: PROMPT, tokens: NEW });
    texts.theirs = got.ids;
    return got;
  };
  const measured = await inTurns({
    wasm: generate("wasm", { options: greedy }),
    tensor: generate("tensor", { options: { ...greedy, engine: "tensor" } }),
    wasmDrafts: generate("wasmDrafts", { options: greedy, speculative: true }),
    tensorDrafts: generate("tensorDrafts", { options: { ...greedy, engine: "tensor" }, speculative: true }),
    ...(theirs && { theirs: transformers }),
  } as Record<"wasm" | "tensor" | "wasmDrafts" | "tensorDrafts" | "theirs", () => Promise<Timed>>);
  const same = (name: string) => {
    const at = texts.wasm.findIndex((id, i) => id !== texts[name][i]);
    return `${at < 0 ? NEW : at} of ${NEW} tokens`;
  };
  return [
    { what: `decoding ${NEW} tokens, wasm engine`, value: perSecond(NEW, measured.wasm) },
    { what: "  with drafts", value: perSecond(NEW, measured.wasmDrafts) },
    {
      what: "  drafts make it faster by",
      value: ratio(measured.wasm / measured.wasmDrafts),
      goal: {
        what: "v3-mini, decoding with drafts, speed",
        measured: measured.wasm / measured.wasmDrafts,
        comparedWith: "decoding without",
        least: 1.2,
      },
    },
    ...(await draftsCost(ours, acceptance.wasmDrafts)),
    { what: "  drafts accepted", value: percent(acceptance.wasmDrafts) },
    { what: "  the same text with drafts", value: same("wasmDrafts") },
    { what: "decoding, tensor engine", value: perSecond(NEW, measured.tensor) },
    { what: "  with drafts", value: perSecond(NEW, measured.tensorDrafts) },
    { what: "  drafts make it faster by", value: ratio(measured.tensor / measured.tensorDrafts) },
    ...(theirs === null
      ? []
      : [
          { what: "  transformers' generate", value: perSecond(NEW, measured.theirs) },
          {
            what: "  this course, of transformers",
            value: ratio(measured.theirs / measured.wasm),
            goal: {
              what: "v3-mini, decoding, speed",
              measured: measured.theirs / measured.wasm,
              comparedWith: "transformers' generate, fastest way",
              least: 2,
            },
          },
          { what: "  the same text as transformers", value: same("theirs") },
        ]),
  ];
}

/** What drafts can bring: (1 + A) / (verifying + drafting), in units of a plain step. */
async function draftsCost(ours: LineProcess, acceptance: number): Promise<Row[]> {
  const { one, two, draft, draftTwo } = await ours.ask<EngineTimes>({ task: "parts", ids: PROMPT });
  const [verifying, drafting] = [two / one, (draft + acceptance * (draftTwo - draft)) / one];
  return [
    { what: "  verifying a draft costs, of a plain step", value: ratio(verifying) },
    { what: "  drafting costs, of a plain step", value: ratio(drafting) },
    {
      what: "  at these costs drafts would make it faster by",
      value: ratio(speculativeSpeedUp({ acceptance, drafts: 1, draftCost: drafting, verifyCost: verifying })),
    },
  ];
}

/** What a cache saves, and whether memory stays as it is. */
async function cacheAndMemory(ours: LineProcess, theirs: LineProcess | null): Promise<Row[]> {
  const options = { temperature: 0, tokens: 256 };
  const recomputed = await ours.ask<Generated>({ task: "recompute", ids: PROMPT, options });
  const rows: Row[] = [];
  for (const engine of ["wasm", "tensor"]) {
    const cached = await ours.ask<Generated>({ task: "generate", ids: PROMPT, options: { ...options, engine } });
    const [first, last] = cached.tensors;
    rows.push(
      { what: `256 tokens with a cache, ${engine} engine`, value: milliseconds(cached.milliseconds) },
      { what: "  than recomputing, faster by", value: ratio(recomputed.milliseconds / cached.milliseconds) },
      { what: "  tensors more after the last token than the first", value: String(last - first) },
    );
  }
  const tensors: number[] = [];
  for (let step = 0; step < 50; step++) {
    tensors.push((await ours.ask<{ tensors: number }>({ task: "step", module: true, tokens: batch(step, 2) })).tensors);
  }
  const peak = async (side: LineProcess) =>
    `${Math.round((await side.ask<{ megabytes: number }>({ task: "peak" })).megabytes)} MB`;
  return [
    { what: "256 tokens recomputed", value: milliseconds(recomputed.milliseconds) },
    ...rows,
    { what: "tensors more after 50 training steps than after one", value: String(tensors[49] - tensors[0]) },
    { what: "peak memory of the process, all threads", value: await peak(ours) },
    ...(theirs === null ? [] : [{ what: "  transformers", value: await peak(theirs) }]),
  ];
}

export const v3Mini: Section = {
  name: "v3-mini",
  title: "The trained v3-mini, 12 million parameters",
  async run({ torch, say }) {
    if (!existsSync(path.join(ROOT, FOLDER)))
      throw new Error(`${FOLDER} is not there: this section measures that model`);
    const tsx = require.resolve("tsx/cli");
    const ours = new LineProcess(process.execPath, [tsx, path.join(__dirname, "v3-mini-worker.ts"), FOLDER], ROOT);
    const cores = os.availableParallelism();
    const theirs = torch
      ? new LineProcess(PYTHON, [path.join(__dirname, "v3_mini.py"), FOLDER, String(cores)], ROOT, say)
      : null;
    try {
      const rows: Row[] = [];
      if (theirs !== null) {
        say("the fastest way of transformers, for training");
        const { way } = await theirs.ask<{ way: string }>({ task: "step", tokens: batch(0, 1), fastest: true });
        rows.push({ what: "transformers trains fastest with", value: `${way}; ${cores} threads` });
      }
      say("training");
      rows.push(...(await training(ours, theirs)));
      if (theirs !== null) {
        say("the fastest way of transformers, for decoding");
        const { way } = await theirs.ask<{ way: string }>({ task: "generate", ids: PROMPT, tokens: 50, fastest: true });
        rows.push({ what: "transformers decodes fastest with", value: way });
      }
      say("decoding");
      rows.push(...(await decoding(ours, theirs)));
      say("cache and memory");
      rows.push(...(await cacheAndMemory(ours, theirs)));
      return rows;
    } finally {
      ours.close();
      theirs?.close();
    }
  },
};
