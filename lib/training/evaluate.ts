/**
 * How well a model predicts text that it was not trained on, and where it sends that text: bits per byte and expert
 * loads, for each domain by itself.
 */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../model/model";
import { DOMAINS, heldOutWindows, type Domain, type Streams } from "../corpus/corpus";
import { bitsPerByte } from "./next-token-loss";
import { routersOf, trainingLosses } from "./objective";

export interface DomainEvaluation {
  /** The loss of the next token. The few tokens that mark a document's begin count as bytes. */
  bitsPerByte: number;
  /** The loss of the token after it, by the multi-token prediction module; null without one. */
  mtpBitsPerByte: number | null;
  /** Tokens of each expert, a row for each router (routersOf): [S][E]. */
  loads: number[][];
}

export type Evaluation = Record<Domain, DomainEvaluation>;

/** Windows [count][T + 2] of each domain's held-out text. */
export type EvaluationWindows = Record<Domain, number[][]>;

/**
 * The same windows for the same seed.
 *
 * @param streams tokens by domain, as in readCorpus().heldOut
 * @param options.length T, tokens from which the model predicts
 * @param options.count windows of a domain
 */
export function evaluationWindows(
  streams: Streams,
  { length, count, seed }: { length: number; count: number; seed: number },
): EvaluationWindows {
  const windows = (domain: Domain) => heldOutWindows(streams[domain], { length: length + 2, count, seed });
  return Object.fromEntries(DOMAINS.map((domain) => [domain, windows(domain)])) as EvaluationWindows;
}

/**
 * Evaluates a model on each domain. Reads back once a domain.
 *
 * @param options.batch windows that are computed together
 */
export async function evaluate(
  model: DeepSeekV3,
  windows: EvaluationWindows,
  { batch }: { batch: number },
): Promise<Evaluation> {
  const results: [Domain, DomainEvaluation][] = [];
  for (const domain of DOMAINS) results.push([domain, await evaluateWindows(model, windows[domain], { batch })]);
  return Object.fromEntries(results) as Evaluation;
}

/** Evaluates a model on windows [count][T + 2] of one text. Reads back once. */
export async function evaluateWindows(
  model: DeepSeekV3,
  windows: number[][],
  { batch }: { batch: number },
): Promise<DomainEvaluation> {
  const E = model.config.nRoutedExperts;
  const rows = routersOf(model.weights).length;
  let sums: tf.Tensor = tf.zeros([2 + rows * E]); // both losses times windows, then the loads
  for (let at = 0; at < windows.length; at += batch) {
    const part = windows.slice(at, at + batch);
    const before = sums;
    sums = tf.tidy(() => {
      const options = { balance: "none", sequenceAlpha: 0, auxiliaryAlpha: 0, mtpLambda: 0 } as const;
      const { main, mtp, loads } = trainingLosses(model, part, options);
      const losses = tf.stack([main, mtp]).mul(part.length);
      return before.add(tf.concat([losses, loads.reshape([rows * E])]));
    });
    before.dispose();
  }
  const [main, mtp, ...counts] = await sums.data();
  sums.dispose();
  return {
    bitsPerByte: bitsPerByte(main / windows.length),
    mtpBitsPerByte: model.weights.mtp.length === 0 ? null : bitsPerByte(mtp / windows.length),
    loads: Array.from({ length: rows }, (_, row) => counts.slice(row * E, (row + 1) * E)),
  };
}
