/**
 * Pipeline parallelism as timelines. A model's layers lie on a row of ranks; micro-batches pass through them forward
 * and come back as gradients. A schedule (pipeline-schedules.ts) says which rank does what in which order. Here a
 * schedule is played: every task starts when its rank is free and what it needs has arrived. The time between tasks is
 * the bubble.
 *
 * The tasks, as the report names them (section 3.2.1): F forward; B the whole backward; its two parts, I backward for
 * input (what the previous stage waits for) and W backward for weights (what nobody waits for); F&B a forward and a
 * backward of two different micro-batches at once, each hiding its communication behind the other's arithmetic.
 *
 * Sending between ranks takes no time here, as in the formulas that the tests compare with.
 */

/** Seconds, or any other unit, of one micro-batch on one rank. */
export interface ChunkTimes {
  forward: number; // F
  backward: number; // B, both parts
  weights: number; // W, a part of B
  overlapped: number; // F&B
}

/** A micro-batch: direction 0 enters at rank 0, direction 1 at the last rank. */
export interface Chunk {
  direction: 0 | 1;
  id: number;
}

export type PipelineStep =
  { kind: "F" | "B" | "I" | "W"; chunk: Chunk } | { kind: "F&B"; chunk: Chunk; backward: Chunk }; // forward of `chunk`, backward of the other

/** What each rank does, in order. */
export type PipelineSchedule = PipelineStep[][];

export type PlayedStep = PipelineStep & { rank: number; start: number; end: number };

export interface Timeline {
  ranks: number;
  steps: PlayedStep[];
  /** From the first start to the last end. */
  duration: number;
  /** Time in which a rank has nothing to do, by rank. */
  bubbles: number[];
  /** The most micro-batches whose activations a rank keeps at once, by rank. */
  activations: number[];
}

const durationOf = (kind: PipelineStep["kind"], t: ChunkTimes) =>
  ({ F: t.forward, B: t.backward, I: t.backward - t.weights, W: t.weights, "F&B": t.overlapped })[kind];

/** The stage of a micro-batch's way that a rank is. */
const stageOf = (rank: number, ranks: number, { direction }: Chunk) => (direction === 0 ? rank : ranks - 1 - rank);
const forwardKey = (stage: number, { direction, id }: Chunk) => `F ${direction} ${id} ${stage}`;
const backwardKey = (stage: number, { direction, id }: Chunk) => `B ${direction} ${id} ${stage}`;

/** The results that a step waits for, and those that are there when it has ended. */
function needsAndGives(step: PipelineStep, rank: number, ranks: number): { needs: string[]; gives: string[] } {
  const stage = stageOf(rank, ranks, step.chunk);
  const last = ranks - 1;
  const forward = (chunk: Chunk, at: number) => ({
    needs: at === 0 ? [] : [forwardKey(at - 1, chunk)],
    gives: [forwardKey(at, chunk)],
  });
  const backward = (chunk: Chunk, at: number) => ({
    needs: [forwardKey(at, chunk), ...(at === last ? [] : [backwardKey(at + 1, chunk)])],
    gives: [backwardKey(at, chunk)],
  });
  if (step.kind === "F") return forward(step.chunk, stage);
  if (step.kind === "W") return { needs: [backwardKey(stage, step.chunk)], gives: [] };
  if (step.kind !== "F&B") return backward(step.chunk, stage);
  const parts = [forward(step.chunk, stage), backward(step.backward, stageOf(rank, ranks, step.backward))];
  return { needs: parts.flatMap(({ needs }) => needs), gives: parts.flatMap(({ gives }) => gives) };
}

/**
 * Plays a schedule.
 *
 * @throws if the ranks wait for each other forever, naming the steps that wait
 */
export function play(schedule: PipelineSchedule, times: ChunkTimes): Timeline {
  const ranks = schedule.length;
  const ready = new Map<string, number>(); // when a result is there
  const next = schedule.map(() => 0);
  const free = schedule.map(() => 0);
  const steps: PlayedStep[] = [];
  for (let moved = true; moved;) {
    moved = false;
    for (let rank = 0; rank < ranks; rank++) {
      for (let step = schedule[rank][next[rank]]; step !== undefined; step = schedule[rank][next[rank]]) {
        const { needs, gives } = needsAndGives(step, rank, ranks);
        if (needs.some((key) => !ready.has(key))) break;
        const start = Math.max(free[rank], ...needs.map((key) => ready.get(key)!));
        const end = start + durationOf(step.kind, times);
        for (const key of gives) ready.set(key, end);
        steps.push({ ...step, rank, start, end });
        free[rank] = end;
        next[rank]++;
        moved = true;
      }
    }
  }
  const stuck = schedule.flatMap((own, rank) =>
    next[rank] < own.length ? [`rank ${rank} at ${own[next[rank]].kind} of ${own[next[rank]].chunk.id}`] : [],
  );
  if (stuck.length > 0) throw new Error(`play: the ranks wait for each other: ${stuck.join(", ")}`);
  const duration = Math.max(...free);
  const ofRank = (rank: number) => steps.filter((step) => step.rank === rank);
  return {
    ranks,
    steps,
    duration,
    bubbles: free.map((_, rank) => ofRank(rank).reduce((left, { start, end }) => left - (end - start), duration)),
    activations: free.map((_, rank) => mostKept(ofRank(rank))),
  };
}

/** Activations are kept from a micro-batch's forward until the last part of its backward has ended. */
function mostKept(steps: PlayedStep[]): number {
  const name = ({ direction, id }: Chunk) => `${direction} ${id}`;
  const later = new Set(steps.flatMap((step) => (step.kind === "W" ? [name(step.chunk)] : [])));
  const kept = new Set<string>();
  let most = 0;
  for (const step of steps) {
    if (step.kind === "F" || step.kind === "F&B") kept.add(name(step.chunk));
    most = Math.max(most, kept.size);
    if (step.kind === "F&B") kept.delete(name(step.backward));
    else if (step.kind === "B" || step.kind === "W") kept.delete(name(step.chunk));
    else if (step.kind === "I" && !later.has(name(step.chunk))) kept.delete(name(step.chunk));
  }
  return most;
}

/** The published bubbles (the report, table 2), for PP ranks. */
export const BUBBLE_FORMULAS = {
  "1F1B": (PP: number, { forward: F, backward: B }: ChunkTimes) => (PP - 1) * (F + B),
  ZB1P: (PP: number, { forward: F, backward: B, weights: W }: ChunkTimes) => (PP - 1) * (F + B - 2 * W),
  DualPipe: (PP: number, { overlapped, backward: B, weights: W }: ChunkTimes) =>
    (PP / 2 - 1) * (overlapped + B - 3 * W),
};
