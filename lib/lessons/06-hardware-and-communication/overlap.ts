/**
 * One sparse layer in training: how long its arithmetic and its exchanges take, and how much of the exchanges can be
 * hidden. A forward by itself computes attention, waits for the dispatch, computes the experts and waits for the
 * combine. DualPipe runs the forward of one micro-batch together with the backward of another, cut into pieces in the
 * order of the report's figure 4, so that one of them exchanges while the other computes.
 */
import type { ModelConfig } from "../../model/config";
import { exchangeBytes, exchangeSeconds, type Links, type Payload } from "../../economics/communication";
import type { ChunkTimes, Timeline } from "../../economics/pipeline";
import { prefillOperations, type Machine, type Operation } from "../../economics/roofline";

/** Seconds that the parts of one layer take for all tokens of a micro-batch. */
export interface LayerTimes {
  attention: { F: number; B: number; W: number }; // forward, backward for input, backward for weights
  experts: { F: number; B: number; W: number };
  dispatch: number; // in FP8: the forward's dispatch, and the backward of a combine
  combine: number; // in BF16: the forward's combine, and the backward of a dispatch
}

export interface TrainingLoad {
  tokens: number; // of a micro-batch on one GPU
  sequence: number; // length of each sequence
  reached: number; // share of a chip's peak that arithmetic reaches
  multiprocessors: number;
  setAside: number; // multiprocessors used for communication
  copies: number; // of a token's vector that go to other nodes
  payload: Payload;
}

/**
 * Times from counts: FLOPs divided by what is left of the peak, bytes divided by the rate of the links. Memory is
 * assumed not to limit the products, which holds for thousands of tokens. Recomputed activations are left out.
 */
export function layerTimes(config: ModelConfig, machine: Machine, links: Links, load: TrainingLoad): LayerTimes {
  const { tokens, sequence, copies, payload } = load;
  const share = (load.reached * (load.multiprocessors - load.setAside)) / load.multiprocessors;
  const operations = prefillOperations(config, { tokens, context: sequence, gpus: 1 });
  const seconds = (some: Operation[]) =>
    some.reduce((sum, { flop, format }) => sum + flop / (machine.peaks[format] * share), 0);
  const isCore = ({ name }: Operation) => name === "attention"; // queries on keys: no weights
  const isExpert = ({ name }: Operation) => /expert|router/.test(name);
  const core = seconds(operations.filter(isCore));
  const maps = seconds(operations.filter((one) => !isCore(one) && !isExpert(one)));
  const experts = seconds(operations.filter(isExpert));
  const exchange = (bytes: number) => {
    const crossing = { interNode: copies, intraNode: config.numExpertsPerTok };
    const traffic = exchangeBytes(config.hiddenSize, crossing, { dispatch: bytes, combine: 0 });
    return tokens * exchangeSeconds(traffic, links);
  };
  return {
    // Each product has two backward products of the same size; the core has no weights, and twice the work for inputs.
    attention: { F: maps + core, B: maps + 2 * core, W: maps },
    experts: { F: experts, B: experts, W: experts },
    dispatch: exchange(payload.dispatch),
    combine: exchange(payload.combine),
  };
}

/** Seconds of a layer's forward and backward, arithmetic and exchange added up. */
export function layerSums({ attention, experts, dispatch, combine }: LayerTimes) {
  const exchange = dispatch + combine;
  return {
    forward: { arithmetic: attention.F + experts.F, exchange },
    backward: { arithmetic: attention.B + attention.W + experts.B + experts.W, exchange },
    weights: attention.W + experts.W,
  };
}

export const LANES = ["arithmetic", "exchange"] as const;

export interface Piece {
  name: string; // as in the report's figure 4
  lane: (typeof LANES)[number];
  round: number; // each round is one layer forward and one layer backward
  start: number;
  end: number;
}

type Rule = [name: string, lane: Piece["lane"], needs: [name: string, roundsAgo: number][]];

/** Figure 4: each lane works through its rules from top to bottom, round after round. */
const RULES: Rule[] = [
  ["MLP (B)", "arithmetic", [["COMBINE (B)", 1]]],
  ["MLP (W)", "arithmetic", []],
  ["MLP (F)", "arithmetic", [["DISPATCH (F)", 0]]],
  ["ATTN (B)", "arithmetic", [["DISPATCH (B)", 0]]],
  ["ATTN (W)", "arithmetic", []],
  ["ATTN (F)", "arithmetic", [["COMBINE (F)", 0]]],
  ["DISPATCH (F)", "exchange", [["ATTN (F)", 1]]],
  ["DISPATCH (B)", "exchange", [["MLP (B)", 0]]],
  ["COMBINE (F)", "exchange", [["MLP (F)", 0]]],
  ["COMBINE (B)", "exchange", [["ATTN (B)", 0]]],
];

