/**
 * Functions within an answer, such as the rule of a claim. They can't leave their process, but the calls that a judge
 * makes of them can: they are recorded there, and replayed elsewhere to the same judge, who asks the same again.
 */
import { difference, isRecord, toPlainValue } from "./values";

/** One call: what it was given, and what came of it. */
export interface Call {
  args: unknown[];
  result?: unknown;
  /** The message of what it threw. */
  threw?: string;
}

const recorded = new WeakMap<object, Call[]>();

/** The calls that a function of `recording` was asked for; undefined for any other. */
export function callsOf(fn: object): Call[] | undefined {
  return recorded.get(fn);
}

/** Whether there is a function in lists and plain objects. */
export function holdsFunction(value: unknown): boolean {
  if (typeof value === "function") return true;
  return (Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []).some(holdsFunction);
}

/** The value with each function in it replaced by one that keeps its calls. */
export function recording(value: unknown): unknown {
  if (typeof value === "function") return recorder(value as (...args: unknown[]) => unknown);
  if (Array.isArray(value)) return value.map(recording);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, recording(inner)]));
}

function recorder(fn: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  const calls: Call[] = [];
  const wrapped = (...args: unknown[]): unknown => {
    const call: Call = { args: args.map(toPlainValue) };
    calls.push(call);
    try {
      const result = fn(...args);
      call.result = toPlainValue(result);
      return result;
    } catch (error) {
      call.threw = error instanceof Error ? error.message : String(error);
      throw error;
    }
  };
  recorded.set(wrapped, calls);
  return wrapped;
}

/**
 * A function that gives what was recorded, one call after the other.
 * @returns one that throws where it is asked anything else
 */
export function replaying(calls: readonly Call[]): (...args: unknown[]) => unknown {
  const left = [...calls];
  return (...args) => {
    const next = left.shift();
    if (next === undefined || difference(next.args, args, 0) !== null) throw new Error("it can't be asked that");
    if (next.threw !== undefined) throw new Error(next.threw);
    return next.result;
  };
}
