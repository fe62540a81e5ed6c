/**
 * How long-running work in a cell reacts to the Interrupt button. JavaScript cannot be stopped from outside between two
 * awaits, so a long loop lets signals in now and then and asks whether one came. The kernel puts the answer on
 * globalThis when it starts; outside a kernel there is none, and Ctrl-C ends the process as usual.
 */
import { host } from "../host";

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
  await host.nextTurn();
  checkInterrupt();
}

/** Whether an error comes from Interrupt, and so must end the cell whatever else is caught. */
export function isInterrupt(error: unknown): boolean {
  return host.isInterrupt(error) || (kernelInterrupt()?.isInterrupted?.(error) ?? false);
}

/** A call took longer than it was given. */
export class TimeIsUp extends Error {
  constructor(readonly seconds: number) {
    super(`no answer after ${seconds} seconds`);
    this.name = "TimeIsUp";
  }
}

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
  const begin = performance.now();
  const called = host.limited(seconds * 1000, work);
  if (called === null) throw new TimeIsUp(seconds);
  const { value } = called;
  if (!(value instanceof Promise)) return value;
  const left = seconds * 1000 - (performance.now() - begin);
  try {
    return await Promise.race([value, endOfTime(left, seconds, value)]);
  } catch (error) {
    throw host.isTimeUp(error) ? new TimeIsUp(seconds) : error;
  }
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
