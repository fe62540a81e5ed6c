/**
 * A rule says what is true of a claim, as a function of facts: change a fact, and the verdict follows. So it can be
 * searched what would turn a verdict: hold everything else, move one number, and see where the answer changes.
 */
import type { Verdict } from "../notebook/verdicts";

/** When each verdict is given. The same words stand in lesson 11, and weigh() gives them. */
export const VERDICT_RULES: Record<Verdict, string> = {
  holds: "all that the claim says was found to be so",
  "holds with a condition":
    "it is so once something is added that the claim leaves out: a basis, a phase, an assumption",
  incomplete: "nothing in it is wrong, and what it leaves out changes the picture",
  "partly contradicted": "one part of it is right, and what was found disagrees with another",
  contradicted: "what was found disagrees, and no part that can be checked is right",
  "cannot be checked": "nobody has published or measured what would decide its point, or it is an opinion",
};

/** What was found of one part of a claim; "right if" needs a condition that the claim doesn't name. */
export type Part = "right" | "right if" | "wrong" | "open";

/**
 * The verdict on a claim, from what was found of its parts: the one place where findings become verdicts, so that the
 * same error gets the same verdict everywhere. A claim is no better than its weakest part; a right part is never lost.
 *
 * @param leavesOut whether what the claim does not mention changes the picture
 */
export function weigh(parts: readonly Part[], { leavesOut = false }: { leavesOut?: boolean } = {}): Verdict {
  const right = parts.some((part) => part === "right" || part === "right if");
  if (parts.includes("wrong")) return right ? "partly contradicted" : "contradicted";
  if (parts.includes("open")) return "cannot be checked";
  if (parts.includes("right if")) return "holds with a condition";
  return leavesOut ? "incomplete" : "holds";
}

/** Parts of a claim that gives a range ("6 to 8") for what is one number: that it lies there, and that it varies. */
export function oneOfRange(value: number, low: number, high: number): Part[] {
  if (value < low || value > high) return ["wrong"];
  return low === high ? ["right"] : ["right", "wrong"];
}

/** What a rule says. */
export interface Judgement {
  verdict: Verdict;
  /** What was computed, in one to three short sentences. */
  evidence: string;
}

/** The numbers that rules of a topic look at, by name. */
export type NamedNumbers = Record<string, number>;

/** A number that could turn a verdict, and how far it may be moved. */
export interface Assumption<F extends NamedNumbers> {
  key: keyof F & string;
  /** In words: "price of a GPU-hour". */
  name: string;
  /** "$", "experts"; "" for a pure number. */
  unit: string;
  low: number;
  high: number;
  /** Only whole numbers make sense. */
  whole?: boolean;
}

export interface Rule<F extends NamedNumbers> {
  id: string;
  judge: (facts: F) => Judgement;
  /** The number that would turn it or, if a source decides, what that source would have to say. */
  turns: Assumption<F> | string;
}

/** Rules that look at the same facts. */
export interface RuleSet<F extends NamedNumbers> {
  facts: () => F;
  rules: Rule<F>[];
}

/** Declares a rule set; the compiler checks that its rules look at its facts. */
export function ruleSet<F extends NamedNumbers>(facts: () => F, rules: Rule<F>[]): RuleSet<F> {
  return { facts, rules };
}

/** Where a verdict changes when one number is moved. */
export interface Turn {
  at: number;
  verdict: Verdict;
}

/** The nearest change on either side of a number; null if there is none up to the end of its range. */
export interface Turning {
  now: number;
  verdict: Verdict;
  below: Turn | null;
  above: Turn | null;
}

const STEPS = 200;

/**
 * Moves a number from where it stands down to its lowest and up to its highest value, and finds where the verdict first
 * changes. Steps are even on a logarithmic scale where the range allows it; a change between two steps is narrowed down
 * by halving. A verdict that changes and changes back within one step is missed. A number that stands outside of its range
 * is only moved towards it.
 *
 * @param verdictAt the verdict with the number at that value
 */
export function turning(
  verdictAt: (value: number) => Verdict,
  now: number,
  { low, high, whole = false }: { low: number; high: number; whole?: boolean },
): Turning {
  const verdict = verdictAt(now);
  return {
    now,
    verdict,
    below: search(verdictAt, now, Math.min(low, now), whole),
    above: search(verdictAt, now, Math.max(high, now), whole),
  };
}

/**
 * Every change of the verdict between two values, upwards, each with the verdict from there on. What turning() leaves out:
 * a verdict that turns, and turns back further on.
 */
export function allTurns(
  verdictAt: (value: number) => Verdict,
  { low, high, whole = false }: { low: number; high: number; whole?: boolean },
): Turn[] {
  const turns: Turn[] = [];
  let last = { value: low, verdict: verdictAt(low) };
  for (const value of walk(low, high, whole)) {
    const verdict = verdictAt(value);
    if (verdict !== last.verdict) turns.push(whole ? { at: value, verdict } : narrow(verdictAt, last.value, value));
    last = { value, verdict };
  }
  return turns;
}

function search(verdictAt: (value: number) => Verdict, from: number, to: number, whole: boolean): Turn | null {
  const before = verdictAt(from);
  let last = from;
  for (const value of walk(from, to, whole)) {
    const verdict = verdictAt(value);
    if (verdict !== before) return whole ? { at: value, verdict } : narrow(verdictAt, last, value);
    last = value;
  }
  return null;
}

/** Values from one end to the other, without the first. */
function walk(from: number, to: number, whole: boolean): number[] {
  if (from === to) return [];
  const sign = Math.sign(to - from);
  if (whole) return Array.from({ length: Math.floor(Math.abs(to - from)) }, (_, i) => from + sign * (i + 1));
  const geometric = from > 0 && to > 0;
  return Array.from({ length: STEPS }, (_, i) => {
    const share = (i + 1) / STEPS;
    if (!geometric) return from + (to - from) * share;
    return Math.exp(Math.log(from) + (Math.log(to) - Math.log(from)) * share);
  });
}

function narrow(verdictAt: (value: number) => Verdict, before: number, after: number): Turn {
  const old = verdictAt(before);
  let [near, far] = [before, after];
  for (let i = 0; i < 60; i++) {
    const middle = (near + far) / 2;
    if (verdictAt(middle) === old) near = middle;
    else far = middle;
  }
  return { at: far, verdict: verdictAt(far) };
}

/** Whether a number is near another: off by at most a tenth of it, or by another tolerance. */
export function about(value: number, wanted: number, tolerance = 0.1): boolean {
  return Math.abs(value / wanted - 1) <= tolerance;
}
