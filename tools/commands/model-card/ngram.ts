/**
 * What can be known of the next byte from the last few alone: statistics of byte sequences, the measure that a trained
 * model has to beat. An order-n model predicts a byte from the n before it, by counting what followed them in the
 * training text.
 *
 * Long contexts are rare, so their counts are mixed with those of shorter ones, by the rule of Witten and Bell (1991,
 * method C): a context after which many different bytes came is trusted less.
 *
 *     P_n(w | c) = (count(c w) + distinct(c) · P_{n−1}(w | c′)) / (count(c) + distinct(c))
 *
 * with c′ the context without its first byte, and P_{−1} = 1 / 257: any byte, or the mark of a new document.
 */
import { BEGIN_OF_DOCUMENT } from "../../../lib/corpus/bytes";

const SYMBOLS = BEGIN_OF_DOCUMENT + 1;

/** How often something followed a context, and how many different ones. */
interface ContextCounts {
  count: number;
  distinct: number;
}

export class ByteStatistics {
  /** For each order: sequences of order + 1 tokens, by their key, and how often they came. */
  private readonly sequences: Map<number, number>[];
  /** For each order: the contexts of `order` tokens. */
  private readonly contexts: Map<number, ContextCounts>[];

  /**
   * Counts a text.
   *
   * @param text token ids, each at most 256
   * @param order tokens of context, 0 to 5: a key of six tokens is still an exact number
   * @throws if the order is another
   */
  constructor(
    text: ArrayLike<number>,
    readonly order: number,
  ) {
    if (!Number.isInteger(order) || order < 0 || order > 5) {
      throw new Error(`ByteStatistics: the order is ${order}; it must be a whole number from 0 to 5`);
    }
    const orders = Array.from({ length: order + 1 }, (_, n) => n);
    this.sequences = orders.map((n) => countSequences(text, n + 1));
    this.contexts = this.sequences.map(countContexts);
  }

  /**
   * The probability of a token after others, at most `order` of which are looked at.
   *
   * @param context tokens before it, the nearest last; may be shorter than the order
   */
  probability(token: number, context: ArrayLike<number>): number {
    let p = 1 / SYMBOLS;
    let key = 0; // of the last n tokens
    for (let n = 0; n <= Math.min(this.order, context.length); n++) {
      if (n > 0) key += context[context.length - n] * SYMBOLS ** (n - 1);
      const seen = this.contexts[n].get(key);
      if (seen === undefined) break; // then no longer context was seen either
      const count = this.sequences[n].get(key * SYMBOLS + token) ?? 0;
      p = (count + seen.distinct * p) / (seen.count + seen.distinct);
    }
    return p;
  }

  /**
   * Mean surprise at the tokens of some windows, each but the first predicted from those before it in its window: what
   * a model that sees no more than the window can be compared with.
   *
   * @param windows token ids [count][T + 1]
   * @returns −log2 P a token, over count · T tokens
   */
  bitsPerByte(windows: ArrayLike<number>[]): number {
    let [bits, tokens] = [0, 0];
    for (const window of windows) {
      const ids = Array.from(window);
      for (let t = 1; t < ids.length; t++) {
        bits -= Math.log2(this.probability(ids[t], ids.slice(Math.max(0, t - this.order), t)));
        tokens++;
      }
    }
    return bits / tokens;
  }
}

/** Every run of `length` tokens, as a number in base 257, and how often it comes. */
function countSequences(text: ArrayLike<number>, length: number): Map<number, number> {
  const counts = new Map<number, number>();
  const top = SYMBOLS ** (length - 1);
  let key = 0;
  for (let i = 0; i < text.length; i++) {
    key = (key % top) * SYMBOLS + text[i];
    if (i >= length - 1) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function countContexts(sequences: Map<number, number>): Map<number, ContextCounts> {
  const contexts = new Map<number, ContextCounts>();
  for (const [key, count] of sequences) {
    const context = Math.floor(key / SYMBOLS);
    const seen = contexts.get(context);
    if (seen === undefined) contexts.set(context, { count, distinct: 1 });
    else {
      seen.count += count;
      seen.distinct++;
    }
  }
  return contexts;
}
