/**
 * Answers as plain data. A learner's function may return numbers, text, arrays, objects or tensors, or nothing at all.
 * Here every answer becomes one kind of value, so that it can be compared, printed, and outlives the tensors it was
 * read from. A comparison ends at the first difference and says it in words.
 */
import * as tf from "@tensorflow/tfjs";

// As they are before any cell has run: an answer that replaces them changes no comparison.
const { is } = Object;
const { abs, max } = Math;
const { isFinite } = Number;

/** What is left of 0 after a few sums in double precision. */
const ROUNDING = 1e-12;

/** A tensor's content after the tensor is gone. */
export class TensorValue {
  constructor(
    readonly shape: readonly number[],
    readonly values: readonly number[],
  ) {}
}

/** The type of an answer after its tensors were read. */
export type Plain<T> = T extends tf.Tensor ? TensorValue : T;

/** An answer that holds no tensors any more: they have become TensorValues. */
export function toPlainValue(answer: unknown): unknown {
  if (answer instanceof tf.Tensor) return new TensorValue([...answer.shape], Array.from(answer.dataSync()));
  if (ArrayBuffer.isView(answer) && !(answer instanceof DataView)) return Array.from(answer as Float32Array);
  if (Array.isArray(answer)) return answer.map(toPlainValue);
  if (isRecord(answer))
    return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, toPlainValue(value)]));
  return answer;
}

/** Whether it is an object as written with braces, not an array, a tensor or another class's. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.prototype.toString.call(value) === "[object Object]" &&
    !(value instanceof TensorValue) &&
    !(value instanceof tf.Tensor)
  );
}

/** What a value is, in words: "a number", "a list of 4", "a tensor [2, 3]". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value instanceof TensorValue) return `a tensor [${value.shape.join(", ")}]`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  return (
    { boolean: "true or false", string: "text", bigint: "a bigint", function: "a function" }[typeof value as string] ??
    `a ${typeof value}`
  );
}

/** Characters of a value in a message. */
const LONGEST = 200;

/** A value as a learner can read it in a message: with few digits; of long lists the beginning, and how long they are. */
export function showValue(value: unknown): string {
  for (const items of [64, 16, 8, 4]) {
    const text = shown(value, items);
    if (text.length <= LONGEST) return text;
  }
  return shown(value, 2);
}

