/**
 * The training loop. It knows neither notebooks nor terminals: whoever loops over train shows what it yields, saves, or
 * stops.
 */
import { host } from "../host";
import { drawBatch, type Streams } from "../corpus/corpus";
import type { Training, TrainingReport } from "./run";

export interface TrainOptions {
  /** Steps between two reports; 10 if left out. */
  reportEvery?: number;
  /** What makes the steps, such as Replicas of the training; the training itself if left out. */
  by?: { makeStep(tokens: number[][]): void | Promise<void> };
}

/** What train yields after each step. */
export interface TrainingStep {
  /** Steps made. */
  step: number;
  /** Every reportEvery steps and after the last. */
  report?: TrainingReport & { tokensPerSecond: number };
}

/**
 * Makes the steps that are left of a run, and yields after each. Leave the loop at any step: the run is then as it was
 * after that step, and another train goes on from there. What the loop's body does is not counted in tokensPerSecond.
 *
 * @param streams tokens by domain, as in readCorpus().train
 * @example
 * for await (const { step, report } of train(training, corpus.train)) if (report) console.log(step, report.main);
 */
export async function* train(
  training: Training,
  streams: Streams,
  { reportEvery = 10, by = training }: TrainOptions = {},
): AsyncGenerator<TrainingStep, void, undefined> {
  const { batch, length, seed, steps, mixture } = training.options;
  let [seconds, from] = [0, training.tokens]; // since the last report
  while (training.step < steps) {
    const begin = performance.now();
    await by.makeStep(drawBatch(streams, { batch, length: length + 2, seed, step: training.step, mixture }));
    await host.nextTurn(); // lets signals in
    const { step, tokens } = training;
    const due = step % reportEvery === 0 || step === steps;
    const report = due ? await training.report() : undefined;
    seconds += (performance.now() - begin) / 1000;
    yield report === undefined ? { step } : { step, report: { ...report, tokensPerSecond: (tokens - from) / seconds } };
    if (due) [seconds, from] = [0, tokens];
  }
}
