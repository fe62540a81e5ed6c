/** What the record of a GPU says, in sentences that follow from its rows and are withdrawn where the rows don't carry them. */
import { fixed, percent, times, whole } from "../../notebook/format";
import type { Measured } from "../../economics/measurements";
import type { Machine } from "../../economics/roofline";
import { attainable } from "../../economics/roofline";

const number = (field: unknown) => Number(field);

/** How the error of a sum goes with the numbers added: whether it grows at each step, and if not, where it falls. */
export function errorsInWords(name: string, rows: Measured[]): string {
  const errors = rows
    .map((row) => ({ k: number(row.k), error: number(row.max_relative_error) }))
    .sort((a, b) => a.k - b.k);
  if (errors.length < 2) return `There are too few sizes to say how the error of ${name} goes.`;
  const [first, last] = [errors[0], errors[errors.length - 1]];
  const falls = errors.slice(1).filter(({ error }, i) => error < errors[i].error);
  const ends = `from ${percent(first.error)} for ${whole(first.k)} numbers to ${percent(last.error)} for ${whole(last.k)}`;
  if (falls.length === 0) return `The error of ${name} grows at every step, ${ends}.`;
  if (falls.length === errors.length - 1) return `The error of ${name} falls at every step, ${ends}.`;
  return `The error of ${name} goes ${ends}, but not at every step: it falls at ${falls.map(({ k }) => whole(k)).join(", ")}.`;
}

/** The product that stays farthest below its roof, beside the shortest time that any product took. */
export function farthestBelow(rows: Measured[], machine: Machine): string {
  const points = rows.map((row) => {
    const format = row.form === "bf16" ? ("bf16" as const) : ("fp8" as const);
    const least = number(row.flop) / attainable(machine, format, number(row.flop) / number(row.bytes));
    return { row, least, behind: row.seconds / least };
  });
  const far = points.reduce((a, b) => (b.behind > a.behind ? b : a));
  const shortest = Math.min(...rows.map(({ seconds }) => seconds));
  const µs = (seconds: number) => `${fixed(1e6 * seconds, 1)} µs`;
  const what = `The point farthest below its roof is ${String(far.row.name)} with ${number(far.row.m)} rows, by a factor of ${fixed(far.behind, 0)}`;
  return far.least < shortest
    ? `${what}: the roof allows it ${µs(far.least)}, but the shortest product of the whole record took ${µs(shortest)}. Such a time is the start of a kernel, which a roofline leaves out.`
    : `${what}.`;
}

/** What a product loses with some multiprocessors set aside, against their share; silent where the spreads meet. */
export function lossInWords(all: Measured, some: Measured, multiprocessors: number): string {
  const share = number(some.set_aside) / multiprocessors;
  const lost = 1 - all.seconds / some.seconds;
  const [least, most] = [1 - all.high / some.low, 1 - all.low / some.high]; // by the 10th and 90th percentiles
  const measured = `With ${number(some.set_aside)} set aside, a large product loses ${percent(lost)} (${percent(least)} to ${percent(most)}, by the spread of the runs)`;
  if (most < share) return `${measured}: less than their share of the chip, ${percent(share)}.`;
  if (least > share) return `${measured}: more than their share of the chip, ${percent(share)}.`;
  return `${measured}; cannot tell whether that is less or more than their share of the chip, ${percent(share)}.`;
}

/** How the time of many experts goes with the tokens of each: up to where it stays, and what it does at the end. */
export function flatUntil(rows: Measured[], within = 0.25): string {
  const sorted = [...rows].sort((a, b) => number(a.tokens_each) - number(b.tokens_each));
  const first = sorted[0];
  const off = sorted.findIndex((row) => Math.abs(row.seconds / first.seconds - 1) > within);
  const last = sorted[off < 0 ? sorted.length - 1 : off - 1];
  const tokens = number(last.tokens_each);
  if (tokens === number(first.tokens_each)) return "The time of the grouped product changes from the first step on.";
  const flat =
    `From ${number(first.tokens_each)} to ${tokens} tokens for each expert, the time of the grouped product stays ` +
    `within ${percent(within)} of the first row, for ${times(tokens / number(first.tokens_each))} the arithmetic`;
  if (off < 0) return `${flat}.`;
  const end = sorted[sorted.length - 1];
  return `${flat}; at ${whole(number(end.tokens_each))} it takes ${times(end.seconds / first.seconds)} as long.`;
}