function shown(value: unknown, items: number): string {
  const inner = (part: unknown) => shown(part, items);
  if (typeof value === "number") return showNumber(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") {
    const most = 4 * Math.max(items, 15);
    return value.length <= most ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, most))} and so on`;
  }
  if (value instanceof TensorValue) {
    return `a tensor [${value.shape.join(", ")}] with ${showList(value.values, items, inner)}`;
  }
  if (Array.isArray(value)) return showList(value, items, inner);
  if (isRecord(value)) {
    const entries = Object.entries(value);
    const parts = entries.slice(0, items).map(([key, part]) => `${key}: ${inner(part)}`);
    return `{ ${parts.join(", ")}${entries.length > items ? `, … ${entries.length} in all` : ""} }`;
  }
  return value === undefined || value === null ? String(value) : kindOf(value);
}

function showList(values: readonly unknown[], items: number, inner: (value: unknown) => string): string {
  const all = values.slice(0, items).map(inner);
  return `[${all.join(", ")}${values.length > items ? `, … ${values.length} in all` : ""}]`;
}

function showNumber(value: number, digits = 5): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(Math.max(digits, Math.ceil(Math.log10(Math.abs(value) + 1))))));
}

/**
 * The first difference between two plain values in words, or null. Numbers agree within `tolerance`, relative to the
 * larger one, or relative to the largest of the list that they stand in (a 0 may be 1e-9 among numbers around 1).
 */
export function difference(got: unknown, expected: unknown, tolerance: number, at = ""): string | null {
  return kindDifference(got, expected, at) ?? valueDifference(got, expected, tolerance, at);
}

/** A difference in kind only: text for a number, a tensor for a list. Null where the kinds agree. */
export function kindDifference(got: unknown, expected: unknown, at = ""): string | null {
  const place = at === "" ? "your function returns" : `${at} is`;
  const wanted = at === "" ? kindOf(expected).replace(/ of \d+$| \[.*\]$/, "") : kindOf(expected);
  if (got === undefined) return at === "" ? "your function returns nothing. Is there a `return`?" : `${at} is missing`;
  const family = (value: unknown) =>
    value instanceof TensorValue ? "tensor" : Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
  return family(got) === family(expected) ? null : `${place} ${kindOf(got)}; expected is ${wanted}`;
}

function valueDifference(got: unknown, expected: unknown, tolerance: number, at: string): string | null {
  if (typeof got === "number" && typeof expected === "number") {
    return close(got, expected, tolerance, 0) ? null : numberDifference(got, expected, at);
  }
  if (got instanceof TensorValue && expected instanceof TensorValue)
    return tensorDifference(got, expected, tolerance, at);
  if (Array.isArray(got) && Array.isArray(expected)) return listDifference(got, expected, tolerance, at);
  if (isRecord(got) && isRecord(expected)) return recordDifference(got, expected, tolerance, at);
  return got === expected ? null : `${subject(at)} ${showValue(got)}; expected is ${showValue(expected)}`;
}

const subject = (at: string) => (at === "" ? "you return" : `${at} is`);

function numberDifference(got: number, expected: number, at: string): string {
  if (Number.isNaN(got)) {
    const causes = "0 / 0, the root of a negative number or an undefined value does that";
    return `${subject(at)} NaN, not a number: ${causes}; expected is ${showNumber(expected)}`;
  }
  // As few digits as show the difference.
  const digits = [5, 6, 7, 8, 9, 10, 12, 14].find((most) => showNumber(got, most) !== showNumber(expected, most)) ?? 17;
  return `${subject(at)} ${showNumber(got, digits)}; expected is ${showNumber(expected, digits)}`;
}

function close(got: number, expected: number, tolerance: number, scale: number): boolean {
  if (is(got, expected) || got === expected) return true;
  if (!isFinite(got) || !isFinite(expected)) return false; // a tolerance relative to ∞ accepts everything
  return abs(got - expected) <= tolerance * max(abs(got), abs(expected), scale) + ROUNDING;
}

function listDifference(
  got: readonly unknown[],
  expected: readonly unknown[],
  tolerance: number,
  at: string,
): string | null {
  if (got.length !== expected.length) {
    return `${at === "" ? "your list" : at} has ${got.length} values; expected are ${expected.length}`;
  }
  const scale = largestNumber(expected);
  for (let i = 0; i < expected.length; i++) {
    const [a, b, place] = [got[i], expected[i], `${at === "" ? "value" : at}[${i}]`];
    if (typeof a === "number" && typeof b === "number") {
      if (!close(a, b, tolerance, scale)) return numberDifference(a, b, place);
      continue;
    }
    const inner = difference(a, b, tolerance, place);
    if (inner !== null) return inner;
  }
  return null;
}

function largestNumber(values: readonly unknown[]): number {
  return values.reduce<number>(
    (most, v) => (typeof v === "number" && Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most),
    0,
  );
}

function tensorDifference(got: TensorValue, expected: TensorValue, tolerance: number, at: string): string | null {
  if (got.shape.join() !== expected.shape.join()) {
    const shape = at === "" ? "the shape" : `${at}'s shape`;
    return `${shape} is [${got.shape.join(", ")}]; expected is [${expected.shape.join(", ")}]`;
  }
  const scale = largestNumber(expected.values);
  const bad = expected.values.findIndex((value, i) => !close(got.values[i], value, tolerance, scale));
  return bad < 0
    ? null
    : numberDifference(
        got.values[bad],
        expected.values[bad],
        `${at === "" ? "value" : at}[${position(bad, expected.shape)}]`,
      );
}

/** The position of the i-th number in a tensor: "1, 2". */
function position(index: number, shape: readonly number[]): string {
  const axes: number[] = [];
  for (let axis = shape.length - 1, rest = index; axis >= 0; rest = Math.floor(rest / shape[axis]), axis--)
    axes.unshift(rest % shape[axis]);
  return axes.join(", ");
}

function recordDifference(
  got: Record<string, unknown>,
  expected: Record<string, unknown>,
  tolerance: number,
  at: string,
): string | null {
  for (const [key, value] of Object.entries(expected)) {
    const inner = difference(got[key], value, tolerance, at === "" ? `\`${key}\`` : `${at}.${key}`);
    if (inner !== null) return inner;
  }
  return null;
}
