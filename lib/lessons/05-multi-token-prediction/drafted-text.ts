/** Text written with drafts, character by character (a token is a byte), and what became of the drafts. */
import type { DecodedToken } from "../../inference/decode";

/** Where a token comes from: an accepted draft, the main model after it rejected a draft, or the main model alone. */
export type Origin = "accepted" | "replaced" | "own";

export interface WrittenCharacter {
  text: string;
  /** Its bytes. */
  tokens: DecodedToken[];
}

/** The origin of a token. */
export function originOf({ draft }: DecodedToken): Origin {
  return draft === undefined ? "own" : draft.accepted ? "accepted" : "replaced";
}

/** Tokens as characters: the bytes of a character are put together, tokens that are no bytes left out. */
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

export const CHARACTER_KINDS = [
  "first letter of a word",
  "letter within a word",
  "space",
  "digit",
  "other sign",
] as const;
export type CharacterKind = (typeof CHARACTER_KINDS)[number];

/** The kind of a character, given the one before it. */
export function characterKind(character: string, before: string): CharacterKind {
  if (/^\s/.test(character)) return "space";
  if (/^\p{L}/u.test(character)) return /\p{L}$/u.test(before) ? "letter within a word" : "first letter of a word";
  return /^\p{N}/u.test(character) ? "digit" : "other sign";
}

/**
 * How many drafts were verified and how many accepted, by the kind of character that was written in their place.
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
    const count = counts[characterKind(text, previous)];
    for (const { draft } of bytes) {
      if (draft === undefined) continue;
      count.drafted++;
      if (draft.accepted) count.accepted++;
    }
    previous = text;
  }
  return counts;
}
