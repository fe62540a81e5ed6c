/**
 * Catches what nobody caught: a promise without an await that failed, a timer that threw.
 *
 * A handler that some package adds for its own ends could end the kernel, and with it everything that a learner has
 * computed: tfjs's WebAssembly backend throws whatever it is shown again. With a capture callback Node shows an
 * exception to nobody else; and what comes a second time, thrown by such a handler, is told once.
 */

const { setImmediate } = require("node:timers");

/** @param {(error: unknown) => void} show */
function catchStrays(show) {
  /** What has been shown in this turn of the event loop. @type {Set<unknown>} */
  const shown = new Set();
  /** @param {unknown} error */
  const once = (error) => {
    if (shown.has(error)) return;
    shown.add(error);
    setImmediate(() => shown.delete(error));
    show(error);
  };
  process.setUncaughtExceptionCaptureCallback(once);
  process.on("unhandledRejection", once);
}

module.exports = { catchStrays };
