/**
 * What the parts of a speculative step take on this machine: feeding one token, feeding a token and its draft, drafting.
 * Their ratios decide whether speculation pays. The fastest of several, taken in turns: what else the machine is doing
 * only ever adds time.
 */
import * as tf from "@tensorflow/tfjs";
import { LatentCache } from "../../model/latent-cache";
import type { DeepSeekV3 } from "../../model/model";
import { openEngine, type EngineOptions } from "../../inference/choose-engine";

export interface StepTimes {
  /** Milliseconds of a pass over one token, and over two. */
  one: number;
  two: number;
  /** Of the multi-token prediction module for one token. */
  draft: number;
}

/** Of an engine, which also has to let the module read the tokens that were written meanwhile. */
export interface EngineTimes extends StepTimes {
  /** Of the module for two tokens: what a draft takes after one that was accepted. */
  draftTwo: number;
}

/**
 * Times of an engine, after some text. The tokens change from round to round, as in life: a token that comes again and
 * again finds its experts in the processor's cache.
 *
 *
 * @param text token ids that are fed before
 * @param rounds measurements of each
 */
export async function engineTimes(
  model: DeepSeekV3,
  engine: EngineOptions["engine"],
  { text, rounds }: { text: number[]; rounds: number },
): Promise<EngineTimes> {
  const opened = openEngine(model, { engine, drafts: true });
  let drawn = 0;
  const next = (count: number) => Array.from({ length: count }, () => text[drawn++ % text.length]);
  try {
    await opened.feed(text);
    await opened.draft([...text.slice(1), ...next(1)]);
    const parts = {
      one: () => opened.feed(next(1)),
      draft: () => opened.draft(next(1)),
      two: () => opened.feed(next(2)),
      draftTwo: () => opened.draft(next(2)),
    };
    return await inTurns(rounds, parts, async () => opened.truncate(text.length));
  } finally {
    opened.dispose();
  }
}

/**
 * The same for several texts at once, by the model's own passes with a cache.
 *
 * @param batch texts
 */
export async function batchTimes(
  model: DeepSeekV3,
  batch: number,
  { text, rounds }: { text: number[]; rounds: number },
): Promise<StepTimes> {
  const [main, module] = [new LatentCache(), new LatentCache()];
  const rows = (ids: number[]) => Array.from({ length: batch }, () => ids);
  const read = async (compute: () => tf.Tensor) => {
    const result = tf.tidy(compute);
    await result.data();
    result.dispose();
  };
  // Different tokens in different texts, as in life: equal ones would share their experts.
  const spread = (tokens: number) =>
    Array.from({ length: batch }, (_, b) => Array.from({ length: tokens }, (_, t) => text[(b + t) % text.length]));
  const state = tf.tidy(() => model.hiddenStates(spread(1)));
  try {
    tf.dispose(model.hiddenStates(rows(text), { cache: main }));
    tf.tidy(() => void model.draft(state.tile([1, text.length, 1]), rows(text), { cache: module }));
    const parts = {
      one: () => read(() => model.forward(spread(1), { cache: main })),
      draft: () => read(() => model.draft(state, spread(1), { cache: module })),
      two: () => read(() => model.forward(spread(2), { cache: main })),
    };
    return await inTurns(rounds, parts, async () => [main, module].forEach((cache) => cache.truncate(text.length)));
  } finally {
    main.dispose();
    module.dispose();
    state.dispose();
  }
}

/**
 * The fastest time of each part, in milliseconds, of several rounds.
 *
 * @param rewind back to the text as it was, after each round
 */
async function inTurns<K extends string>(
  rounds: number,
  parts: Record<K, () => Promise<unknown>>,
  rewind: () => Promise<void>,
): Promise<Record<K, number>> {
  const names = Object.keys(parts) as K[];
  const fastest = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<K, number>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const begin = performance.now();
      await parts[name]();
      if (round > 0) fastest[name] = Math.min(fastest[name], performance.now() - begin); // the first is warming up
    }
    await rewind();
    await new Promise<void>((resolve) => setImmediate(resolve)); // lets signals in
  }
  return fastest;
}
