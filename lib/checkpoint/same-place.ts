/** Whether two paths mean one place; only commands ask. */
import { statSync, type BigIntStats } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Whether two paths lead to one place, through links or by another spelling too. Of a place that is not there yet, the
 * folder counts in which it would be made.
 */
export function samePlace(one: string, other: string): boolean {
  const [a, b] = [one, other].map(placeOf);
  return a.rest === b.rest && a.found.dev === b.found.dev && a.found.ino === b.found.ino;
}

/** The nearest part of a path that exists, and what follows it. */
function placeOf(path: string): { found: BigIntStats; rest: string } {
  const whole = resolve(path);
  for (let at = whole; ; at = dirname(at)) {
    const found = statSync(at, { ...BIG, throwIfNoEntry: false }) ?? null;
    if (found !== null || at === dirname(at))
      return { found: found ?? statSync(at, BIG), rest: whole.slice(at.length) };
  }
}

const BIG = { bigint: true } as const; // numbers of files can be larger than a number holds exactly
