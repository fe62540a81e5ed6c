/** Written tokens as characters, where bytes are the tokens: what became of the drafts, by kind of character. */
import type { DecodedToken } from "../../inference/decode";

/** What a draft became, or that there was none: the main model's own token. */
export type Origin = "accepted" | "replaced" | "own";

export interface WrittenCharacter {
  text: string;
  /** Its bytes. */
  tokens: DecodedToken[];
}

/** A token is "replaced" if it stands where a draft was rejected. */
export function originOf({ draft }: DecodedToken): Origin {
  return draft === undefined ? "own" : draft.accepted ? "accepted" : "replaced";
}

/** Tokens as characters: the bytes of one character come together, and what is no byte is left out. */
export function charactersOf(tokens: readonly DecodedToken[]): WrittenCharacter[] {
  const decoder = new TextDecoder();
  const characters: WrittenCharacter[] = [];
  let open: DecodedToken[] = [];
  for (const token of tokens.filter(({ id }) => id < 256)) {
    open.push(token);
    const text = decoder.decode(Uint8Array.of(token.id), { stream: true });
    if (text === "") continue;
    characters.push({ text, tokens: open });
    open = [];
  }
  return characters;
}

export const CHARACTER_KINDS = ["first letter of a word", "letter within a word", "space", "digit", "other sign"] as const;
export type CharacterKind = (typeof CHARACTER_KINDS)[number];

/** The kind of a character, given the one before it. */
export function kindOf(character: string, before: string): CharacterKind {
  if (/^\s/.test(character)) return "space";
  if (/^\p{L}/u.test(character)) return /\p{L}$/u.test(before) ? "letter within a word" : "first letter of a word";
  return /^\p{N}/u.test(character) ? "digit" : "other sign";
}

/**
 * Drafts verified and accepted, by the kind of the character that the text then got.
 *
 * @param before the text that the tokens follow
 */
export function acceptanceByKind(
  tokens: readonly DecodedToken[],
  before: string,
): Record<CharacterKind, { drafted: number; accepted: number }> {
  const counts = Object.fromEntries(CHARACTER_KINDS.map((kind) => [kind, { drafted: 0, accepted: 0 }])) as ReturnType<
    typeof acceptanceByKind
  >;
  let previous = before;
  for (const { text, tokens: bytes } of charactersOf(tokens)) {
    const count = counts[kindOf(text, previous)];
    for (const { draft } of bytes) {
      if (draft === undefined) continue;
      count.drafted++;
      if (draft.accepted) count.accepted++;
    }
    previous = text;
  }
  return counts;
}
