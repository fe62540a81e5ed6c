/**
 * The audit: every claim with its rule. Facts come from data/ and from counting. A lesson may replace single numbers,
 * and every verdict that depends on one follows.
 */
import type { Verdict } from "../notebook/verdicts";
import { accessRules } from "./access";
import { attentionRules } from "./attention";
import { balancingRules } from "./balancing";
import { findClaim, readClaims, type Claim } from "./claims";
import { costRules } from "./cost";
import { fp8Rules } from "./fp8";
import { hardwareRules } from "./hardware";
import { moeRules } from "./moe";
import { mtpRules } from "./mtp";
import { opennessRules } from "./openness";
import { qualityRules } from "./quality";
import {
  allTurns,
  turning,
  type Assumption,
  type Judgement,
  type NamedNumbers,
  type RuleSet,
  type Turn,
  type Turning,
} from "./rule";

/** A rule of any topic, whatever the names of its facts. */
interface AnyRule {
  id: string;
  facts: NamedNumbers;
  judge: (facts: NamedNumbers) => Judgement;
  turns: Assumption<NamedNumbers> | string;
}

/** The rules of a set (or the one of a claim) with their facts as they are in data/ now. */
function rulesOf<F extends NamedNumbers>({ facts, rules }: RuleSet<F>, id?: string): AnyRule[] {
  const wanted = rules.filter((rule) => id === undefined || rule.id === id);
  if (wanted.length === 0) return [];
  const now = facts();
  return wanted.map(({ id, judge, turns }) => ({
    id,
    facts: now,
    judge: (changed) => judge(changed as F),
    turns: turns as Assumption<NamedNumbers> | string,
  }));
}

/** The rules of all topics, or the one of a claim. */
function allRules(id?: string): AnyRule[] {
  return [
    ...rulesOf(qualityRules, id),
    ...rulesOf(costRules, id),
    ...rulesOf(accessRules, id),
    ...rulesOf(moeRules, id),
    ...rulesOf(balancingRules, id),
    ...rulesOf(attentionRules, id),
    ...rulesOf(fp8Rules, id),
    ...rulesOf(mtpRules, id),
    ...rulesOf(hardwareRules, id),
    ...rulesOf(opennessRules, id),
  ];
}

export type { Judgement, Turning } from "./rule";

/** The verdict over the whole range of a number: at its low end, and wherever it changes on the way up. */
export interface Path {
  atLow: Verdict;
  turns: Turn[];
}

/** A claim, judged. */
export interface Finding extends Judgement {
  claim: Claim;
  /** What would turn it, in words, if no number would. */
  source: string | null;
  /** The number that would turn it, and where it does. */
  assumption: (Omit<Assumption<NamedNumbers>, "key"> & { key: string; turning: Turning; path: Path }) | null;
}

/**
 * Judges every claim of data/claims.json, in its order.
 *
 * @param changes numbers to take in place of those in data/, by name: { price: 3 }
 * @throws if a claim has no rule, or no rule knows a number of that name
 */
export function audit(changes: NamedNumbers = {}): Finding[] {
  return forEachClaim(changes, (claim, rule) => judged(claim, rule, changes));
}

/** The verdicts of audit, without the search for what would turn them. @throws as audit */
export function auditVerdicts(changes: NamedNumbers = {}): { claim: Claim; verdict: Verdict }[] {
  return forEachClaim(changes, (claim, rule) => ({ claim, verdict: rule.judge(factsOf(rule, changes)).verdict }));
}

function forEachClaim<T>(changes: NamedNumbers, use: (claim: Claim, rule: AnyRule) => T): T[] {
  const rules = allRules();
  const known = new Set(rules.flatMap(({ facts }) => Object.keys(facts)));
  const stray = Object.keys(changes).find((key) => !known.has(key));
  if (stray !== undefined) {
    throw new Error(`audit: no rule looks at "${stray}"; there are ${[...known].sort().join(", ")}`);
  }
  return readClaims().claims.map((claim) => {
    const rule = rules.find(({ id }) => id === claim.id);
    if (rule === undefined) throw new Error(`audit: the claim ${claim.id} has no rule`);
    return use(claim, rule);
  });
}

/** A rule's facts, with the changes that concern it. */
function factsOf({ facts }: AnyRule, changes: NamedNumbers): NamedNumbers {
  return { ...facts, ...Object.fromEntries(Object.entries(changes).filter(([key]) => key in facts)) };
}

function judged(claim: Claim, rule: AnyRule, changes: NamedNumbers): Finding {
  const { judge, turns } = rule;
  const now = factsOf(rule, changes);
  const judgement = judge(now);
  if (typeof turns === "string") return { claim, ...judgement, source: turns, assumption: null };
  const verdictAt = (value: number): Verdict => judge({ ...now, [turns.key]: value }).verdict;
  return {
    claim,
    ...judgement,
    source: null,
    assumption: {
      ...turns,
      turning: turning(verdictAt, now[turns.key], turns),
      path: { atLow: verdictAt(turns.low), turns: allTurns(verdictAt, turns) },
    },
  };
}

/** One claim, judged; changes that its rule doesn't look at are ignored. @throws if there is no such claim */
export function judgeClaim(id: string, changes: NamedNumbers = {}): Finding {
  return judged(findClaim(id), ruleOf(id), changes);
}

/** The verdict of judgeClaim, without the search for what would turn it. @throws as judgeClaim */
export function verdictOf(id: string, changes: NamedNumbers = {}): Verdict {
  const rule = ruleOf(id);
  return rule.judge(factsOf(rule, changes)).verdict;
}

/** A claim as a lesson's recap names it: "moe-37b: …", in the words of data/claims.json. @throws if there is no such claim */
export function claimInWords(id: string): string {
  return `${id}: ${findClaim(id).claim}`;
}

function ruleOf(id: string): AnyRule {
  findClaim(id); // throws if there is none
  const [rule] = allRules(id);
  if (rule === undefined) throw new Error(`audit: the claim ${id} has no rule`);
  return rule;
}
