/**
 * How long-running work in a cell reacts to the Interrupt button. JavaScript cannot be stopped from outside between two
 * awaits, so a long loop lets signals in now and then and asks whether one came. The kernel puts the answer on
 * globalThis when it starts; outside a kernel there is none, and Ctrl-C ends the process as usual.
 */
import vm from "node:vm";

/** What the kernel (tools/kernel) puts on globalThis when it starts. */
interface CourseInterrupt {
  /** @throws if the cell that the caller belongs to has been interrupted */
  check(): void;
  /** Whether an error says that code was interrupted. */
  isInterrupted?(error: unknown): boolean;
}

function kernelInterrupt(): CourseInterrupt | undefined {
  return (globalThis as { courseInterrupt?: CourseInterrupt }).courseInterrupt;
}

/**
 * Ends the work of an interrupted cell; for loops that await something anyway.
 * @throws "Interrupted" if the cell that started this work has been interrupted
 */
export function checkInterrupt(): void {
  kernelInterrupt()?.check();
}

/**
 * Lets waiting signals in, then checks. Takes some microseconds: loops of short steps call it every 50 ms or so.
 * @throws "Interrupted" if the cell that started this work has been interrupted
 */
export async function breathe(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  checkInterrupt();
}

/** Whether an error comes from Interrupt, and so must end the cell whatever else is caught. */
export function isInterrupt(error: unknown): boolean {
  if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED") return true;
  return kernelInterrupt()?.isInterrupted?.(error) ?? false;
}

/** A call took longer than it was given. */
export class TimeIsUp extends Error {
  constructor(readonly seconds: number) {
    super(`no answer after ${seconds} seconds`);
    this.name = "TimeIsUp";
  }
}

const CALL = new vm.Script("{ const call = globalThis.courseCall; delete globalThis.courseCall; call(); }");

/**
 * Calls a function that may never return, such as a learner's: ends it when time is up, also in a loop without an
 * await, and when Interrupt is pressed. If it returns a promise, waits for that, as long as the time allows.
 *
 * What it can't do: after the function's first await, a loop without an await blocks everything (only a restart of the
 * kernel ends it), and one with awaits is given up, but runs on unseen.
 *
 * @throws TimeIsUp when time is up, and whatever the function throws
 */
export async function callWithin<T>(seconds: number, work: () => T | Promise<T>): Promise<T> {
  const box: { result?: T | Promise<T> } = {};
  const begin = performance.now();
  // Node can only end code that a vm script runs, and a script sees nothing of ours but globalThis.
  Object.assign(globalThis, { courseCall: () => void (box.result = work()) });
  try {
    CALL.runInThisContext({ timeout: Math.max(1, Math.ceil(seconds * 1000)), breakOnSigint: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      throw new TimeIsUp(seconds);
    throw error;
  }
  if (!(box.result instanceof Promise)) return box.result as T;
  const left = seconds * 1000 - (performance.now() - begin);
  return Promise.race([box.result, endOfTime(left, seconds, box.result)]);
}

/** Rejects when the time is over or the cell is interrupted; never settles if `other` does so first. */
async function endOfTime(milliseconds: number, seconds: number, other: Promise<unknown>): Promise<never> {
  let settled = false;
  const settle = () => void (settled = true);
  other.then(settle, settle);
  const end = performance.now() + milliseconds;
  while (!settled) {
    if (performance.now() > end) throw new TimeIsUp(seconds);
    await new Promise((resolve) => setTimeout(resolve, 20));
    checkInterrupt();
  }
  return new Promise<never>(() => {});
}
