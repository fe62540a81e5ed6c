/**
 * One call of a learner's function, made safe: arguments of its own, a time limit, tensors counted and freed, and
 * whatever it throws turned into words. The same call runs the reference and the wrong answers that are known.
 */
import * as tf from "@tensorflow/tfjs";
import { isRecord, toPlainValue } from "./values";
import { callWithin, isInterrupt, TimeIsUp } from "../interrupt";

// As they are before any cell has run: what an answer leaves behind is counted with these.
const { engine: engineOf, memory } = tf;

/** Any function; what it takes and returns is found out by calling it. */
export type AnyFunction = (...args: never[]) => unknown;

/** A call that came back. */
export interface Answered {
  kind: "value";
  /** The answer, its tensors read and freed. */
  value: unknown;
  /** Tensors made by the call that are neither in the answer nor freed. */
  leaked: number;
  /** Whether it freed a tensor that it was given. */
  inputsFreed: boolean;
  async: boolean;
}

/** What became of one call. */
export type Outcome = Answered | { kind: "threw"; error: unknown } | { kind: "endless"; seconds: number };

/**
 * Calls a function on arguments that are made for this call alone: it may change them.
 *
 * @param args the arguments, or a function that makes them where they are tensors
 * @throws only the error of Interrupt
 */
export async function runOnce(
  fn: AnyFunction,
  args: readonly unknown[] | (() => readonly unknown[]),
  seconds: number,
): Promise<Outcome> {
  const engine = engineOf();
  const before = {
    scopes: engine.state.scopeStack.length,
    gradients: engine.state.gradientDepth,
    kernels: engine.state.kernelDepth,
  };
  engine.startScope("exercise");
  // nbgrader takes text on stderr in a test cell for a failure; a warning on the way to a right answer is none.
  const { error: printError, warn: printWarning } = console;
  console.error = console.warn = (...words: unknown[]) => console.log(...words);
  try {
    const own = typeof args === "function" ? args() : copyArguments(args);
    const inputs = tensorsIn(own);
    const count = memory().numTensors;
    let async = false;
    const answer = await callWithin(seconds, () => {
      const result = (fn as unknown as (...args: unknown[]) => unknown)(...own);
      async = result instanceof Promise;
      return result;
    });
    const made = new Set([...tensorsIn([answer])].filter((tensor) => !inputs.has(tensor)));
    const freedInputs = [...inputs].filter((tensor) => tensor.isDisposed).length;
    const leaked = memory().numTensors - count - made.size + freedInputs;
    return { kind: "value", value: toPlainValue(answer), leaked, inputsFreed: freedInputs > 0, async };
  } catch (thrown) {
    const error = readable(thrown);
    if (isInterrupt(error)) throw error;
    return error instanceof TimeIsUp ? { kind: "endless", seconds } : { kind: "threw", error };
  } finally {
    Object.assign(console, { error: printError, warn: printWarning });
    // A call that was ended from outside has closed none of its scopes.
    while (engine.state.scopeStack.length > before.scopes) engine.endScope();
    engine.state.gradientDepth = before.gradients;
    engine.state.kernelDepth = before.kernels;
  }
}

/** What was thrown, if looking at it throws nothing itself. */
function readable(thrown: unknown): unknown {
  try {
    if (thrown instanceof Error) void `${thrown.name} ${thrown.message} ${"code" in thrown ? String(thrown.code) : ""}`;
    return thrown;
  } catch {
    return new Error("an error that cannot be read");
  }
}

/** Calls `use` with the arguments of a case and frees their tensors. */
export function withArguments<T>(
  args: readonly unknown[] | (() => readonly unknown[]),
  use: (args: unknown[]) => T,
): T {
  const engine = engineOf();
  engine.startScope("exercise arguments");
  try {
    return use(typeof args === "function" ? [...args()] : copyArguments(args));
  } finally {
    engine.endScope();
  }
}

/** A copy of lists and plain objects; everything else is passed on as it is. */
export function copyArguments(args: readonly unknown[]): unknown[] {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return (value as Float32Array).slice();
    if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
    return value;
  };
  return args.map(copy);
}

/** The tensors in lists and plain objects. */
function tensorsIn(values: readonly unknown[]): Set<tf.Tensor> {
  const found = new Set<tf.Tensor>();
  const look = (value: unknown): void => {
    if (value instanceof tf.Tensor) found.add(value);
    else if (Array.isArray(value)) value.forEach(look);
    else if (isRecord(value)) Object.values(value).forEach(look);
  };
  values.forEach(look);
  return found;
}
