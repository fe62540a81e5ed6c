/**
 * What became of an answer's calls as text that leaves the learner's process, to be judged in another one. Both ends
 * are here. The reader takes nothing on trust: whatever the text holds, it makes plain values of it, or throws.
 */
import { display } from "../display";
import { withDrawn, type Draws } from "./drawn";
import { outcomesOf, type Outcome } from "./examine";
import { firstDifference } from "./judge";
import { callsOf, holdsFunction, recording, replaying, type Call } from "./recorded";
import type { AnyFunction, Answered } from "./run";
import type { Exercise } from "./types";
import { isRecord, TensorValue } from "./values";

/** The output that carries it. */
export const HANDED_MIME = "application/vnd.course.handed";

/** Characters; an answer to any exercise has some thousands. */
const LONGEST = 4_000_000;

// As they are before any cell has run, if this file is loaded by then.
const { stringify } = JSON;

/**
 * Calls an answer on the cases of an exercise, drawn ones included, and hands over what came of it as an output of the
 * running cell. Judges nothing: whoever does draws the same cases again.
 */
export async function handOver<F extends AnyFunction>(
  exercise: Exercise<F>,
  answer: unknown,
  draws: Draws,
): Promise<void> {
  display({ "text/plain": "handed over", [HANDED_MIME]: await handedText(withDrawn(exercise, draws), answer) });
}

/** What came of the calls on the exercise's cases, as text. */
export async function handedText<F extends AnyFunction>(exercise: Exercise<F>, answer: unknown): Promise<string> {
  const outcomes = withCalls(exercise, await outcomesOf(exercise, answer));
  const text = stringify(outcomes.map(packedOutcome));
  if (text.length <= LONGEST) return text;
  const error = new Error(`the answer is too long to be judged: ${text.length} characters`);
  return stringify([packedOutcome({ kind: "threw", error })]);
}

/** The outcomes, functions in them with the calls that a judge makes of them. */
function withCalls<F extends AnyFunction>(exercise: Exercise<F>, outcomes: Outcome[]): Outcome[] {
  const got = outcomes.flatMap((one) => (one.kind === "value" ? [{ ...one, value: recording(one.value) }] : []));
  const complete = got.length === exercise.cases.length;
  if (!complete || exercise.accept === undefined || !got.some(({ value }) => holdsFunction(value))) return outcomes;
  firstDifference(exercise, got, got); // what it thinks of them counts elsewhere
  return got;
}

/**
 * The outcomes that a text holds.
 * @throws {Error} if it holds anything else
 */
export function handedOutcomes(text: string): Outcome[] {
  if (text.length > LONGEST) throw new Error("handedOutcomes: the text is too long");
  return listOf(JSON.parse(text)).map(unpackedOutcome);
}

function packedOutcome(outcome: Outcome): unknown {
  if (outcome.kind === "value") return { ...outcome, value: packed(outcome.value) };
  if (outcome.kind === "endless") return outcome;
  if (outcome.kind === "no function") return { kind: outcome.kind, value: packed(outcome.value) };
  const { error } = outcome;
  if (!(error instanceof Error)) return { kind: "threw", value: packed(error) };
  return { kind: "threw", name: String(error.name).slice(0, 100), message: String(error.message).slice(0, 1000) };
}

function unpackedOutcome(packedOne: unknown): Outcome {
  const one = recordOf(packedOne);
  if (one.kind === "value") {
    const { leaked, inputsFreed, async } = one;
    if (typeof leaked !== "number" || typeof inputsFreed !== "boolean" || typeof async !== "boolean")
      throw unreadable();
    const answer: Answered = { kind: "value", value: unpacked(one.value), leaked, inputsFreed, async };
    return answer;
  }
  if (one.kind === "endless" && typeof one.seconds === "number") return { kind: "endless", seconds: one.seconds };
  if (one.kind === "no function") return { kind: "no function", value: unpacked(one.value) };
  if (one.kind !== "threw") throw unreadable();
  if (typeof one.message !== "string") return { kind: "threw", error: unpacked(one.value) };
  return { kind: "threw", error: Object.assign(new Error(one.message), { name: String(one.name) }) };
}

/** A plain value as JSON: what JSON can't say becomes an object with one key, and so does every object. */
function packed(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : { number: String(value) };
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return { bigint: String(value) };
  if (Array.isArray(value)) return Array.from(value, packed);
  if (value instanceof TensorValue) return { tensor: [value.shape, value.values.map(packed)] };
  if (typeof value === "function") return packedFunction(value);
  if (isRecord(value)) return { record: Object.entries(value).map(([key, inner]) => [key, packed(inner)]) };
  return { other: typeof value };
}

function packedFunction(fn: object): unknown {
  const calls = callsOf(fn);
  return calls === undefined ? { other: "function" } : { calls: packed(calls) };
}

/** Stands for what has no value of its own outside of its process. */
const OTHERS: Record<string, unknown> = {
  function: () => undefined,
  symbol: Symbol("of a learner"),
  object: new Set(),
};

function unpacked(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(unpacked);
  const { number, bigint, tensor, record, calls, other } = value as Record<string, unknown>;
  if (typeof number === "string") return Number(number);
  if (typeof bigint === "string") return BigInt(bigint);
  if (tensor !== undefined) return tensorOf(listOf(tensor));
  if (record !== undefined) {
    // fromEntries defines each key, whatever its name, and sets nothing.
    return Object.fromEntries(listOf(record).map((entry) => [String(listOf(entry)[0]), unpacked(listOf(entry)[1])]));
  }
  if (calls !== undefined) return replaying(listOf(unpacked(calls)).map(callOf));
  return OTHERS[String(other)];
}

function tensorOf([shape, values]: unknown[]): TensorValue {
  const [axes, numbers] = [shape, values].map((part) => listOf(part).map(unpacked));
  if (![...axes, ...numbers].every((part) => ["number", "string"].includes(typeof part))) throw unreadable();
  return new TensorValue(axes as number[], numbers as number[]);
}

function callOf(value: unknown): Call {
  const { args, result, threw } = recordOf(value);
  return { args: listOf(args), result, ...(threw === undefined ? {} : { threw: String(threw) }) };
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw unreadable();
  return value;
}

function recordOf(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw unreadable();
  return value;
}

const unreadable = () => new Error("handedOutcomes: this is not what an answer gives");
