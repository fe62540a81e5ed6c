/**
 * What decoding needs of a model: to be fed tokens of one text after the other, to say what comes next, to guess one
 * token further, and to forget what was fed last. Two ways to do it with equal results:
 * - "tensor" calls the model with a latent cache, absorbed; it works on every backend;
 * - "wasm" takes a few tokens at a time through the unrolled model of wasm-engine/, on wasm only.
 */

export interface Engine {
  /** Tokens fed so far. */
  readonly length: number;

  /**
   * Appends tokens to the text.
   *
   * @returns for each of them the logits [V] of the token that follows it
   */
  feed(ids: number[]): Promise<Float32Array[]>;

  /**
   * The multi-token prediction module's turn (DeepSeek-V3's report, section 2.2). It goes through the states of all fed
   * tokens that it has not seen yet.
   *
   * @param next the tokens that follow those: as many
   * @returns the logits [V] of the token after the last of `next`
   * @throws if there are not as many, or the engine was opened without drafts
   */
  draft(next: number[]): Promise<Float32Array>;

  /** Forgets all but the first tokens, in the module's cache too. */
  truncate(length: number): void;

  dispose(): void;
}

/** @throws as Engine.draft says */
export function checkDraft(pending: number | null, next: number[]): void {
  if (pending === null) throw new Error("draft: the engine was opened without drafts");
  if (pending === 0 || next.length !== pending) {
    throw new Error(`draft: ${pending} states wait for the tokens that follow them; got ${next.length} tokens`);
  }
}

/** @throws if the model does not know one of the ids, or there are none */
export function checkTokens(ids: number[], vocabSize: number): void {
  if (ids.length === 0) throw new Error("feed: give at least one token");
  const odd = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (odd !== undefined) throw new Error(`${odd} is not a token id; the vocabulary has ids 0 to ${vocabSize - 1}`);
}
