/**
 * Bytes as tokens: byte value b is token id b, and a few special tokens follow from 256 on.
 *
 * No tokenizer has to be trained or shipped, every text can be written, and embedding and head stay a small part of a
 * small model. DeepSeek-V3 has a byte-level BPE with a vocabulary of 128K (the report, section 4.1): one of its tokens
 * is about four bytes of English, so a text takes a quarter of the tokens, and of the work. At width 256 such a
 * vocabulary alone would be 66 million parameters, six times our whole model.
 */

/** Comes before each document. */
export const BEGIN_OF_DOCUMENT = 256;

/** 256 bytes, the mark above and three spare ids: GPU products like a width that is a multiple of four. */
export const VOCAB_SIZE = 260;

/** The UTF-8 bytes of a text. */
export function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** The text of some ids; special tokens are left out, and bytes that are not UTF-8 become U+FFFD. */
export function textOf(ids: ArrayLike<number>): string {
  const bytes = Array.from(ids).filter((id) => id < BEGIN_OF_DOCUMENT);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/**
 * The characters of some ids, each with the position of its first byte. Special tokens are left out, and so is a part
 * of a character: a window may begin or end within one.
 */
export function characters(ids: ArrayLike<number>): { text: string; at: number }[] {
  const found: { text: string; at: number }[] = [];
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at];
    const bytes = id < 0x80 ? 1 : id < 0xc0 || id >= BEGIN_OF_DOCUMENT ? 0 : id < 0xe0 ? 2 : id < 0xf0 ? 3 : 4;
    const text = textOf(Array.from({ length: Math.min(bytes, ids.length - at) }, (_, i) => ids[at + i]));
    if (bytes > 0 && !text.includes("\ufffd")) found.push({ text, at });
  }
  return found;
}
