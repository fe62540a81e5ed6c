/**
 * How long the parts of a speculative step take on this machine: feeding one token, feeding a token and its draft,
 * drafting. Their ratios decide whether speculation pays. Each time is the fastest of several rounds, since anything
 * else that the machine does can only add time.
 */
import { host } from "../../host";
import * as tf from "@tensorflow/tfjs";
import { LatentCache } from "../../model/latent-cache";
import type { DeepSeekV3 } from "../../model/model";
import { openEngine, type EngineOptions } from "../../inference/choose-engine";

/** Milliseconds of the parts of a step. */
export interface SpeculationTimes {
  /** The main model's pass over one token, and over two. */
  one: number;
  two: number;
  /** The multi-token prediction module's pass over one token. */
  draft: number;
}

/** An engine's times. Its module also has to read the tokens that were accepted. */
export interface EngineTimes extends SpeculationTimes {
  /** The module's pass over two tokens: a draft after one that was accepted. */
  draftTwo: number;
}

/** Of plain steps, and of steps with drafts, so many in a row. */
const IN_A_ROW = 4;

/**
 * Times of an engine after some text. Steps go as they do when it writes, some in a row, those with drafts in an engine of
 * their own: what a step leaves in the processor's caches, the next one has. Each feeds other tokens: the experts of a token
 * that is fed again and again would stay there.
 *
 * @param text token ids that are fed first
 * @param rounds measurements of each part
 */
export async function engineTimes(
  model: DeepSeekV3,
  engine: EngineOptions["engine"],
  { text, rounds }: { text: number[]; rounds: number },
): Promise<EngineTimes> {
  const [plain, drafting] = [false, true].map((drafts) => openEngine(model, { engine, drafts }));
  let drawn = 0;
  const next = (count: number) => Array.from({ length: count }, () => text[drawn++ % text.length]);
  try {
    await plain.feed(text);
    await drafting.feed(text);
    await drafting.draft([...text.slice(1), ...next(1)]);
    const parts = {
      one: () => plain.feed(next(1)),
      two: () => drafting.feed(next(2)),
      draftTwo: () => drafting.draft(next(2)),
      draft: () => {
        drafting.truncate(drafting.length - 1); // the draft before was not accepted
        return drafting.draft(next(1));
      },
    };
    const steps = Array.from({ length: IN_A_ROW / 2 }, () => ["two", "draftTwo", "two", "draft"] as const).flat();
    const order = [...Array.from({ length: IN_A_ROW }, () => "one" as const), ...steps];
    return await inTurns(rounds, parts, order, async () =>
      [plain, drafting].forEach((opened) => opened.truncate(text.length)),
    );
  } finally {
    plain.dispose();
    drafting.dispose();
  }
}

/**
 * The same for several texts at once, by the model's own passes with a cache.
 *
 * @param batch number of texts
 * @param text token ids that are fed first, the same for every text
 * @param rounds measurements of each part
 */
export async function batchTimes(
  model: DeepSeekV3,
  batch: number,
  { text, rounds }: { text: number[]; rounds: number },
): Promise<SpeculationTimes> {
  const [main, module] = [new LatentCache(), new LatentCache()];
  const rows = (ids: number[]) => Array.from({ length: batch }, () => ids);
  const read = async (compute: () => tf.Tensor) => {
    const result = tf.tidy(compute);
    await result.data();
    result.dispose();
  };
  // Each text gets other tokens: equal ones would share their experts.
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
    return await inTurns(rounds, parts, ["one", "draft", "two"], async () =>
      [main, module].forEach((cache) => cache.truncate(text.length)),
    );
  } finally {
    main.dispose();
    module.dispose();
    state.dispose();
  }
}

/**
 * The fastest time of each part over several rounds, in milliseconds.
 *
 * @param order of the parts in a round
 * @param rewind goes back to the text as it was, after each round
 */
async function inTurns<K extends string>(
  rounds: number,
  parts: Record<K, () => Promise<unknown>>,
  order: readonly K[],
  rewind: () => Promise<void>,
): Promise<Record<K, number>> {
  const names = Object.keys(parts) as K[];
  const fastest = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<K, number>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of order) {
      const begin = performance.now();
      await parts[name]();
      if (round > 0) fastest[name] = Math.min(fastest[name], performance.now() - begin); // round 0 warms up
    }
    await rewind();
    await host.nextTurn(); // an interrupt can come through here
  }
  return fastest;
}
