/**
 * Speculative decoding with the multi-token prediction module as the draft (the report, section 5.4.3): the module
 * guesses one token further, and the main model verifies guess and next token in one pass over both. A guess that holds
 * makes two tokens of one pass.
 *
 * What is written is exactly what the main model alone would write. A draft d, drawn from the module's distribution q,
 * is accepted with probability min(1, p(d) / q(d)), where p is the main model's; otherwise the token is drawn from the
 * residual, max(0, p − q) made to sum to 1 (Leviathan et al. 2023; Chen et al. 2023). At temperature 0 that is:
 * accepted if the main model says the same.
 */
import type { DeepSeekV3 } from "../model/model";
import { Random } from "../tensor/random";
import {
  checkDecode,
  Clock,
  decoding,
  feedPrompt,
  withEngine,
  type DecodedToken,
  type DecodeOptions,
  type DecodeStats,
  type Decoding,
} from "./decode";
import type { Engine } from "./engine";
import { distribution, draw } from "./sampling";

/**
 * What a rejected draft is replaced from: max(0, p_v − q_v), divided by its sum.
 *
 * @param p the main model's distribution [V]
 * @param q the draft's [V]
 * @returns [V]; p itself where the two are equal, since nothing is ever rejected then
 */
export function residual(p: ArrayLike<number>, q: ArrayLike<number>): Float64Array {
  const left = Float64Array.from(p, (value, v) => Math.max(0, value - q[v]));
  const sum = left.reduce((total, value) => total + value, 0);
  return sum === 0 ? Float64Array.from(p) : left.map((value) => value / sum);
}

/**
 * Verifies one draft.
 *
 * @param p what the main model predicts [V]
 * @param q what the draft was drawn from [V]
 * @param draft the drafted token
 * @returns whether it is accepted, and the token: itself, or one from the residual
 */
export function verify(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  draft: number,
  random: Random,
): { accepted: boolean; id: number } {
  if (p[draft] >= q[draft] || random.uniform() * q[draft] < p[draft]) return { accepted: true, id: draft };
  return { accepted: false, id: draw(residual(p, q), random) };
}

/**
 * Writes on, one or two tokens a step, with the same distribution as decode.
 *
 * @throws as decode, and if the model has no multi-token prediction module
 */
export function decodeSpeculatively(model: DeepSeekV3, prompt: number[], options: DecodeOptions): Decoding {
  checkDecode(model, [prompt], options);
  if (model.weights.mtp.length === 0) {
    throw new Error("this model has no multi-token prediction module, so it cannot speculate");
  }
  return decoding((stats) =>
    withEngine(model, { ...options, drafts: true }, (engine) => writeSpeculatively(engine, prompt, options, stats)),
  );
}

/** Writes on with an engine that is empty and was opened for drafts; the engine stays open. */
export async function* writeSpeculatively(
  engine: Engine,
  prompt: number[],
  options: DecodeOptions,
  stats: DecodeStats,
): AsyncGenerator<DecodedToken, void, undefined> {
  const random = new Random(options.seed ?? 1);
  const clock = new Clock(stats, options.signal);
  const probabilitiesOf = options.parts?.distribution ?? distribution;
  const isOver = (id: number) => id === options.stop || stats.tokens === options.tokens;
  const give = async function* (token: DecodedToken) {
    stats.tokens++;
    clock.tick();
    yield token;
    await clock.breathe();
  };
  try {
    const by = (who: string) => `step ${stats.tokens + 1}: ${who}`;
    const first = probabilitiesOf(await feedPrompt(engine, prompt, clock), options, by("the model"));
    clock.promptIsRead();
    let newest = draw(first, random);
    if (isOver(newest)) return;
    yield* give({ id: newest, probability: first[newest] });
    // The tokens behind the states that the module has not seen: it is one token ahead of them.
    let unseen = [...prompt.slice(1), newest];

    while (!isOver(newest)) {
      const q = probabilitiesOf(await engine.draft(unseen), options, by("the multi-token prediction module"));
      const drafted = draw(q, random);
      const [after, afterDraft] = await engine.feed([newest, drafted]);
      stats.steps++;
      const p = probabilitiesOf(after, options, by("the model"));
      const { accepted, id } = verify(p, q, drafted, random);
      stats.drafted++;
      if (accepted) stats.accepted++;
      else engine.truncate(engine.length - 1); // the main model's cache forgets the draft

      newest = id;
      if (isOver(newest)) return;
      const draft = { id: drafted, drafted: q[drafted], verified: p[drafted], accepted };
      yield* give({ id, probability: p[id], draft });
      unseen = [newest];
      if (!accepted || isOver(newest)) continue;

      const then = probabilitiesOf(afterDraft, options, by("the model")); // the pass went over the draft, so it also says what follows
      newest = draw(then, random);
      if (isOver(newest)) return;
      yield* give({ id: newest, probability: then[newest] });
      unseen.push(newest);
    }
  } finally {
    clock.tick();
  }
}
