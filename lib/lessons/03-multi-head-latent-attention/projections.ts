/** The matrices of multi-head latent attention, one by one, and what the two bottlenecks save. */
import type { ModelConfig } from "../../model/config";

export interface Projection {
  /** The report's symbols. */
  symbol: string;
  /** Its name in the released checkpoint. */
  name: string;
  inputs: number;
  outputs: number;
  parameters: number;
}

/** The linear maps of one layer's attention, in the order in which a token meets them (the report, equations 1 to 11). */
export function projectionsOf(config: ModelConfig): Projection[] {
  const { hiddenSize: D, numAttentionHeads: H, qLoraRank, kvLoraRank: C } = config;
  const { qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim: v } = config;
  const row = (symbol: string, name: string, inputs: number, outputs: number): Projection => ({
    symbol,
    name,
    inputs,
    outputs,
    parameters: inputs * outputs,
  });
  const queries =
    qLoraRank === null
      ? [row("W^Q", "q_proj", D, H * (nope + R))]
      : [row("W^DQ", "q_a_proj", D, qLoraRank), row("W^UQ, W^QR", "q_b_proj", qLoraRank, H * (nope + R))];
  return [
    ...queries,
    row("W^DKV, W^KR", "kv_a_proj_with_mqa", D, C + R),
    row("W^UK, W^UV", "kv_b_proj", C, H * (nope + v)),
    row("W^O", "o_proj", H * v, D),
  ];
}

/**
 * Numbers that a layer has to keep of a token until the backward pass, for queries, keys and values: themselves, or only
 * the latents and the rotary key that they are made from again (the report, section 3.2.3).
 */
export function keptForBackward(config: ModelConfig): { queries: Kept; keysAndValues: Kept } {
  const { numAttentionHeads: H, qLoraRank, kvLoraRank: C } = config;
  const { qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim: v } = config;
  const queries = H * (nope + R);
  return {
    queries: { whole: queries, latent: qLoraRank ?? queries },
    keysAndValues: { whole: H * (nope + v) + R, latent: C + R },
  };
}

export interface Kept {
  whole: number;
  latent: number;
}
