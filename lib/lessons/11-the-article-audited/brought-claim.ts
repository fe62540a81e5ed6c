/**
 * A claim that a reader brings from elsewhere, with its own rule, judged in the way in which the audit judges its
 * claims. A complaint says why it can't be audited yet.
 */
import { VERDICTS, type Verdict } from "../../notebook/verdicts";
import { readClaims } from "../../claims/claims";
import { turning, type Judgement, type NamedNumbers, type Turning } from "../../claims/rule";

export interface BroughtClaim {
  /** Words with hyphens, such as "r1-cost". */
  id: string;
  /** One sentence, in your own words. */
  claim: string;
  source: { title: string; url: string };
  /** The numbers that decide, in base units. */
  facts: NamedNumbers;
  /** Verdict and evidence, computed from these numbers alone. */
  judge: (facts: NamedNumbers) => Judgement;
  /** The number that would turn the verdict. */
  turns: { key: string; name: string; unit: string; low: number; high: number };
}

/** Judges a claim, and searches for where the verdict turns. @throws whatever its rule throws */
export function judgeBrought({ facts, judge, turns }: BroughtClaim): Judgement & { turning: Turning } {
  const verdictAt = (value: number): Verdict => judge({ ...facts, [turns.key]: value }).verdict;
  return { ...judge({ ...facts }), turning: turning(verdictAt, facts[turns.key], turns) };
}

/** The first thing that is wrong with a claim, in a sentence that tells what to do; null if it can be audited. */
export function complaintAbout(brought: BroughtClaim): string | null {
  const { id, claim, source, facts, judge, turns } = brought;
  if (!/^[a-z0-9]+(-[a-z0-9]+)+$/.test(id ?? "")) return `the id "${id}" should be words with hyphens, like "r1-cost"`;
  if (readClaims().claims.some((known) => known.id === id)) {
    return `the claim ${id} is in the audit already: bring another one`;
  }
  if (typeof claim !== "string" || claim.length < 20) return "`claim` should be a whole sentence";
  if (!/^https:\/\//.test(source?.url ?? "") || !source.title) {
    return "a claim needs a `source`: a title, and an address that begins with https://";
  }
  const keys = Object.keys(facts ?? {});
  if (keys.length === 0 || !Object.values(facts).every(Number.isFinite)) {
    return "`facts` should hold at least one number, and numbers only";
  }
  if (typeof judge !== "function") return "`judge` should be a function of the facts";
  if (!(turns?.key in facts)) return `\`turns\` names "${turns?.key}", which is none of the facts (${keys.join(", ")})`;
  const now = facts[turns.key];
  if (!(turns.low <= now && now <= turns.high)) {
    return (
      `${turns.key} stands at ${now}, outside of the range ${turns.low} to ${turns.high} ` +
      "in which it is to be moved"
    );
  }
  return complaintAboutRule(brought);
}

function complaintAboutRule(brought: BroughtClaim): string | null {
  const { facts, judge, turns } = brought;
  const now = judge({ ...facts });
  if (!VERDICTS.includes(now?.verdict)) return `"${now?.verdict}" is no verdict; there are: ${VERDICTS.join(", ")}`;
  if (typeof now.evidence !== "string" || !/\d/.test(now.evidence)) {
    return "`evidence` should be a sentence with the number that decides";
  }
  const moved = judge({ ...facts, [turns.key]: facts[turns.key] * 1.37 + 0.013 });
  if (moved.evidence === now.evidence) {
    return `the evidence stays the same when ${turns.key} changes: compute its numbers from the facts, don't type them`;
  }
  const { below, above } = judgeBrought(brought).turning;
  if (below === null && above === null) {
    return (
      `the verdict is "${now.verdict}" wherever ${turns.key} stands between ${turns.low} and ${turns.high}: a rule ` +
      "that nothing can turn is an opinion. Let the verdict depend on the number, or name another one"
    );
  }
  return complaintAboutUse(brought);
}

/** Whether the rule looks at its facts, all of them, and at nothing else. */
function complaintAboutUse({ facts, judge }: BroughtClaim): string | null {
  const said = (changed: NamedNumbers) => {
    const { verdict, evidence } = judge(changed);
    return `${verdict}: ${evidence}`;
  };
  if (said({ ...facts }) !== said({ ...facts })) {
    return "`judge` gives two answers to the same facts: it may look at nothing but its facts";
  }
  const idle = Object.keys(facts).find(
    (key) => said({ ...facts, [key]: facts[key] * 1.37 + 0.013 }) === said({ ...facts }),
  );
  if (idle !== undefined) {
    return `the fact "${idle}" changes neither the verdict nor the evidence: use it in \`judge\`, or leave it out`;
  }
  return null;
}
