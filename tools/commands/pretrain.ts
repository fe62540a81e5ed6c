/**
 * npm run pretrain -- --preset v3-micro --minutes 10
 *
 * Trains a model from nothing on the corpus, and goes on with a run that was stopped: by Ctrl-C, which saves first, or
 * by a kill, after which it goes on from the last saved state. The run's folder gets curves.json and, at the end, the
 * model in the released layout.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { saveCheckpoint } from "../../lib/checkpoint/checkpoint";
import { fixed, percent, whole } from "../../lib/notebook/format";
import { duration } from "../../lib/notebook/progress";
import { useBackend } from "../../lib/tensor/backend";
import { CORPUS_FOLDER, DOMAINS, readCorpus, type Corpus } from "../../lib/corpus/corpus";
import { openCorpus } from "../../lib/corpus/build";
import {
  addEvaluation,
  addReport,
  readCurves,
  writeCurves,
  type Curves,
  type RunRecord,
} from "../../lib/training/record";
import { evaluate, evaluationWindows } from "../../lib/training/evaluate";
import { routersOf } from "../../lib/training/objective";
import { PRESETS } from "../../lib/training/presets";
import { Replicas } from "../../lib/training/replicas";
import { findState, restoreState, saveState, type SavedState } from "../../lib/training/run-state";
import { learningRateAt } from "../../lib/training/training-schedule";
import { train, type TrainingStep } from "../../lib/training/loop";
import { Training } from "../../lib/training/run";
import { command } from "../cli";
import { HELP, readArguments, type Arguments } from "./pretrain/arguments";
import { Interrupt, INTERRUPTED } from "./pretrain/interrupt";
import { openRecord, writeRecord } from "./pretrain/record";

const REPORT_EVERY = 10; // steps
const WINDOWS = 64; // of each domain, in an evaluation
const SHARD_BYTES = 12.5e6; // so that the files can be kept in a repository

export const main = command("pretrain", HELP, async (call) => {
  try {
    await pretrain(readArguments(call), call);
  } catch (error) {
    throw isFullMemory(error) ? new Error(FULL_MEMORY) : error;
  }
});

const FULL_MEMORY =
  "wasm has no memory left; fewer sequences a step (--batch) need less, and with --threads each share has 4 GB of its own";

/** "Aborted()" is all that the backend says when its 4 GB are full. */
function isFullMemory(error: unknown): boolean {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0].includes("Aborted(");
}

async function pretrain(args: Arguments, call: string[]): Promise<void> {
  const interrupt = new Interrupt((text) => console.log(text));
  const corpus = args.corpus === CORPUS_FOLDER ? openCorpus() : readCorpus(args.corpus);
  void [{ ...corpus.train }, { ...corpus.heldOut }]; // a damaged file is told before anything else is done
  const backend = await useBackend(args.backend, { readsLater: true });
  console.log(`backend: ${backend}`);
  const training = await openRun(args, corpus);
  const replicas = await replicasOf(training, args.threads);
  const made = { command: call, corpus: corpus.manifest.hash, backend: backend.name };
  const record = await openRecord(args.out, training, made);
  const complete = await run(training, args, corpus, record, interrupt, replicas);
  await interrupt.end();
  await replicas?.stop();
  training.dispose();
  if (!complete) process.exitCode = INTERRUPTED;
}

/** The run of the folder, where it stands, or a new one. */
async function openRun(args: Arguments, corpus: Corpus): Promise<Training> {
  const { config, budget, out } = args;
  const options = { ...args.options, corpus: corpus.manifest.hash };
  mkdirSync(out, { recursive: true });
  const saved = findState(out);
  if (saved !== null) {
    const steps = budget !== undefined && "steps" in budget ? budget.steps : saved.options.steps;
    const training = restoreState(saved, config, { ...options, steps });
    console.log(`goes on from ${saved.path}: ${whole(saved.step)} of ${whole(steps)} steps are made`);
    if (steps > saved.options.steps) console.log(extensionLine(saved, steps));
    return training;
  }
  const training = new Training(config, { ...options, steps: await stepsOf(args, corpus) });
  const { steps, batch, length } = training.options;
  console.log(
    `${args.preset}: ${whole(steps)} steps of ${batch} × ${length} tokens, ${whole(steps * batch * length)} in all; ` +
      `balance: ${options.balance}; in ${out}`,
  );
  return training;
}

/** What more steps do to a run's learning rate: it may rise again, since the longer schedule is not so far. */
function extensionLine({ step, options }: SavedState, steps: number): string {
  const before = learningRateAt(options.schedule, { step: step - 1, steps: options.steps });
  const next = learningRateAt(options.schedule, { step, steps });
  return (
    `extended from ${whole(options.steps)} to ${whole(steps)} steps: from here on the learning rate is that of a run of ` +
    `${whole(steps)} steps. It was ${percent(before)} of its peak and goes on at ${percent(next)}`
  );
}

