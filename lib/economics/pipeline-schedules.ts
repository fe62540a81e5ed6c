/**
 * Three orders of work for a pipeline: 1F1B, ZB1P and DualPipe. All do the same work: a forward and a backward of every
 * micro-batch on every rank. They differ in what a rank does while it would otherwise wait.
 *
 * 1F1B (Harlap et al., 2018): some forwards to fill the pipeline, then one forward, one backward in turn.
 * ZB1P (Qi et al., 2023, "ZB-H1"): the same, with the backward cut in two. Weight gradients, which nobody waits for,
 *   are postponed and fill the wait at the end.
 * DualPipe (DeepSeek-V3 report, section 3.2.1; the order follows the eight phases of github.com/deepseek-ai/DualPipe):
 *   micro-batches enter at both ends, and in the middle of the step every forward runs together with a backward.
 */
import type { Chunk, PipelineSchedule, PipelineStep } from "./pipeline";

export const METHODS = ["1F1B", "ZB1P", "DualPipe"] as const;
export type Method = (typeof METHODS)[number];

/**
 * The schedule of a method.
 *
 * @param ranks pipeline stages
 * @param microBatches per step; DualPipe splits them evenly over both directions
 * @throws if ranks or micro-batches are not whole numbers, too few for the method, or odd for DualPipe
 */
export function scheduleOf(method: Method, ranks: number, microBatches: number): PipelineSchedule {
  for (const [name, count] of Object.entries({ ranks, microBatches })) {
    if (!Number.isInteger(count) || count < 1)
      throw new Error(`${method}: ${name} must be a whole number, got ${count}`);
  }
  if (method === "DualPipe") return dualPipe(ranks, microBatches);
  if (microBatches < ranks) throw new Error(`${method}: ${ranks} ranks need at least ${ranks} micro-batches`);
  const all = Array.from({ length: ranks }, (_, rank) => rank);
  return all.map((rank) => (method === "1F1B" ? oneForwardOneBackward : zeroBubble)(rank, ranks, microBatches));
}

const ahead = (id: number): Chunk => ({ direction: 0, id });

function oneForwardOneBackward(rank: number, ranks: number, microBatches: number): PipelineStep[] {
  const warmUp = ranks - 1 - rank;
  const steps: PipelineStep[] = [];
  for (let id = 0; id < microBatches + warmUp; id++) {
    if (id < microBatches) steps.push({ kind: "F", chunk: ahead(id) });
    if (id >= warmUp) steps.push({ kind: "B", chunk: ahead(id - warmUp) });
  }
  return steps;
}

/** Like 1F1B, but rank r is r weight gradients behind: so no rank keeps more activations than 1F1B's first one. */
function zeroBubble(rank: number, ranks: number, microBatches: number): PipelineStep[] {
  const steps: PipelineStep[] = [];
  let weights = 0;
  for (const { kind, chunk } of oneForwardOneBackward(rank, ranks, microBatches)) {
    if (kind === "F") {
      steps.push({ kind, chunk });
      continue;
    }
    steps.push({ kind: "I", chunk });
    if (chunk.id - rank >= 0) steps.push({ kind: "W", chunk: ahead(weights++) });
  }
  while (weights < microBatches) steps.push({ kind: "W", chunk: ahead(weights++) });
  return steps;
}

function dualPipe(ranks: number, microBatches: number): PipelineSchedule {
  if (ranks % 2 !== 0 || microBatches % 2 !== 0) {
    throw new Error(`DualPipe: ranks and micro-batches must be even, got ${ranks} and ${microBatches}`);
  }
  if (microBatches < 2 * ranks) throw new Error(`DualPipe: ${ranks} ranks need at least ${2 * ranks} micro-batches`);
  return Array.from({ length: ranks }, (_, rank) => new DualPipeRank(rank, ranks, microBatches).steps());
}

/** Writes one rank's steps. "Near" micro-batches enter at this rank's end of the pipeline, "far" ones at the other. */
class DualPipeRank {
  private readonly list: PipelineStep[] = [];
  private readonly counts = { F: [0, 0], B: [0, 0] };
  /** Micro-batches whose weight gradients are still to be done, oldest first. */
  private readonly owed: Chunk[] = [];

  constructor(
    private readonly rank: number,
    private readonly ranks: number,
    private readonly microBatches: number,
  ) {}

  private take(what: "F" | "B", from: "near" | "far"): Chunk {
    const direction = (from === "near") === this.rank < this.ranks / 2 ? 0 : 1;
    return { direction, id: this.counts[what][direction]++ };
  }

  private forward(from: "near" | "far"): void {
    this.list.push({ kind: "F", chunk: this.take("F", from) });
  }

  /** The whole backward, or only its first half, with the weight gradients postponed. */
  private backward(from: "near" | "far", split = false): void {
    const chunk = this.take("B", from);
    this.list.push({ kind: split ? "I" : "B", chunk });
    if (split) this.owed.push(chunk);
  }

  private weights(): void {
    this.list.push({ kind: "W", chunk: this.owed.shift()! });
  }

  private both(forwardFrom: "near" | "far", backwardFrom: "near" | "far"): void {
    this.list.push({ kind: "F&B", chunk: this.take("F", forwardFrom), backward: this.take("B", backwardFrom) });
  }

  steps(): PipelineStep[] {
    const half = this.ranks / 2;
    const depth = Math.min(this.rank, this.ranks - 1 - this.rank); // 0 at the ends, half - 1 in the middle
    const outward = half - 1 - depth;
    const repeat = (count: number, work: (i: number) => void) => Array.from({ length: count }, (_, i) => work(i));

    repeat(2 * outward, () => this.forward("near"));
    repeat(depth + 1, () => {
      this.forward("near");
      this.forward("far");
    });
    repeat(outward, () => {
      this.backward("far", true);
      this.weights();
      this.forward("far");
    });
    repeat(this.microBatches / 2 - this.ranks + depth + 1, (i) => {
      if (i === 0 && outward === 0) {
        // In the middle the first pair is not overlapped: its backward would wait for nothing.
        this.forward("near");
        this.backward("far");
      } else this.both("near", "far");
      this.both("far", "near");
    });
    repeat(outward, () => {
      this.backward("far");
      this.both("far", "near");
    });
    let split = false;
    repeat(depth + 1, (i) => {
      const turn = i === Math.floor((depth + 1) / 2);
      if (turn && depth % 2 === 1) split = true;
      this.backward("far", split);
      if (turn && depth % 2 === 0) split = true;
      this.backward("near", split);
    });
    repeat(outward, () => {
      this.weights();
      this.backward("near", true);
    });
    repeat(depth + 1, () => this.weights());
    return this.list;
  }
}
