/** What a run leaves to draw: how it went, report by report, and what each evaluation found. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { FilesAside } from "../checkpoint/files-aside";
import { readJson, readJsonIfThere, writeJson } from "../checkpoint/json-file";
import { DOMAINS, type Domain } from "../corpus/corpus";
import type { Evaluation } from "./evaluate";
import type { TrainingReport } from "./run";

/** A report without the loads, of which maxVio tells the most. */
export type CurveReport = Omit<TrainingReport, "loads"> & { tokensPerSecond: number };

/** An evaluation on held-out text. */
export interface CurveEvaluation {
  step: number;
  tokens: number;
  bitsPerByte: Record<Domain, number>;
  mtpBitsPerByte: Record<Domain, number> | null;
  /** Tokens of each expert, a row for each router, over all domains: [S][E]. */
  loads: number[][];
}

/** The content of curves.json. */
export interface Curves {
  /** Names the rows of maxVio and loads. */
  routers: string[];
  reports: CurveReport[];
  evaluations: CurveEvaluation[];
  /** From the last evaluation: tokens of each expert, by domain and router. */
  loads: Record<Domain, number[][]> | null;
}

/** How a run was made: the content of run.json. */
export interface RunRecord {
  command: string;
  /** ISO date. */
  begun: string;
  /** Of the code that ran, where it was noted. */
  commit?: string;
  /** Seconds in training steps, without evaluations and saving. */
  trainingSeconds: number;
  machine: { backend: string; gpu: string | null; processor: string; node: string; platform: string };
  /** The corpus's hash. */
  corpus: string;
  /** As in config.json. */
  config: Record<string, unknown>;
  options: Record<string, unknown>;
}

/** A run that was recorded to be looked at in lessons. */
export type RecordedRun = Curves & { run: RunRecord };

/** Names of the runs in data/curves that lessons look at. */
export type RecordedRunName = "bias" | "auxiliary" | "none" | "no-mtp";

/** How the model in a folder was trained. */
export function runOf(folder: string): RunRecord {
  return readJson(join(folder, "run.json")) as unknown as RunRecord;
}

/**
 * The recorded runs of data/curves: one model, data and budget, balanced by the bias, by the classic auxiliary loss, not
 * at all, and by the bias without multi-token prediction. Of several seeds, the first. From the project's root.
 */
export function recordedRun(name: RecordedRunName): RecordedRun {
  return readJson(join(RECORDED_RUNS, `${name}.json`)) as unknown as RecordedRun;
}

const RECORDED_RUNS = join("data", "curves");

/** All seeds of a recorded run, in the order of the seeds: NAME.json and NAME-seed-2.json, -seed-3.json … */
export function recordedRuns(name: RecordedRunName): RecordedRun[] {
  const others = new RegExp(`^${name}-seed-\\d+\\.json$`);
  const files = readdirSync(RECORDED_RUNS).filter((file) => others.test(file));
  const runs = files.map((file) => readJson(join(RECORDED_RUNS, file)) as unknown as RecordedRun);
  return [recordedRun(name), ...runs].sort((a, b) => seedOf(a) - seedOf(b));
}

/** The seed that a run's weights and batches were drawn with. */
export function seedOf({ run }: RecordedRun): number {
  return Number(run.options.seed);
}

/** The curves of a run up to a step; what a killed run wrote beyond its last saved state is dropped. */
export function readCurves(dir: string, step: number, routers: string[]): Curves {
  const curves = readJsonIfThere(join(dir, "curves.json")) as Curves | null;
  if (curves === null) return { routers, reports: [], evaluations: [], loads: null };
  if (![curves.reports, curves.evaluations, curves.routers].every(Array.isArray)) {
    throw new Error(`${join(dir, "curves.json")}: it has no lists of routers, reports and evaluations; move it away`);
  }
  const seen = (entry: { step: number }) => entry.step <= step;
  return { ...curves, reports: curves.reports.filter(seen), evaluations: curves.evaluations.filter(seen) };
}

/** Writes curves.json aside and then in place. */
export function writeCurves(dir: string, curves: Curves): void {
  const files = new FilesAside();
  try {
    writeJson(files.aside(join(dir, "curves.json")), curves);
    files.commit();
  } finally {
    files.discard();
  }
}

/** Adds what a step reported. */
export function addReport(curves: Curves, report: TrainingReport & { tokensPerSecond: number }): void {
  const { step, tokens, main, mtp, learningRate, gradientNorm, maxVio, tokensPerSecond } = report;
  curves.reports.push({ step, tokens, main, mtp, learningRate, gradientNorm, maxVio, tokensPerSecond });
}

/** Adds an evaluation; one of the same step is replaced. */
export function addEvaluation(curves: Curves, step: number, tokens: number, evaluation: Evaluation): void {
  const byDomain = <T>(value: (domain: Domain) => T) =>
    Object.fromEntries(DOMAINS.map((domain) => [domain, value(domain)])) as Record<Domain, T>;
  const hasMtp = evaluation.novel.mtpBitsPerByte !== null;
  curves.evaluations = curves.evaluations.filter((before) => before.step !== step);
  curves.evaluations.push({
    step,
    tokens,
    bitsPerByte: byDomain((domain) => evaluation[domain].bitsPerByte),
    mtpBitsPerByte: hasMtp ? byDomain((domain) => evaluation[domain].mtpBitsPerByte!) : null,
    loads: DOMAINS.map((domain) => evaluation[domain].loads).reduce((sum, loads) =>
      sum.map((row, s) => row.map((count, e) => count + loads[s][e])),
    ),
  });
  curves.loads = byDomain((domain) => evaluation[domain].loads);
}
