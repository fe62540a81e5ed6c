/**
 * Interrupt in the tab: as tools/kernel/interrupt.cjs, without Node. A message of the page is heard only while a cell
 * awaits something that is not settled; loops that await pause for that (awaited-loops.cjs). What does not await is ended by
 * the page, worker and all.
 */
import { host } from "../../../lib/host/browser";

/** How long a cell's loop may keep the worker before it pauses, in milliseconds. */
const PAUSE_AFTER_MS = 50;

/** How long what an interrupted cell has started may take to notice, in milliseconds; then the next cell may run. */
const NOTICED_WITHIN_MS = 200;

export class Interrupted extends Error {
  constructor() {
    super("Interrupted");
    this.name = "Interrupted";
  }
}

export class Interrupts {
  private running = false;
  private interrupted = false;
  private nextPause = 0;
  private stop: (error: Interrupted) => void = () => {};

  /** Runs one cell: rejects as soon as it is interrupted, even while it waits for what never comes. */
  async runCell<T>(work: () => Promise<T>): Promise<T> {
    this.interrupted = false;
    this.running = true;
    const stopped = new Promise<never>((_, reject) => (this.stop = reject));
    try {
      return await Promise.race([work(), stopped]);
    } finally {
      this.running = false;
      // Its loops throw at their next turn, and would not any more once another cell has begun.
      if (this.interrupted) await new Promise((resolve) => setTimeout(resolve, NOTICED_WITHIN_MS));
    }
  }

  interrupt(): void {
    if (!this.running) return;
    this.interrupted = true;
    this.stop(new Interrupted());
  }

  /** @throws if the running cell has been interrupted */
  check(): void {
    if (this.interrupted) throw new Interrupted();
  }

  /** Whether a loop that awaits has kept the worker for long. */
  isDue(): boolean {
    return performance.now() > this.nextPause;
  }

  /**
   * Lets messages, timers and output in.
   * @throws if the running cell has been interrupted
   */
  async pause(): Promise<void> {
    await host.nextTurn();
    this.nextPause = performance.now() + PAUSE_AFTER_MS;
    this.check();
  }

  isInterrupted(error: unknown): boolean {
    return error instanceof Interrupted;
  }
}
