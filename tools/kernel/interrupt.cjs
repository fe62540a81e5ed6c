/**
 * Makes Interrupt stop what a cell has started, not only the cell.
 *
 * tslab ends an interrupted cell but a loop that the cell awaits runs on. JavaScript cannot be stopped from outside
 * between two awaits, so loops ask: those of lib by `globalThis.courseInterrupt?.check()`, those of cells by what
 * awaited-loops.cjs puts into them. Every cell has a number, and whatever it starts carries that number
 * (AsyncLocalStorage follows awaits and timers). An interrupt stops all numbers so far and none that comes later: an
 * interrupted loop cannot revive when the next cell starts, and an interrupt that arrives while nothing runs harms no
 * later cell.
 *
 * A loop that never awaits hears no check. Up to the first await of a cell, Node's vm ends it at SIGINT by itself;
 * after that only what lib runs in a vm of its own (callWithin) can be ended; a restart of the kernel ends the rest.
 */
const { AsyncLocalStorage } = require("node:async_hooks");
const { performance } = require("node:perf_hooks");
const timers = require("node:timers/promises");

/** How long a cell's loop may keep the thread before it pauses, in milliseconds. */
const PAUSE_AFTER_MS = 50;

class Interrupted extends Error {
  constructor() {
    super("Interrupted");
    this.name = "Interrupted";
  }
}

class Interrupts {
  /** @type {AsyncLocalStorage<number>} */
  #cell = new AsyncLocalStorage();
  #lastStarted = 0;
  #lastInterrupted = 0;
  #nextPause = 0;
  #endCell;

  /** @param {() => void} endCell ends the running cell, if it awaits something */
  constructor(endCell) {
    this.#endCell = endCell;
    process.on("SIGINT", () => this.interrupt());
  }

  /** Interrupts every cell that has started so far and what it has left running. */
  interrupt() {
    this.#lastInterrupted = this.#lastStarted;
    this.#endCell();
  }

  /**
   * Runs one cell.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  runCell(work) {
    const result = this.#cell.run(++this.#lastStarted, work);
    // While the synchronous part runs, Node's vm listens to SIGINT in place of us. If the cell has set a handler of its
    // own meanwhile, Node would leave the signal at its default, which ends the process: listen anew.
    const listeners = process.listeners("SIGINT");
    process.removeAllListeners("SIGINT");
    for (const listener of listeners) process.on("SIGINT", listener);
    return result;
  }

  /** The number of the cell that the running code belongs to, counted from the kernel's start; undefined if to none. */
  get cell() {
    return this.#cell.getStore();
  }

  /** The number of the cell that was started last. */
  get lastStarted() {
    return this.#lastStarted;
  }

  /** @throws {Error} if the cell that this code belongs to has been interrupted */
  check() {
    if ((this.#cell.getStore() ?? Infinity) <= this.#lastInterrupted) throw new Interrupted();
  }

  /** Whether a loop that awaits has kept the thread for long. */
  isDue() {
    return performance.now() > this.#nextPause;
  }

  /**
   * Lets signals, timers and output in.
   * @throws {Error} if the cell that this code belongs to has been interrupted
   */
  async pause() {
    await timers.setImmediate();
    this.#nextPause = performance.now() + PAUSE_AFTER_MS;
    this.check();
  }

  /**
   * @param {unknown} error
   * @returns {boolean} whether it says that code was interrupted
   */
  isInterrupted(error) {
    return (
      error instanceof Interrupted ||
      (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED") ||
      (error instanceof Error && error.message === "Interrupted asynchronously")
    );
  }
}

module.exports = { Interrupts };
