/**
 * What the parts of a speculative step take on this machine: feeding one token, feeding a token and its draft, drafting.
 * Their ratios decide whether speculation pays. The fastest of several, taken in turns: what else the machine is doing
 * only ever adds time.
 */
import * as tf from "@tensorflow/tfjs";
import { LatentCache } from "../model/cache";
import type { DeepSeekV3 } from "../model/model";
import { openEngine, type EngineOptions } from "./open-engine";

export interface StepTimes {
  /** Milliseconds of a pass over one token, and over two. */
  one: number;
  two: number;
  /** Of the multi-token prediction module for one token. */
  draft: number;
}

/**
 * Times of an engine, after some text.
 *
 * @param text token ids that are fed before
 * @param rounds measurements of each
 */
export async function engineTimes(
  model: DeepSeekV3,
  engine: EngineOptions["engine"],
  { text, rounds }: { text: number[]; rounds: number },
): Promise<StepTimes> {
  const opened = openEngine(model, { engine, drafts: true });
  const [id] = text;
  try {
    await opened.feed(text);
    await opened.draft([...text.slice(1), id]);
    return await inTurns(rounds, {
      one: () => opened.feed([id]),
      draft: () => opened.draft([id]),
      two: () => opened.feed([id, id]),
      rewind: async () => opened.truncate(text.length),
    });
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
    return await inTurns(rounds, {
      one: () => read(() => model.forward(spread(1), { cache: main })),
      draft: () => read(() => model.draft(state, spread(1), { cache: module })),
      two: () => read(() => model.forward(spread(2), { cache: main })),
      rewind: async () => [main, module].forEach((cache) => cache.truncate(text.length)),
    });
  } finally {
    main.dispose();
    module.dispose();
    state.dispose();
  }
}

interface Measured {
  one: () => Promise<unknown>;
  draft: () => Promise<unknown>;
  two: () => Promise<unknown>;
  /** Back to the text as it was. */
  rewind: () => Promise<void>;
}

async function inTurns(rounds: number, { one, draft, two, rewind }: Measured): Promise<StepTimes> {
  const parts = { one, draft, two };
  const times = { one: [] as number[], draft: [] as number[], two: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    for (const name of ["one", "draft", "two"] as const) {
      const begin = performance.now();
      await parts[name]();
      if (round > 0) times[name].push(performance.now() - begin); // the first is warming up
    }
    await rewind();
    await new Promise<void>((resolve) => setImmediate(resolve)); // lets signals in
  }
  return { one: Math.min(...times.one), two: Math.min(...times.two), draft: Math.min(...times.draft) };
}