/**
 * A forward and a backward together, for some rounds: a piece starts when its lane is free and its input has arrived.
 */
export function overlapRounds(times: LayerTimes, rounds: number): Piece[] {
  const { attention, experts, dispatch, combine } = times;
  const seconds: Record<string, number> = {
    "MLP (F)": experts.F,
    "MLP (B)": experts.B,
    "MLP (W)": experts.W,
    "ATTN (F)": attention.F,
    "ATTN (B)": attention.B,
    "ATTN (W)": attention.W,
    "DISPATCH (F)": dispatch,
    "DISPATCH (B)": combine,
    "COMBINE (F)": combine,
    "COMBINE (B)": dispatch,
  };
  const ends = new Map<string, number>();
  const free = { arithmetic: 0, exchange: 0 };
  const pieces: Piece[] = [];
  const queues = LANES.map((lane) => {
    const own = RULES.filter((rule) => rule[1] === lane);
    return Array.from({ length: rounds * own.length }, (_, i) => ({
      rule: own[i % own.length],
      round: Math.floor(i / own.length),
    }));
  });
  while (queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      for (let next = queue[0]; next !== undefined; next = queue[0]) {
        const {
          rule: [name, lane, needs],
          round,
        } = next;
        const keys = needs.filter(([, ago]) => round >= ago).map(([needed, ago]) => `${needed} ${round - ago}`);
        if (keys.some((key) => !ends.has(key))) break;
        const start = Math.max(free[lane], ...keys.map((key) => ends.get(key)!));
        free[lane] = start + seconds[name];
        ends.set(`${name} ${round}`, free[lane]);
        pieces.push({ name, lane, round, start, end: free[lane] });
        queue.shift();
      }
    }
  }
  return pieces;
}

/** Seconds of one layer's forward and another's backward: in turn, together, and of their arithmetic alone. */
export function overlapGain(times: LayerTimes): { inTurn: number; together: number; arithmetic: number } {
  const { forward, backward } = layerSums(times);
  const rounds = 12; // after a few of them each takes the same time
  const pieces = overlapRounds(times, rounds);
  const endOf = (round: number) => Math.max(...pieces.filter((piece) => piece.round === round).map(({ end }) => end));
  const arithmetic = forward.arithmetic + backward.arithmetic;
  return {
    inTurn: arithmetic + forward.exchange + backward.exchange,
    together: (endOf(rounds - 1) - endOf(rounds - 5)) / 4,
    arithmetic,
  };
}

/** A forward by itself: each piece waits for the one before it. */
export function forwardAlone({ attention, experts, dispatch, combine }: LayerTimes): Piece[] {
  const order: [string, Piece["lane"], number][] = [
    ["ATTN (F)", "arithmetic", attention.F],
    ["DISPATCH (F)", "exchange", dispatch],
    ["MLP (F)", "arithmetic", experts.F],
    ["COMBINE (F)", "exchange", combine],
  ];
  let now = 0;
  return order.map(([name, lane, seconds]) => {
    const start = now;
    now += seconds;
    return { name, lane, round: 0, start, end: now };
  });
}

/**
 * The times of a micro-batch on a pipeline rank with so many layers. A forward or a backward by itself waits for its
 * exchanges; F&B hides them as far as `overlapGain` says.
 */
export function chunkTimes(times: LayerTimes, layers: number): ChunkTimes {
  const { forward, backward, weights } = layerSums(times);
  return {
    forward: layers * (forward.arithmetic + forward.exchange),
    backward: layers * (backward.arithmetic + backward.exchange),
    weights: layers * weights,
    overlapped: layers * overlapGain(times).together,
  };
}

/** The share of a step in which a rank computes, waiting neither for the pipeline nor for an exchange. */
export function computingShare(timeline: Timeline, times: LayerTimes, layers: number, microBatches: number): number {
  const { forward, backward } = layerSums(times);
  return (microBatches * layers * (forward.arithmetic + backward.arithmetic)) / timeline.duration;
}
