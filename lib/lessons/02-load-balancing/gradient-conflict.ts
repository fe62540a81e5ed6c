/**
 * Do two losses pull the same way? A loss for balance moves the model's weights, as the task's own loss does. The cosine
 * of the angle between their gradients says what a small step down the one does to the other: above 0 it helps, at 0 it
 * changes nothing, below 0 it makes the other loss rise.
 */
import * as tf from "@tensorflow/tfjs";
import { collectRouting } from "../../model/collect-routing";
import type { DeepSeekV3 } from "../../model/model";
import { isCorrectionBias, namedTensors } from "../../model/weights";
import { Random } from "../../tensor/random";
import { stopGradient } from "../../tensor/differentiable";
import { topKMask } from "../../tensor/top-k";
import { joinLayers, sequenceBalanceLoss, switchAuxiliaryLoss } from "../../training/balance";
import { nextTokenLoss } from "../../training/next-token-loss";

/** A loss's gradient by the released name of each weight. Numbers, not tensors: there is nothing to free. */
export type Gradients = ReadonlyMap<string, Float32Array>;

/** What a balance loss counts over: all tokens of a batch together, or each sequence by itself. */
export type Scope = "batch" | "sequence";

/**
 * The gradient of the next-token loss on a batch.
 *
 * @param tokens [B][T + 1]: the last of a row is only a target
 */
export function taskGradients(model: DeepSeekV3, tokens: number[][]): Gradients {
  const inputs = tokens.map((row) => row.slice(0, -1));
  const targets = tokens.map((row) => row.slice(1));
  return gradientsOf(model, () => nextTokenLoss(model.forward(inputs), targets));
}

/**
 * The gradient of the balance loss Σ f·P with weight 1, as each scope is trained with: over the batch it counts the
 * choices that were made (switchAuxiliaryLoss), within a sequence the K largest affinities (sequenceBalanceLoss).
 *
 * @param tokens [B][T + 1], as for taskGradients
 */
export function balanceGradients(model: DeepSeekV3, tokens: number[][], scope: Scope): Gradients {
  const inputs = tokens.map((row) => row.slice(0, -1));
  const active = model.config.numExpertsPerTok;
  return gradientsOf(model, () => {
    const { routing } = collectRouting((observe) => model.hiddenStates(inputs, { observe }));
    const { affinity, mask, layers } = joinLayers(routing);
    if (scope === "batch") return switchAuxiliaryLoss(affinity, mask, { active, alpha: 1, layers });
    const chosen = stopGradient(topKMask(affinity, active));
    return sequenceBalanceLoss(affinity, chosen, { active, alpha: 1, layers, sequences: tokens.length });
  });
}

/** Whether a weight, by its released name, is a router's. */
export const isRouter = (name: string): boolean => name.endsWith(".mlp.gate.weight");

/**
 * The cosine of the angle between two gradients.
 *
 * @param of the weights that are looked at, by their released names; all if left out
 * @returns from −1, opposite, to 1, the same direction; NaN if one of them is 0 everywhere
 */
export function cosine(a: Gradients, b: Gradients, of: (name: string) => boolean = () => true): number {
  return dot(a, b, of) / (norm(a, of) * norm(b, of));
}

/** The length of a gradient. */
export function norm(a: Gradients, of: (name: string) => boolean = () => true): number {
  return Math.sqrt(dot(a, a, of));
}

/** An angle in degrees: 90 for a cosine of 0. */
export function degrees(cosine: number): number {
  return (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
}

/** The mean of gradients of one model, as one over all their batches together. */
export function meanGradients(all: readonly Gradients[]): Gradients {
  if (all.length === 1) return all[0]; // not a copy: of a model they are large
  const sums = new Map([...all[0]].map(([name, values]) => [name, new Float32Array(values.length)]));
  for (const gradients of all) {
    for (const [name, sum] of sums) gradients.get(name)!.forEach((value, i) => (sum[i] += value / all.length));
  }
  return sums;
}

function dot(a: Gradients, b: Gradients, of: (name: string) => boolean): number {
  let sum = 0;
  for (const [name, values] of a) {
    const others = b.get(name);
    if (others === undefined) throw new Error(`gradients: ${name} is in one of them only`);
    if (of(name)) for (let i = 0; i < values.length; i++) sum += values[i] * others[i];
  }
  return sum;
}

/** The gradient for every weight that one moves; the prediction module's, which takes no part, are left out. */
function gradientsOf(model: DeepSeekV3, loss: () => tf.Scalar): Gradients {
  const module = `model.layers.${model.config.numHiddenLayers}.`;
  const moved = ({ name }: { name: string }) => !name.startsWith(module) && !isCorrectionBias(name);
  const weights = namedTensors(model.weights).filter(moved);
  const read = new Map<string, Float32Array>();
  tf.tidy(() => {
    const { grads } = tf.engine().gradients(
      loss,
      weights.map(({ tensor }) => tensor),
      undefined,
      true,
    );
    weights.forEach(({ name, tensor }, i) => {
      const gradient = grads[i] as tf.Tensor | undefined; // a balance loss has none for the head
      read.set(name, gradient === undefined ? new Float32Array(tensor.size) : (gradient.dataSync() as Float32Array));
    });
  });
  return read;
}

/** How a balance loss's gradient stands to the task's. */
export interface Pull {
  /** Cosine of the angle between the two. */
  cosine: number;
  /** Length of the balance gradient, for weight 1, against the task's. */
  ratio: number;
  /** Cosine of the task's gradients on two halves of the batches: how well the task agrees with itself. */
  agreement: number;
}

/** Both pulls, and what the angle on the routers is by chance. */
export interface Pulls {
  routers: Pull;
  all: Pull;
  /** Cosines on the routers' weights when the balance gradient's numbers are dealt out at random within each weight. */
  dealt: number[];
}

/**
 * Compares both gradients, each the mean over the batches, on the routers' weights and on all weights.
 *
 * @param batches at least two, [B][T + 1] each
 */
export function comparePulls(model: DeepSeekV3, batches: number[][][], scope: Scope): Pulls {
  return pullsOf(
    batches.map((tokens) => taskGradients(model, tokens)),
    batches.map((tokens) => balanceGradients(model, tokens, scope)),
  );
}

/** The same from gradients that are there already, one of each for every batch; at least two batches. */
export function pullsOf(task: readonly Gradients[], balances: readonly Gradients[]): Pulls {
  const half = Math.floor(task.length / 2);
  const [whole, first, second] = [task, task.slice(0, half), task.slice(half)].map(meanGradients);
  const balance = meanGradients(balances);
  const pull = (of?: (name: string) => boolean): Pull => ({
    cosine: cosine(whole, balance, of),
    ratio: norm(balance, of) / norm(whole, of),
    agreement: cosine(first, second, of),
  });
  return { routers: pull(isRouter), all: pull(), dealt: dealtCosines(whole, balance, isRouter) };
}

/**
 * What chance gives: cosines of a gradient and another one whose numbers are dealt out anew within each weight. In many
 * dimensions two directions that have nothing to do with each other are nearly at right angles.
 */
export function dealtCosines(
  a: Gradients,
  b: Gradients,
  of: (name: string) => boolean,
  { seed = 1, deals = 20 } = {},
): number[] {
  const random = new Random(seed);
  const names = [...b.keys()].filter(of);
  const part = new Map(names.map((name) => [name, a.get(name) ?? new Float32Array(0)]));
  return Array.from({ length: deals }, () => {
    const mixed = names.map((name) => [name, Float32Array.from(random.shuffle([...b.get(name)!]))] as const);
    return cosine(part, new Map(mixed));
  });
}
