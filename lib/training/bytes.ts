/**
 * Bytes as tokens: byte value b is token id b, and a few special tokens follow from 256 on.
 *
 * Nothing has to be trained or shipped for it, every text can be written, and embedding and head stay a small part of a
 * small model. DeepSeek-V3 has a byte-level BPE with a vocabulary of 128K (the report, section 4.1): one of its tokens
 * is some four bytes of English, so the same text takes a quarter of the tokens, and of the work. With width 256 such a
 * vocabulary alone would be 66 million parameters, six times our whole model.
 */

/** Comes before each document. */
export const BEGIN_OF_DOCUMENT = 256;

/** 256 bytes, the mark above, and three ids in reserve: GPU products like a width that is a multiple of four. */
export const VOCAB_SIZE = 260;

/** The UTF-8 bytes of a text. */
export function encode(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** The text of some ids; special tokens are left out, and bytes that are not UTF-8 become U+FFFD. */
export function decode(ids: ArrayLike<number>): string {
  const bytes = Array.from(ids).filter((id) => id < BEGIN_OF_DOCUMENT);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
