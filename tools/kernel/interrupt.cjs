/**
 * Makes Interrupt stop what a cell has started, not only the cell.
 *
 * tslab ends an interrupted cell but a loop that the cell awaits runs on. JavaScript cannot be stopped from outside
 * between two awaits, so loops of lib ask: `globalThis.courseInterrupt?.check()`. Every cell has a number, and whatever
 * it starts carries that number (AsyncLocalStorage follows awaits and timers). An interrupt stops all numbers so far
 * and none that comes later: an interrupted loop cannot revive when the next cell starts, and an interrupt that arrives
 * while nothing runs harms no later cell.
 *
 * A loop that never awaits hears no check. Up to the first await of a cell, Node's vm ends it at SIGINT by itself;
 * after that only what lib runs in a vm of its own (callWithin) can be ended; a restart of the kernel ends the rest.
 */
const { AsyncLocalStorage } = require("node:async_hooks");

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

  /** @throws {Error} if the cell that this code belongs to has been interrupted */
  check() {
    if ((this.#cell.getStore() ?? Infinity) <= this.#lastInterrupted) throw new Interrupted();
  }

  /**
   * @param {unknown} error
   * @returns {boolean} whether it says that code was interrupted
   */
  isInterrupted(error) {
    return error instanceof Interrupted
      || (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED")
      || (error instanceof Error && error.message === "Interrupted asynchronously");
  }
}

module.exports = { Interrupts };
