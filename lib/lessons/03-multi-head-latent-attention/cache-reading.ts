/**
 * What decoding one token does with the cache of one layer: bytes that it reads and operations that it makes, by what the
 * cache holds. The linear maps around it are the same for all and left out.
 */
import type { ModelConfig } from "../../model/config";
import type { DecodeMode } from "../../economics/flops";
import type { Work } from "../../economics/roofline";

/**
 * Scores and weighted values over `context` tokens in one layer, for one token of one sequence (the report of
 * DeepSeek-V2, section 2.1.2).
 *
 * @param mode what the cache holds and how it is used; see DecodeMode
 * @param bytes of a number in the cache
 */
export function cacheReading(config: ModelConfig, context: number, mode: DecodeMode, bytes = 2): Work {
  const { numAttentionHeads: H, kvLoraRank: C, qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim: v } = config;
  const expanded = 2 * H * (nope + R + v); // scores and values
  const latents = bytes * (C + R);
  const perToken: Record<DecodeMode, Work> = {
    expanded: { flop: expanded, bytes: bytes * H * (nope + R + v) },
    "expanded again": { flop: expanded + 2 * C * H * (nope + v), bytes: latents },
    absorbed: { flop: 2 * H * (C + R + C), bytes: latents },
  };
  return { flop: context * perToken[mode].flop, bytes: context * perToken[mode].bytes };
}

/** The same for grouped-query attention: H query heads on H_kv pairs of keys and values, each `headDim` wide. */
export function groupedReading(
  { heads, kvHeads, headDim }: { heads: number; kvHeads: number; headDim: number },
  context: number,
  bytes = 2,
): Work {
  return { flop: context * 4 * heads * headDim, bytes: context * 2 * kvHeads * headDim * bytes };
}
