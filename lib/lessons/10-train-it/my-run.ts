/**
 * A learner's own run: trained before their eyes, saved every few seconds, and gone on with where it stopped, be it by
 * Interrupt, by a restart of the kernel or by a kill. Its folder holds the state (run-state.ts), what was seen on the way
 * (history.json) and, at the end, the model.
 */
import { host } from "../../host";
import { FilesAside } from "../../checkpoint/files-aside";
import { readJsonIfThere } from "../../checkpoint/json-file";
import { writeJson } from "../../checkpoint/json-write";
import { BEGIN_OF_DOCUMENT, bytesOf, textOf } from "../../corpus/bytes";
import type { Corpus } from "../../corpus/corpus";
import { decode } from "../../inference/decode";
import type { DeepSeekV3 } from "../../model/model";
import { progress } from "../../notebook/progress";
import { fixed, whole } from "../../notebook/format";
import { train } from "../../training/loop";
import { bitsPerByte } from "../../training/next-token-loss";
import { sumOfSquares } from "../../tensor/optimiser-step";
import { routersOf } from "../../training/objective";
import { findState, restoreState, saveState } from "../../training/run-state";
import { Training } from "../../training/run";
import { runsFolder } from "./board";
import { runId, stepsIn, type Choices, type Plan } from "./plan";

/** What was seen of a run after a step: means since the moment before. */
export interface Moment {
  step: number;
  /** Training loss of the next token. */
  bitsPerByte: number;
  /** Of the token after it; null without a module. */
  mtpBitsPerByte: number | null;
  /** Tokens of each expert in that step, a row for each router. */
  loads: number[][];
}

/** What the model wrote after a step. */
export interface Sample {
  step: number;
  text: string;
}

export interface History {
  routers: string[];
  moments: Moment[];
  samples: Sample[];
}

export interface MyRun {
  id: string;
  folder: string;
  plan: Plan;
  training: Training;
  history: History;
  /** The step that this call went on from; 0 for a run that began with it. */
  from: number;
}

export interface RunOptions {
  /** Where all runs are; the learner's own folder where left out. */
  root?: string;
  /** What the samples go on from. */
  prompt?: string;
  /** Shows how it stands: at the begin, after every report, and at the end. */
  show?: (history: History) => void;
  /** Seconds between two saved states. */
  saveSeconds?: number;
}

/** Reports of a whole run, and at which shares of it the model writes. */
const REPORTS = 40;
const SAMPLED = [0, 1 / 8, 1 / 4, 1 / 2, 1];
const SAMPLE_BYTES = 80;
/** The most likely text of a model that has read little is one word, again and again. */
const TEMPERATURE = 0.7;

/** The run of this session: a new one takes its place, and its memory. */
let open: Training | null = null;

/** The folder of a plan's run. */
export function folderOf(plan: Plan, root = runsFolder()): string {
  return host.paths.join(root, runId(plan));
}

/**
 * Trains a plan to its end. What there is of it already is not made again.
 *
 * @throws if Interrupt was pressed, after what there is has been saved; if the loss is no number any more
 */
export async function trainMyRun(
  plan: Plan,
  corpus: Pick<Corpus, "train">,
  { root, prompt = "The ", show = () => {}, saveSeconds = 10 }: RunOptions = {},
): Promise<MyRun> {
  const folder = folderOf(plan, root);
  const { steps } = plan.options;
  open?.dispose();
  open = null;
  const { saved, training, history } = begun(folder, plan);
  open = training;
  const run: MyRun = { id: runId(plan), folder, plan, training, history, from: training.step };
  const due = SAMPLED.map((share) => Math.round(share * steps));
  const sample = async () => {
    const { step } = training;
    if (!due.includes(step) || history.samples.some((sample) => sample.step === step)) return;
    if (!(await isFinite(training))) throw new LostRun(step);
    history.samples.push({ step, text: await writeOn(training.model, prompt) });
  };
  let lastSaved = training.step;
  const save = async () => {
    if (training.step === lastSaved && saved !== null) return;
    if (!(await isFinite(training))) throw new LostRun(training.step);
    writeHistory(folder, history);
    await saveState(folder, training);
    lastSaved = training.step;
  };
  try {
    await sample();
    show(history);
    await advance(run, corpus, { sample, save, show, saveSeconds });
  } catch (error) {
    if (!(error instanceof LostRun)) await save();
    training.dispose();
    open = null;
    throw error;
  }
  return run;
}

