/**
 * Finding a test in the training text. The usual detector looks for n-grams of words that both have (GPT-3 took 13
 * words: Brown et al., 2020, appendix C). It is cheap and finds copies, but not those in which every n-gram has a
 * changed word. The other side of the experiment is here too: texts that leak into a stream, and texts that were edited
 * first.
 */
import { Random } from "../../tensor/random";
import { BEGIN_OF_DOCUMENT } from "../../corpus/bytes";

/**
 * The words of a text as a detector compares them: letters and digits only, in lower case, so that two copies are equal
 * whatever their commas, line breaks and capitals.
 */
export function normalisedWords(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** The n-grams of words of some texts, in which those of other texts can be looked up. */
export class NgramIndex {
  private readonly ids = new Map<string, number>(); // a number for each word
  private readonly known = new Set<number>();

  /** @throws if n is not a whole number of at least 1 */
  constructor(readonly n: number) {
    if (!Number.isInteger(n) || n < 1) throw new Error(`NgramIndex: n must be a whole number from 1 on, got ${n}`);
  }

  /** How many different n-grams it holds. */
  get size(): number {
    return this.known.size;
  }

  /** Adds a text's n-grams. */
  add(text: string): this {
    for (const key of this.keys(text)) this.known.add(key);
    return this;
  }

  /** For each n-gram of a text, in order, whether it is known. Empty for a text of fewer than n words. */
  hits(text: string): boolean[] {
    return this.keys(text).map((key) => this.known.has(key));
  }

  /** The share of a text's n-grams that are known; 0 for a text of fewer than n words. */
  overlap(text: string): number {
    const hits = this.hits(text);
    return hits.length === 0 ? 0 : hits.filter(Boolean).length / hits.length;
  }

  /** N-grams as numbers of 52 bits, from two hashes: enough to keep millions of them apart. */
  private keys(text: string): number[] {
    const ids = normalisedWords(text).map((word) => this.idOf(word));
    return Array.from({ length: Math.max(0, ids.length - this.n + 1) }, (_, begin) => {
      let [a, b] = [17, 91];
      for (let i = begin; i < begin + this.n; i++) {
        a = Math.imul(a ^ ids[i], 0x9e3779b1);
        a ^= a >>> 15;
        b = Math.imul(b + ids[i], 0x85ebca6b);
        b ^= b >>> 13;
      }
      return (a >>> 6) * 2 ** 26 + (b >>> 6);
    });
  }

  private idOf(word: string): number {
    const known = this.ids.get(word);
    if (known !== undefined) return known;
    this.ids.set(word, this.ids.size + 1);
    return this.ids.size;
  }
}

/**
 * The share of n-grams that survive when each word is changed with a certain chance, independently: (1 − share)^n.
 *
 * @param share of the words that are changed, 0 to 1
 */
export function survivingNgrams(share: number, n: number): number {
  return (1 - share) ** n;
}

/**
 * A text with some of its words replaced by words of a list. What stands between words stays.
 *
 * @param share chance of each word to be replaced, 0 to 1
 * @param others words to draw from; a word is never replaced by itself
 */
export function editWords(text: string, share: number, others: string[], random: Random): string {
  return text.replace(/[\p{L}\p{N}]+/gu, (word) => {
    if (random.uniform() >= share) return word;
    const different = others.filter((other) => other.toLowerCase() !== word.toLowerCase());
    return different[random.integer(different.length)];
  });
}

/**
 * A stream into which a document leaked: copies of it, evenly spread between pieces of the stream, each after the mark
 * that begins a document.
 *
 * @param stream token ids
 * @param document token ids, without mark
 * @param share of the new stream that the copies make up, from 0 up to but not including 1
 * @throws if the share is not in this range
 */
export function leakInto(stream: Uint16Array, document: ArrayLike<number>, share: number): Uint16Array {
  if (!(share >= 0 && share < 1)) throw new Error(`leakInto: the share must be from 0 up to 1, got ${share}`);
  const marked = Uint16Array.from([BEGIN_OF_DOCUMENT, ...Array.from(document)]);
  const copies = Math.round((share * stream.length) / ((1 - share) * marked.length));
  const leaked = new Uint16Array(stream.length + copies * marked.length);
  let at = 0;
  for (let copy = 0; copy <= copies; copy++) {
    const bound = (i: number) => Math.round((i * stream.length) / (copies + 1));
    const piece = stream.subarray(bound(copy), bound(copy + 1));
    leaked.set(piece, at);
    at += piece.length;
    if (copy < copies) {
      leaked.set(marked, at);
      at += marked.length;
    }
  }
  return leaked;
}

/**
 * Windows that cover a text, each begun half a window after the one before, so that most tokens are predicted from at
 * least half a window of context.
 *
 * @param text token ids
 * @param length T, tokens from which the model predicts
 * @returns [count][T + 2]
 * @throws if the text is shorter than one window
 */
export function coveringWindows(text: ArrayLike<number>, length: number): number[][] {
  const size = length + 2;
  if (text.length < size) throw new Error(`coveringWindows: a window of ${size} tokens does not fit in ${text.length}`);
  const step = Math.max(1, Math.floor(length / 2));
  const begins = Array.from({ length: Math.floor((text.length - size) / step) + 1 }, (_, i) => i * step);
  const last = text.length - size;
  if (begins[begins.length - 1] !== last) begins.push(last);
  return begins.map((begin) => Array.from(text).slice(begin, begin + size));
}
