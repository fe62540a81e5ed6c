/** What a trained model does with held-out text: its loss, where its tokens go, how often its drafts hold. */
import * as tf from "@tensorflow/tfjs";
import { agreements } from "../../inference/acceptance";
import { loadModel, saveCheckpoint } from "../../checkpoint/checkpoint";
import { host } from "../../host";
import { DOMAINS, type Domain, type Streams } from "../../corpus/corpus";
import { DeepSeekV3 } from "../../model/model";
import { compareShareWithChance, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";
import { maxVio } from "../../training/balance";
import { evaluate, evaluationWindows, type Evaluation, type EvaluationWindows } from "../../training/evaluate";
import type { BoardLine } from "./board";
import { planCosts } from "./plan";
import type { History, MyRun } from "./my-run";

const WINDOWS = 24; // of each kind of text

/** The windows that every run is measured on: the same for all seeds. */
export function heldOut(streams: Streams, length: number): EvaluationWindows {
  return evaluationWindows(streams, { length, count: WINDOWS, seed: 1 });
}

/** A finished run on held-out text. */
export async function measure({ training, plan }: MyRun, streams: Streams): Promise<Evaluation> {
  const { length, batch } = plan.options;
  return evaluate(training.model, heldOut(streams, length), { batch: Math.max(batch, 8) });
}

/** The line of a run on the board. */
export function boardLine({ id, plan }: MyRun, evaluation: Evaluation): BoardLine {
  const byDomain = <T>(of: (domain: Domain) => T) =>
    Object.fromEntries(DOMAINS.map((domain) => [domain, of(domain)])) as Record<Domain, T>;
  const hasModule = plan.config.numNextnPredictLayers > 0;
  return {
    id,
    ended: new Date().toISOString(),
    choices: plan.choices,
    steps: plan.options.steps,
    costs: planCosts(plan),
    bitsPerByte: byDomain((domain) => evaluation[domain].bitsPerByte),
    mtpBitsPerByte: hasModule ? byDomain((domain) => evaluation[domain].mtpBitsPerByte!) : null,
  };
}

/** Shares of a router's tokens that go to each expert, by kind of text: [kind][E]. */
export function sharesByKind(evaluation: Evaluation, router: number): number[][] {
  return DOMAINS.map((domain) => {
    const loads = evaluation[domain].loads[router];
    const total = loads.reduce((sum, load) => sum + load, 0);
    return loads.map((load) => load / total);
  });
}

/** MaxVio within each kind of text, and over all kinds together. */
export function imbalance(evaluation: Evaluation, router: number): { within: number[]; together: number } {
  const byKind = DOMAINS.map((domain) => evaluation[domain].loads[router]);
  return {
    within: byKind.map((loads) => maxVio(loads)),
    together: maxVio(byKind[0].map((_, e) => byKind.reduce((sum, loads) => sum + loads[e], 0))),
  };
}

/**
 * How many times the mean load the busiest expert of a router has in one batch: the mean over the first quarter of the
 * reports, and over the last.
 */
export function busiestOverTime(
  { moments }: Pick<History, "moments">,
  router: number,
): { early: number; late: number } {
  const busiest = moments.map(({ loads }) => 1 + maxVio(loads[router]));
  const quarter = Math.ceil(busiest.length / 4);
  return { early: mean(busiest.slice(0, quarter)), late: mean(busiest.slice(-quarter)) };
}

/** How often a draft would be accepted at temperature 0, by kind of text, and what always guessing one byte would give. */
export interface DraftsByKind {
  kind: Domain;
  equal: number;
  places: number;
  /** The share of the main model's own most frequent guess: an idle drafter would get so far. */
  idle: number;
  said: Comparison;
}

/**
 * The module's drafts on held-out text. Null for a model without a module. Places within a window depend on each other, so
 * every eighth is counted.
 */
export async function draftsByKind(model: DeepSeekV3, windows: EvaluationWindows): Promise<DraftsByKind[] | null> {
  if (model.weights.mtp.length === 0) return null;
  const found: DraftsByKind[] = [];
  for (const kind of DOMAINS) {
    const every = <T>(rows: T[][]) => rows.flatMap((row) => row.filter((_, t) => t % 8 === 0));
    const equal = every(await agreements(model, windows[kind])).map((place) => place.equal);
    const guesses = every(await mainGuesses(model, windows[kind]));
    const counts = new Map<number, number>();
    for (const id of guesses) counts.set(id, (counts.get(id) ?? 0) + 1);
    const idle = Math.max(...counts.values()) / guesses.length;
    const successes = equal.filter(Boolean).length;
    const said = compareShareWithChance({ name: `on held-out ${kind}`, successes, trials: equal.length }, idle, {
      quantity: "the acceptance",
      of: "places",
    });
    found.push({ kind, equal: successes, places: equal.length, idle, said });
  }
  return found;
}

/** The main model's most likely token at the places that agreements looks at: [B][T]. */
async function mainGuesses(model: DeepSeekV3, ids: number[][]): Promise<number[][]> {
  const guesses = tf.tidy(() => {
    const { logits } = model.forwardTraining(ids);
    const [B, T, V] = logits.shape;
    return logits.slice([0, 1, 0], [B, T - 1, V]).argMax<tf.Tensor2D>(2);
  });
  const read = await guesses.array();
  guesses.dispose();
  return read;
}

/** A model saved in the released layout, and what became of it when it was read again. */
export interface Saved {
  folder: string;
  files: { name: string; bytes: number }[];
  /** The largest difference of the logits, relative to the largest logit. */
  difference: number;
}

/** Saves a run's model in the released layout, loads it, and compares the logits of some text. */
export async function saveAndLoad({ folder, plan, training }: MyRun, ids: number[][]): Promise<Saved> {
  const target = host.paths.join(folder, "model");
  await saveCheckpoint(target, plan.config, training.model.weights, { dtype: "F32" });
  const loaded = loadModel(target);
  try {
    const relative = tf.tidy(() => {
      const [before, after] = [plainly(training.model, ids), loaded.forward(ids)];
      return before.sub(after).abs().max().div(before.abs().max());
    });
    const [difference] = await relative.data();
    relative.dispose();
    const files = host
      .list(target)
      .map((name) => ({ name, bytes: host.look(host.paths.join(target, name))?.size ?? 0 }));
    return { folder: target, files, difference };
  } finally {
    loaded.dispose();
  }
}

/** The logits as float32 gives them: what is loaded from a file is computed so, whatever it was trained with. */
function plainly(model: DeepSeekV3, ids: number[][]): tf.Tensor3D {
  return new DeepSeekV3(model.config, model.weights).forward(ids);
}
