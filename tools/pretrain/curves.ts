/** What a run leaves to draw: how it went, report by report, and what each evaluation found. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../../lib/model/safetensors";
import { FilesAside, writeJson } from "../../lib/model/safetensors-write";
import { DOMAINS, type Domain } from "../../lib/training/corpus";
import type { Evaluation } from "../../lib/training/evaluate";
import type { TrainingReport } from "../../lib/training/training";

/** A report without the loads, of which maxVio tells the most. */
export type CurveReport = Omit<TrainingReport, "loads"> & { tokensPerSecond: number };

export interface CurveEvaluation {
  step: number;
  tokens: number;
  bitsPerByte: Record<Domain, number>;
  mtpBitsPerByte: Record<Domain, number> | null;
}

/** The content of curves.json. */
export interface Curves {
  /** Names the rows of maxVio and loads. */
  routers: string[];
  reports: CurveReport[];
  evaluations: CurveEvaluation[];
  /** Of the last evaluation: tokens of each expert, by domain and router. */
  loads: Record<Domain, number[][]> | null;
}

/** The curves of a run up to a step; what a killed run wrote beyond its last saved state is dropped. */
export function readCurves(dir: string, step: number, routers: string[]): Curves {
  const path = join(dir, "curves.json");
  if (!existsSync(path)) return { routers, reports: [], evaluations: [], loads: null };
  const curves = readJson(path) as unknown as Curves;
  const seen = (entry: { step: number }) => entry.step <= step;
  return { ...curves, reports: curves.reports.filter(seen), evaluations: curves.evaluations.filter(seen) };
}

export function writeCurves(dir: string, curves: Curves): void {
  const files = new FilesAside();
  try {
    writeJson(files.aside(join(dir, "curves.json")), curves);
    files.commit();
  } finally {
    files.discard();
  }
}

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
  });
  curves.loads = byDomain((domain) => evaluation[domain].loads);
}