/** The budget in steps. */
async function stepsOf({ preset, config, options, budget, threads }: Arguments, corpus: Corpus): Promise<number> {
  if (budget === undefined) return PRESETS[preset].training.steps;
  if ("steps" in budget) return budget.steps;
  // Measured on a run that is thrown away, so that the schedule of the real one is known from its first step on.
  const begin = performance.now();
  const trial = new Training(config, { ...options, steps: 20 });
  const replicas = await replicasOf(trial, threads);
  let speed = 0;
  for await (const { report } of train(trial, corpus.train, { reportEvery: 5, by: replicas })) {
    if (report !== undefined) speed = Math.max(speed, report.tokensPerSecond); // the first steps compile
  }
  await replicas?.stop();
  trial.dispose();
  const seconds = budget.minutes * 60 - (performance.now() - begin) / 1000;
  const steps = Math.max(1, Math.floor((seconds * speed) / (options.batch * options.length)));
  console.log(`measured ${whole(speed)} tokens a second: ${budget.minutes} minutes are ${whole(steps)} steps`);
  return steps;
}

/** What makes the steps of a run on several threads; with one, the training does. */
function replicasOf(training: Training, threads: number): Promise<Replicas> | undefined {
  return threads === 1 ? undefined : Replicas.start(training, threads);
}

/** Trains to the end, or to an interrupt. @returns whether it came to the end */
async function run(
  training: Training,
  args: Arguments,
  corpus: Corpus,
  record: RunRecord,
  interrupt: Interrupt,
  replicas?: Replicas,
): Promise<boolean> {
  const { out, saveEvery, evalEvery } = args;
  const { steps, batch, length } = training.options;
  const curves = readCurves(
    out,
    training.step,
    routersOf(training.model.weights).map(({ name }) => name),
  );
  const windows = evaluationWindows(corpus.heldOut, { length, count: WINDOWS, seed: 1 });
  const look = async () => {
    addEvaluation(curves, training.step, training.tokens, await evaluate(training.model, windows, { batch }));
    line.say(evaluationLine(curves));
  };
  let counted = training.tokens; // tokens whose time is in the record
  const save = async () => {
    writeCurves(out, curves);
    writeRecord(out, record);
    await saveState(out, training);
  };
  const line = new Line(training);
  interrupt.begin((text) => line.say(text));
  for await (const at of train(training, corpus.train, { reportEvery: REPORT_EVERY, by: replicas })) {
    if (at.report !== undefined) {
      addReport(curves, at.report);
      record.trainingSeconds += (training.tokens - counted) / at.report.tokensPerSecond;
      counted = training.tokens;
      if (!Number.isFinite(at.report.main)) {
        const way = "begin anew in another folder with a lower --lr";
        throw new Error(`the loss is ${at.report.main} at step ${at.step}; ${way}`);
      }
    }
    line.show(at);
    if (at.step % evalEvery === 0 && at.step < steps) await look();
    if (interrupt.asked) {
      await save();
      const saved = `${whole(at.step)} of ${whole(steps)} steps are saved`;
      line.say(`interrupted; ${saved}. The same command goes on from there`);
      return false;
    }
    if (at.step % saveEvery === 0 && at.step < steps) await save();
  }
  await look();
  await save();
  await saveCheckpoint(join(out, "model"), training.config, training.model.weights, {
    dtype: "BF16",
    maxShardBytes: SHARD_BYTES,
  });
  line.say(`done: ${whole(training.tokens)} tokens; the model is in ${join(out, "model")}`);
  return true;
}

/** "step 200 · held-out bits per byte: novel 2.31, speeches 2.02 …" */
function evaluationLine({ evaluations }: Curves): string {
  const { step, bitsPerByte, mtpBitsPerByte } = evaluations[evaluations.length - 1];
  const domains = DOMAINS.map((domain) => {
    const mtp = mtpBitsPerByte === null ? "" : ` (one further: ${fixed(mtpBitsPerByte[domain])})`;
    return `${domain} ${fixed(bitsPerByte[domain])}${mtp}`;
  });
  return `step ${whole(step)} · held-out bits per byte: ${domains.join(", ")}`;
}

/** One line that is written over in a terminal; elsewhere a line every ten seconds. */
class Line {
  private report?: TrainingStep["report"];
  private shown = -Infinity;

  constructor(private readonly training: Training) {}

  show({ step, report }: TrainingStep): void {
    const { steps, batch, length } = this.training.options;
    this.report = report ?? this.report;
    const now = performance.now();
    if (this.report === undefined || now - this.shown < (process.stdout.isTTY ? 120 : 10_000)) return;
    this.shown = now;
    const { main, tokensPerSecond, maxVio } = this.report;
    const text = [
      `step ${whole(step)} of ${whole(steps)}`,
      `loss ${fixed(main, 3)}`,
      `busiest expert ${fixed(1 + Math.max(...maxVio))} × the mean`,
      `${whole(tokensPerSecond)} tokens/s`,
      `${duration(((steps - step) * batch * length) / tokensPerSecond)} left`,
    ].join(" · ");
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  }

  /** A line that stays. */
  say(text: string): void {
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
  }
}
