/** The assembled model beside lib's own: logits, and texts. */
import * as tf from "@tensorflow/tfjs";
import { decode, type Decoding, type DecodingParts } from "../../inference/decode";
import { decodeSpeculatively } from "../../inference/speculative";
import { LatentCache } from "../../model/latent-cache";
import type { DeepSeekV3 } from "../../model/model";
import type { ModelParts } from "../../model/parts";

export interface LogitDifference {
  /** The way that was computed. */
  pass: "the whole text at once" | "token by token, from the cache" | "the prediction module";
  /** The largest difference, relative to the largest logit of lib's. */
  largest: number;
}

/**
 * How far the logits of a model with other parts are from lib's, on every way through it.
 *
 * @param ids [B][T], T at least 2
 */
export function logitDifferences(model: DeepSeekV3, ids: number[][], parts: Partial<ModelParts>): LogitDifference[] {
  const stepwise = (parts?: Partial<ModelParts>) => {
    const cache = new LatentCache();
    try {
      const steps = ids[0].map((_, t) =>
        model.forward(
          ids.map((row) => [row[t]]),
          { cache, parts },
        ),
      );
      return tf.concat(steps, 1) as tf.Tensor3D;
    } finally {
      cache.dispose();
    }
  };
  const ways: [LogitDifference["pass"], (parts?: Partial<ModelParts>) => tf.Tensor3D][] = [
    ["the whole text at once", (parts) => model.forward(ids, { parts })],
    ["token by token, from the cache", stepwise],
  ];
  if (model.weights.mtp.length > 0) ways.push(["the prediction module", (parts) => model.forwardMtp(ids, { parts })]);
  return ways.map(([pass, logits]) => {
    const [largest] = tf.tidy(() => {
      const [own, libs] = [logits(parts), logits()];
      return own.sub(libs).abs().max().div(libs.abs().max()).dataSync();
    });
    return { pass, largest };
  });
}

export interface Written {
  ids: number[];
  stats: Decoding["stats"];
}

/** Writes a text token by token, or with drafts. */
export async function write(
  model: DeepSeekV3,
  prompt: number[],
  options: { tokens: number; temperature: number; seed?: number; drafts?: boolean; parts?: Partial<DecodingParts> },
): Promise<Written> {
  const { drafts = false, ...rest } = options;
  const writing = (drafts ? decodeSpeculatively : decode)(model, prompt, { ...rest, engine: "tensor" });
  const ids: number[] = [];
  for await (const { id } of writing) ids.push(id);
  return { ids, stats: { ...writing.stats } };
}

/** The likeliest token again and again, each time from the whole text, without a cache. */
export function writeWithoutCache(
  model: DeepSeekV3,
  prompt: number[],
  { tokens, parts }: { tokens: number; parts?: Partial<ModelParts> },
): number[] {
  const text = [...prompt];
  for (let i = 0; i < tokens; i++) {
    const [next] = tf.tidy(() => {
      const logits = model.forward([text], { parts });
      return logits
        .slice([0, text.length - 1, 0], [1, 1, -1])
        .argMax(2)
        .dataSync();
    });
    text.push(next);
  }
  return text.slice(prompt.length);
}
