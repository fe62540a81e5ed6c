/**
 * Writing on: a prompt goes in, tokens come out one by one, each drawn from what the model predicts and fed back in.
 * The past is kept as latents, so a token costs one pass of one token, however long the text is.
 */
import { host } from "../host";
import type { DeepSeekV3 } from "../model/model";
import { LIB_PARTS, type ModelParts } from "../model/parts";
import { Random } from "../tensor/random";
import type { Engine } from "./engine";
import { openEngine, type EngineOptions } from "./choose-engine";
import { checkSampling, distribution, draw, type SamplingOptions } from "./sampling";

/** The functions that text is written with: the model's, and the one that makes probabilities of logits. */
export interface DecodingParts extends ModelParts {
  /** Logits [V] → probabilities [V], with the temperature, and top-p where it is given. */
  distribution: (logits: ArrayLike<number>, options: SamplingOptions, of?: string) => ArrayLike<number>;
}

/** Lib's own, which are used wherever no other is given. */
export const LIB_DECODING_PARTS: DecodingParts = { ...LIB_PARTS, distribution };

export interface DecodeOptions extends SamplingOptions, Pick<EngineOptions, "engine"> {
  /** How many tokens to write. */
  tokens: number;
  /** Where the random numbers start; 1 where left out. */
  seed?: number;
  /** A token that ends the text; it is not given out. */
  stop?: number;
  /** Ends the writing, with an error, as soon as it is aborted. */
  signal?: AbortSignal;
  /** Functions that stand in the place of lib's own. */
  parts?: Partial<DecodingParts>;
}

export interface DecodedToken {
  id: number;
  /** The probability with which the main model gave it, after temperature, top-k and top-p. */
  probability: number;
  /** In speculative decoding, what became of the draft for this place; absent where there was none. */
  draft?: {
    id: number;
    /** The draft's probability by the module, and by the main model. */
    drafted: number;
    verified: number;
    accepted: boolean;
  };
}

export interface DecodeStats {
  /** Tokens written. */
  tokens: number;
  /** Passes of the main model, without the one over the prompt. */
  steps: number;
  /** Drafts verified, and those of them that were accepted. */
  drafted: number;
  accepted: number;
  /** Time for the prompt, and for the writing. */
  promptSeconds: number;
  seconds: number;
}

/** Loop over it with `for await`. */
export interface Decoding extends AsyncIterable<DecodedToken> {
  /** Grows as the tokens come. */
  readonly stats: DecodeStats;
}

/**
 * Writes on, a token a step.
 *
 * @param prompt token ids, at least one
 * @throws if an option is out of its range, or prompt and tokens need more positions than the model has
 */
export function decode(model: DeepSeekV3, prompt: number[], options: DecodeOptions): Decoding {
  checkDecode(model, [prompt], options);
  return decoding((stats) => withEngine(model, options, (engine) => writePlainly(engine, prompt, options, stats)));
}

/** Writes on with an engine that is empty; the engine stays open. */
async function* writePlainly(
  engine: Engine,
  prompt: number[],
  options: DecodeOptions,
  stats: DecodeStats,
): AsyncGenerator<DecodedToken, void, undefined> {
  const random = new Random(options.seed ?? 1);
  const clock = new Clock(stats, options.signal);
  const probabilitiesOf = options.parts?.distribution ?? distribution;
  try {
    let logits = await feedPrompt(engine, prompt, clock);
    clock.promptIsRead();
    while (stats.tokens < options.tokens) {
      const probabilities = probabilitiesOf(logits, options, `step ${stats.tokens + 1}: the model`);
      const id = draw(probabilities, random);
      if (id === options.stop) return;
      stats.tokens++;
      clock.tick();
      yield { id, probability: probabilities[id] };
      await clock.breathe();
      if (stats.tokens === options.tokens) return;
      [logits] = await engine.feed([id]);
      stats.steps++;
    }
  } finally {
    clock.tick();
  }
}

/** A text that is written as it is looped over; every loop begins anew. */
export function decoding(write: (stats: DecodeStats) => AsyncGenerator<DecodedToken, void, undefined>): Decoding {
  const stats = { tokens: 0, steps: 0, drafted: 0, accepted: 0, promptSeconds: 0, seconds: 0 };
  const begin = () => {
    for (const key of Object.keys(stats) as (keyof DecodeStats)[]) stats[key] = 0;
    return write(stats);
  };
  return { stats, [Symbol.asyncIterator]: begin };
}

/** Opens an engine, and closes it when the writing ends, however it ends. */
export async function* withEngine(
  model: DeepSeekV3,
  options: EngineOptions,
  write: (engine: Engine) => AsyncGenerator<DecodedToken, void, undefined>,
): AsyncGenerator<DecodedToken, void, undefined> {
  const engine = openEngine(model, options);
  try {
    yield* write(engine);
  } finally {
    engine.dispose();
  }
}

/** Feeds a prompt in pieces, so that a long one can be interrupted. @returns the logits after its last token */
export async function feedPrompt(engine: Engine, prompt: number[], clock: Clock): Promise<Float32Array> {
  const PIECE = 64;
  let last: Float32Array = new Float32Array();
  for (let at = 0; at < prompt.length; at += PIECE) {
    last = (await engine.feed(prompt.slice(at, at + PIECE))).pop()!;
    await clock.breathe();
  }
  return last;
}

/** Keeps the times of the stats, and lets the process hear signals now and then. */
export class Clock {
  private begin = performance.now();
  private breathed = this.begin;
  private reading = true;

  constructor(
    private readonly stats: DecodeStats,
    private readonly signal: AbortSignal | undefined,
  ) {}

  promptIsRead(): void {
    this.tick();
    this.begin = performance.now();
    this.reading = false;
  }

  tick(): void {
    const seconds = (performance.now() - this.begin) / 1000;
    if (this.reading) this.stats.promptSeconds = seconds;
    else this.stats.seconds = seconds;
  }

  /** @throws if the signal is aborted */
  async breathe(): Promise<void> {
    if (performance.now() - this.breathed > 20) {
      await host.nextTurn();
      this.breathed = performance.now();
    }
    this.signal?.throwIfAborted();
  }
}

/** @throws as decode says */
export function checkDecode(model: DeepSeekV3, prompts: number[][], options: DecodeOptions): void {
  checkSampling(options);
  const { tokens, seed = 1 } = options;
  if (!Number.isInteger(tokens) || tokens < 1) {
    throw new Error(`tokens is ${tokens}; it must be a whole number, 1 or more`);
  }
  if (!Number.isInteger(seed)) throw new Error(`seed is ${seed}; it must be a whole number`);
  if (seed < -(2 ** 31) || seed >= 2 ** 32) {
    throw new Error(`seed is ${seed}; it must be from ${-(2 ** 31)} to ${2 ** 32 - 1}`);
  }
  if (prompts.length === 0 || prompts.some((prompt) => prompt.length === 0)) {
    throw new Error("the prompt is empty; it needs at least one token");
  }
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const { maxPositionEmbeddings: positions } = model.config;
  if (longest + tokens > positions) {
    const room = positions - longest;
    throw new Error(
      `the model has ${positions} positions, and the prompt takes ${longest} of them: ` +
        (room > 0 ? `${tokens} tokens are too many, ${room} fit` : "nothing can follow it"),
    );
  }
}
