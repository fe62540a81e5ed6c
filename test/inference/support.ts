/** Small models that decode, and what is read from them. */
import type { DecodedToken, Decoding } from "../../lib/inference/decode";
import { tinyConfig, type ModelConfig } from "../../lib/model/config";
import { DeepSeekV3 } from "../../lib/model/model";
import { initWeights } from "../../lib/model/weights";

/** Random weights, large enough that predictions differ from place to place. */
export function lively(overrides: Partial<ModelConfig> = {}, seed = 3): DeepSeekV3 {
  const config = tinyConfig({ maxPositionEmbeddings: 512, ropeScaling: null, ...overrides });
  return new DeepSeekV3(config, initWeights(config, seed, { std: 0.15 }));
}

export async function tokensOf(writing: Decoding): Promise<DecodedToken[]> {
  const tokens: DecodedToken[] = [];
  for await (const token of writing) tokens.push(token);
  return tokens;
}

export async function eachOf(writing: Decoding, see: (token: DecodedToken) => void): Promise<void> {
  for await (const token of writing) see(token);
}

/** The first token; the writing is left then. */
export async function firstOf(writing: Decoding): Promise<DecodedToken> {
  for await (const token of writing) return token;
  throw new Error("there is no token");
}

export async function idsOf(writing: Decoding): Promise<number[]> {
  return (await tokensOf(writing)).map(({ id }) => id);
}
