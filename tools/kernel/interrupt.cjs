/**
 * Makes Interrupt stop what a cell has started, not only the cell.
 *
 * tslab ends an interrupted cell but a loop that the cell awaits runs on. JavaScript cannot be stopped from outside
 * between two awaits, so loops ask: those of lib by `globalThis.courseInterrupt?.check()`, those of cells by what
 * awaited-loops.cjs puts into them. Every cell has a number, and whatever it starts carries that number
 * (AsyncLocalStorage follows awaits and timers). An interrupt stops all numbers so far and none that comes later: an
 * interrupted loop cannot revive when the next cell starts, and an interrupt that arrives while nothing runs harms no
 * cell that is sent after it. One that was sent before it, and comes to its turn after it, is the one that was meant: a
 * signal overtakes messages, and between two cells of Run All nothing runs.
 *
 * A loop that never awaits hears no check. Up to the first await of a cell, Node's vm ends it at SIGINT by itself;
 * after that only what lib runs in a vm of its own (callWithin) can be ended; a restart of the kernel ends the rest.
 */
const { AsyncLocalStorage } = require("node:async_hooks");
const { performance } = require("node:perf_hooks");
const timers = require("node:timers/promises");

/** How long an interrupt that found nothing running waits for a cell that was sent before it, in milliseconds. */
const OVERTAKEN_MS = 5000;

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
  #running = 0;
  /** When an interrupt last found no cell running, in milliseconds since 1970. */
  #idleInterrupt = -Infinity;
  #endCell;

  /** @param {() => void} endCell ends the running cell, if it awaits something */
  constructor(endCell) {
    this.#endCell = endCell;
    process.on("SIGINT", () => this.interrupt());
  }

  /** Interrupts every cell that has started so far and what it has left running. */
  interrupt() {
    this.#lastInterrupted = this.#lastStarted;
    if (this.#running === 0) this.#idleInterrupt = Date.now();
    this.#endCell();
  }

  /**
   * Whether an interrupt overtook a cell on its way: it was sent before it, and has not begun.
   *
   * @param {number} sentAt by this machine's clock, in milliseconds since 1970; NaN if nobody knows
   */
  overtook(sentAt) {
    return sentAt < this.#idleInterrupt && Date.now() - this.#idleInterrupt < OVERTAKEN_MS;
  }

  /**
   * Runs one cell.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  runCell(work) {
    this.#running++;
    const ended = () => void this.#running--;
    const result = this.#cell.run(++this.#lastStarted, work);
    result.then(ended, ended);
    return result;
  }

  /**
   * Starts what a cell does. While its synchronous part runs, Node's vm listens to SIGINT in place of us. If the cell
   * has set a handler of its own meanwhile, Node would leave the signal at its default, which ends the process: listen
   * anew.
   *
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  listenAfter(work) {
    const result = work();
    const listeners = process.listeners("SIGINT");
    process.removeAllListeners("SIGINT");
    for (const listener of listeners) process.on("SIGINT", listener);
    return result;
  }

  /**
   * Lets the signals in that have arrived. The first turn ends what is being handled, the second looks for what is new.
   * @throws {Error} if the cell that this code belongs to has been interrupted
   */
  async turn() {
    await timers.setImmediate();
    await timers.setImmediate();
    this.check();
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
