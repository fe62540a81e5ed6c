/**
 * What one pass over a text costs in one layer's attention, by how many of its tokens are new: decoding brings one, a
 * prompt or a step of training brings many. The latents of all earlier tokens are kept. Each pass can expand them to keys
 * and values of every head, or take its queries into their space (the report of DeepSeek-V2, section 2.1.2).
 *
 * Letters: n new tokens, S tokens seen in all (the new ones included), H heads, C width of the latent, R of the rotary key.
 */
import type { Work } from "../../economics/roofline";
import type { ModelConfig } from "../../model/config";

export interface Pass {
  /** n, the new tokens. */
  queries: number;
  /** S, all tokens, the new ones included. */
  seen: number;
}

export const WAYS = ["expanded", "absorbed"] as const;
export type Way = (typeof WAYS)[number];

/** Pairs of a new token and one that it may see: the last sees all S, the first S − n + 1. */
export function pairsOf({ queries: n, seen: S }: Pass): number {
  return n * S - (n * (n - 1)) / 2;
}

/**
 * FLOPs and bytes of one layer for one sequence. W^UK and W^UV are counted; the other matrices cost the same either way
 * and are left out. Expanded keys and values are written by one kernel and read by the next.
 *
 * @param bytes of a number, in the cache and elsewhere
 */
export function passWork(config: ModelConfig, pass: Pass, way: Way, bytes = 2): Work {
  const { numAttentionHeads: H, kvLoraRank: C, qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim: v } = config;
  const { queries: n, seen: S } = pass;
  const up = H * C * (nope + v); // numbers in W^UK and W^UV
  const latents = S * (C + R);
  if (way === "expanded") {
    const expanded = S * H * (nope + v);
    const ends = n * H * (nope + R + v); // queries in, values out
    return {
      flop: 2 * up * S + 2 * H * (nope + R + v) * pairsOf(pass),
      bytes: bytes * (latents + up + 2 * expanded + ends),
    };
  }
  const ends = n * H * (C + R + C + nope + v); // queries before and in the latents' space, mixtures, values out
  return { flop: 2 * up * n + 2 * H * (C + R + C) * pairsOf(pass), bytes: bytes * (latents + up + ends) };
}

/**
 * The fewest new tokens for which expanding takes no more arithmetic than absorbing; null where absorbing never takes
 * more, since the latent is no wider than half of a head's key and value.
 */
export function crossover(config: ModelConfig, seen: number): number | null {
  const pays = (queries: number) => {
    const [expanded, absorbed] = WAYS.map((way) => passWork(config, { queries, seen }, way).flop);
    return expanded <= absorbed;
  };
  if (!pays(seen)) return null;
  let [no, yes] = [0, seen]; // what expanding costs each query falls with their number
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (pays(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** Where the crossover goes as the text grows: C · (nope + v) / (2C − nope − v). */
export function crossoverLimit({ kvLoraRank: C, qkNopeHeadDim: nope, vHeadDim: v }: ModelConfig): number {
  return (C * (nope + v)) / (2 * C - nope - v);
}
