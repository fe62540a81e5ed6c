/**
 * The claims of the popular account: data/claims.json. A claim has its text, close enough to the account's to recognise the
 * sentence, the numbers that it states, the lesson that treats it, and the sources that decide on it. What is true of it is
 * computed (audit.ts). Beside the claims stands what was published later.
 */
import type { Confidence, Fact } from "../economics/facts";
import { readFresh } from "../economics/json-file";

export const TOPICS = [
  "quality",
  "cost",
  "mixture of experts",
  "balancing",
  "attention",
  "FP8",
  "multi-token prediction",
  "CUDA",
  "data",
  "access",
  "openness",
] as const;
export type Topic = (typeof TOPICS)[number];

export interface Claim {
  id: string;
  topic: Topic;
  /** Number of the lesson that treats it: "07". */
  lesson: string;
  /** One sentence, in which a reader of the account recognises one of its own. */
  claim: string;
  sources: { source: string; where: string }[];
  /** The numbers that it states, in base units. */
  figures?: Record<string, number>;
  /** Numbers from outside that decide on this claim alone. */
  facts?: Record<string, Omit<Fact, "title" | "url">>;
}

/** Something that was published after the account, and what it does to verdicts. */
export interface Later {
  /** Year and month: "2025-09". */
  when: string;
  what: string;
  /** Ids of the claims that it bears on. */
  claims: string[];
  effect: "stands" | "weaker" | "turned";
  /** Numbers that rules look at, as they stood before it: only where it turned a verdict. */
  before?: Record<string, number>;
  source: string;
  where: string;
  confidence: Confidence;
}

export interface ClaimFile {
  about: string;
  sources: Record<string, { title: string; url: string }>;
  claims: Claim[];
  later: Later[];
}

/** The claims, from the project's root, where the kernel, the tests and the tools all start. */
export function readClaims(): ClaimFile {
  return readFresh<ClaimFile>("data/claims.json");
}

/** One claim. @throws if there is none of that id */
export function findClaim(id: string, { claims }: ClaimFile = readClaims()): Claim {
  const found = claims.find((claim) => claim.id === id);
  if (found === undefined) throw new Error(`no claim "${id}" in data/claims.json`);
  return found;
}

/** A number that a claim states. @throws if it states none of that name */
export function claimed(id: string, figure: string): number {
  const value = findClaim(id).figures?.[figure];
  if (value === undefined) throw new Error(`the claim ${id} states no "${figure}"`);
  return value;
}

/** A number from outside that decides on a claim. @throws if there is none of that name */
export function claimFact(id: string, key: string): number {
  const fact = findClaim(id).facts?.[key];
  if (fact === undefined) throw new Error(`the claim ${id} has no fact "${key}"`);
  return fact.value;
}

/** The sources that decide on a claim in words: "DeepSeek-V3 Technical Report, table 1; …". */
export function sourcesOf(claim: Claim, { sources }: ClaimFile = readClaims()): string {
  return claim.sources.map(({ source, where }) => `${sources[source].title}, ${where}`).join("; ");
}