/** What there is of a run, or its beginning. @throws if what there is is damaged, with the way out */
function begun(folder: string, plan: Plan) {
  let training: Training | undefined;
  try {
    const saved = findState(folder);
    training =
      saved === null ? new Training(plan.config, plan.options) : restoreState(saved, plan.config, plan.options);
    return { saved, training, history: readHistory(folder, training) };
  } catch (error) {
    training?.dispose();
    if (host.look(folder) === null) throw error; // nothing was begun that could be removed
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}. Remove ${folder}, or change the seed: the run then begins anew`);
  }
}

interface Doing {
  sample: () => Promise<void>;
  save: () => Promise<void>;
  show: (history: History) => void;
  saveSeconds: number;
}

/** Makes the steps that are left. */
async function advance(
  { training, history, plan }: MyRun,
  corpus: Pick<Corpus, "train">,
  { sample, save, show, saveSeconds }: Doing,
): Promise<void> {
  const { steps } = plan.options;
  const left = steps - training.step;
  if (left === 0) return;
  const bar = progress(left, left === steps ? "training" : `training, on from step ${whole(training.step)}`, {
    unit: "steps",
  });
  const made = train(training, corpus.train, { reportEvery: Math.max(1, Math.round(steps / REPORTS)) });
  let savedAt = performance.now();
  for await (const done of bar) {
    const { value } = await made.next();
    if (value?.report !== undefined) {
      const { main, mtp, loads, step } = value.report;
      const bits = bitsPerByte(main);
      history.moments.push({ step, bitsPerByte: bits, mtpBitsPerByte: mtp === null ? null : bitsPerByte(mtp), loads });
      if (!Number.isFinite(bits)) throw new LostRun(step);
      bar.note(`${fixed(bits)} bits per byte`);
      show(history);
    }
    await sample();
    if (done + 1 === left || performance.now() - savedAt > 1000 * saveSeconds) {
      await save();
      savedAt = performance.now();
    }
  }
}

/** A run whose numbers are none any more. */
class LostRun extends Error {
  constructor(step: number) {
    super(
      `at step ${step} the model computes numbers that are none: take another policy, or another seed, and train anew`,
    );
  }
}

/** Whether all weights are numbers, and none is endless. */
async function isFinite({ parameters }: Training): Promise<boolean> {
  const sum = sumOfSquares(parameters.map(({ variable }) => variable));
  const [total] = await sum.data();
  sum.dispose();
  return Number.isFinite(total);
}

/** A text after a prompt, drawn with the same random numbers each time. Bytes that are no text become U+FFFD. */
export async function writeOn(model: DeepSeekV3, prompt: string, tokens = SAMPLE_BYTES): Promise<string> {
  const ids: number[] = [];
  const begin = [BEGIN_OF_DOCUMENT, ...bytesOf(prompt)];
  for await (const { id } of decode(model, begin, { tokens, temperature: TEMPERATURE, seed: 1 })) ids.push(id);
  return prompt + textOf(ids);
}

/** A text with a dot in place of every sign that cannot be seen. */
export function visible(text: string): string {
  const unseen = (sign: string) => sign < " " || sign === "\u007f" || sign === "\ufffd";
  return [...text].map((sign) => (unseen(sign) ? "·" : sign)).join("");
}

const historyFile = (folder: string) => host.paths.join(folder, "history.json");

/** What was seen up to where the run stands; what a killed run noted beyond its last state is seen again. */
function readHistory(folder: string, { model, step }: Training): History {
  const history = readJsonIfThere(historyFile(folder)) as unknown as History | null;
  const routers = routersOf(model.weights).map(({ name }) => name);
  if (history === null || step === 0) return { routers, moments: [], samples: [] };
  const seen = (entry: { step: number }) => entry.step <= step;
  return { routers, moments: history.moments.filter(seen), samples: history.samples.filter(seen) };
}

function writeHistory(folder: string, history: History): void {
  const file = historyFile(folder);
  if (host.look(file) === null) host.write(file, "{}\n"); // makes the folder
  const files = new FilesAside();
  try {
    writeJson(files.aside(file), history);
    files.commit();
  } finally {
    files.discard();
  }
}

/**
 * The steps that some minutes hold on this machine. They are measured once and noted: the run that they belong to has to
 * be found again after a restart, and a second measurement would come out a little different.
 */
export async function stepsFor(
  minutes: number,
  choices: Choices,
  corpus: Corpus,
  { root = runsFolder(), trialSteps }: { root?: string; trialSteps?: number } = {},
): Promise<number> {
  const key = host
    .hash()
    .update(JSON.stringify([minutes, choices]))
    .digest()
    .slice(0, 10);
  const file = host.paths.join(root, `budget-${key}.json`);
  const noted = readJsonIfThere(file)?.steps;
  if (typeof noted === "number") return noted;
  const { steps } = await stepsIn(minutes, choices, corpus, { trialSteps });
  host.write(file, `${JSON.stringify({ minutes, steps })}\n`);
  return steps;
}

/** A run that was begun and has not ended, or has, in its folder; null where there is none. */
export function standing(plan: Plan, root?: string): { step: number; steps: number } | null {
  const saved = findState(folderOf(plan, root));
  return saved === null ? null : { step: saved.step, steps: plan.options.steps };
}
