/**
 * A comparison in words that can't claim more than was measured: it ranks two samples only where the 95% interval of their
 * difference excludes zero, and says "cannot tell" otherwise.
 */
import { difference, type Interval, meanInterval, shareInterval } from "./interval";

export interface Sample {
  /** What it is called in "is lower … than …": "with the bias", "in FP8". */
  readonly name: string;
  /** One value for each seed, text, head … */
  readonly values: readonly number[];
}

export interface Wording {
  /** What was measured: "held-out loss". */
  readonly quantity: string;
  /** Its unit, said behind numbers: "nats". */
  readonly unit?: string;
  /** What a value is one of, in the plural: "seeds". */
  readonly of?: string;
  /** Digits behind the decimal point. */
  readonly digits?: number;
}

export interface Comparison {
  readonly order: "lower" | "higher" | "cannot tell";
  readonly interval: Interval;
  /** A sentence, without Markdown. */
  readonly text: string;
}

/**
 * Says whether `a` is lower or higher than `b`, by how much, and how well that is known.
 *
 * @param paired whether value i of both belongs together (the same seed, the same text); see `difference`
 */
export function compare(a: Sample, b: Sample, wording: Wording & { readonly paired: boolean }): Comparison {
  const interval = difference(b.values, a.values, wording.paired); // a − b
  const order = orderOf(interval, 0);
  const size = order === "lower" ? negative(interval) : interval; // "lower by 0.5", not "by −0.5"
  const evidence = `${intervalWords(size, wording)}, ${counts(a, b, wording)}`;
  const text =
    order === "cannot tell"
      ? `Cannot tell whether ${wording.quantity} is lower or higher ${a.name} than ${b.name}: the difference is ${evidence}.`
      : `${capital(wording.quantity)} is ${order} ${a.name} than ${b.name}, by ${evidence}.`;
  return { order, interval, text };
}

/** Says whether a sample's mean differs from what chance alone would give. */
export function compareWithChance(sample: Sample, chance: number, wording: Wording): Comparison {
  const interval = meanInterval(sample.values);
  return chanceWords(sample.name, interval, chance, wording, `${sample.values.length} ${wording.of ?? "values"}`);
}

/** Says whether a share of trials differs from what chance alone would give. Shares are said in percent. */
export function compareShareWithChance(
  sample: { readonly name: string; readonly successes: number; readonly trials: number },
  chance: number,
  wording: Omit<Wording, "unit">,
): Comparison {
  const { estimate, low, high, count } = shareInterval(sample.successes, sample.trials);
  const percent = { estimate: 100 * estimate, low: 100 * low, high: 100 * high, count };
  const words = { digits: 1, ...wording, unit: "%" };
  const said = chanceWords(sample.name, percent, 100 * chance, words, `${sample.trials} ${wording.of ?? "trials"}`);
  return { ...said, interval: { estimate, low, high, count } };
}

function chanceWords(name: string, interval: Interval, chance: number, wording: Wording, count: string): Comparison {
  const order = orderOf(interval, chance);
  const level = number(chance, wording);
  const evidence = `${intervalWords(interval, wording)}, ${count}`;
  const text =
    order === "cannot tell"
      ? `Cannot tell ${wording.quantity} ${name} from chance (${level}): it is ${evidence}.`
      : `${capital(wording.quantity)} ${name} is ${order} than chance (${level}): ${evidence}.`;
  return { order, interval, text };
}

function orderOf(interval: Interval, level: number): Comparison["order"] {
  if (interval.high < level) return "lower";
  if (interval.low > level) return "higher";
  return "cannot tell";
}

function negative({ estimate, low, high, count }: Interval): Interval {
  return { estimate: -estimate, low: -high, high: -low, count };
}

/** "0.031 nats (95% interval 0.020 to 0.042)". */
export function intervalWords(interval: Interval, wording: Pick<Wording, "unit" | "digits">): string {
  if (!Number.isFinite(interval.low)) return `${number(interval.estimate, wording)} (one value: no interval)`;
  const digits = wording.digits ?? 3;
  const range = `${interval.low.toFixed(digits)} to ${interval.high.toFixed(digits)}`.replaceAll("-", "−");
  return `${number(interval.estimate, wording)} (95% interval ${range})`;
}

function number(value: number, { unit, digits = 3 }: Pick<Wording, "unit" | "digits">): string {
  const said = value.toFixed(digits).replace("-", "−");
  if (unit === undefined) return said;
  return unit === "%" ? `${said}%` : `${said} ${unit}`;
}

function counts(a: Sample, b: Sample, wording: Wording & { readonly paired: boolean }): string {
  const of = wording.of ?? "values";
  if (wording.paired) return `${a.values.length} pairs of ${of}`;
  return a.values.length === b.values.length
    ? `${a.values.length} ${of} each`
    : `${a.values.length} and ${b.values.length} ${of}`;
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
