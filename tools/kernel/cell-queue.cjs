/**
 * Cells run one after the other; a failed one stops those that the client had sent with it, and no others.
 *
 * tslab drops whatever arrives within 200 ms of an error without a word, and even when the client has asked to go on
 * after errors, as a grader does. Here, what had been sent before the client could know of the error is answered with
 * "aborted", as Jupyter's protocol says; a cell sent after the reply always runs.
 */

const timers = require("node:timers/promises");

/** How long after an error what the client has already sent may take to arrive, in milliseconds. */
const ARRIVAL_MS = 20;

class CellQueue {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  #failures = 0;

  /**
   * @template {{ status: string }} Reply
   * @param {() => Promise<Reply>} runCell must not reject
   * @param {boolean} stopOnError whether a failure of this cell stops those that wait
   * @returns {Promise<Reply | { status: "aborted" }>}
   */
  add(runCell, stopOnError) {
    const failuresBefore = this.#failures;
    const reply = this.#last.then(async () => {
      if (this.#failures !== failuresBefore) return /** @type {const} */ ({ status: "aborted" });
      // Lets the reply to the cell before go out first: this one may keep the thread for long.
      await timers.setImmediate();
      const reply = await runCell();
      if (reply.status === "error" && stopOnError) {
        await timers.setTimeout(ARRIVAL_MS);
        this.#failures++;
      }
      return reply;
    });
    this.#last = reply;
    return reply;
  }
}

module.exports = { CellQueue };
