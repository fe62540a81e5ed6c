import { describe, expect, it } from "vitest";
import type { DecodedToken } from "../../../lib/inference/decode";
import {
  acceptanceByKind,
  characterKind,
  charactersOf,
  originOf,
} from "../../../lib/lessons/05-multi-token-prediction/drafted-text";
import { bytesOf } from "../../../lib/corpus/bytes";

/** Tokens of a text; of those at `accepted` and `rejected` there was a draft. */
function written(text: string, accepted: number[] = [], rejected: number[] = []): DecodedToken[] {
  return bytesOf(text).map((id, i) => {
    const isAccepted = accepted.includes(i);
    if (!isAccepted && !rejected.includes(i)) return { id, probability: 0.5 };
    const draft = { id: isAccepted ? id : 0, drafted: 0.5, verified: 0.5, accepted: isAccepted };
    return { id, probability: 0.5, draft };
  });
}

describe("written tokens", () => {
  it("tell where they come from", () => {
    expect(written("abc", [0], [1]).map(originOf)).toEqual(["accepted", "replaced", "own"]);
  });

  it("become characters, the bytes of one together", () => {
    const characters = charactersOf([...written("aü€"), { id: 256, probability: 1 }, ...written("!")]);
    expect(characters.map(({ text, tokens }) => [text, tokens.length])).toEqual([
      ["a", 1],
      ["ü", 2],
      ["€", 3],
      ["!", 1],
    ]);
  });

  it.each([
    ["a", " ", "first letter of a word"],
    ["ü", "m", "letter within a word"],
    ["a", "'", "first letter of a word"],
    ["7", "x", "digit"],
    ["\n", "x", "space"],
    [".", "x", "other sign"],
  ])("%o after %o is a %s", (character, before, kind) => {
    expect(characterKind(character, before)).toBe(kind);
  });

  it("count drafts by kind, every byte of a character", () => {
    const counts = acceptanceByKind(written("n ü7", [0, 2, 4], [1, 3]), "i");
    expect(counts["letter within a word"]).toEqual({ drafted: 1, accepted: 1 });
    expect(counts.space).toEqual({ drafted: 1, accepted: 0 });
    expect(counts["first letter of a word"]).toEqual({ drafted: 2, accepted: 1 });
    expect(counts.digit).toEqual({ drafted: 1, accepted: 1 });
    expect(counts["other sign"]).toEqual({ drafted: 0, accepted: 0 });
  });
});
