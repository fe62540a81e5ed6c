/**
 * Leaves no orphan: when the process that started the kernel is gone, the kernel goes too.
 *
 * A killed Jupyter server cannot tell its kernels to stop, and tslab never looks. The watch runs in a thread of its
 * own, because a cell in an endless loop would keep a timer of the main thread from firing, and that orphan is the one
 * that costs most. On Windows a process keeps its parent's id when the parent is gone, so the id is also tried.
 */
const path = require("node:path");
const { Worker, isMainThread } = require("node:worker_threads");

const PERIOD_MS = 1000;

/** Starts the watch. */
function watchParent() {
  new Worker(path.join(__dirname, "parent-watch.cjs")).unref();
}

/**
 * @param {number} pid
 * @returns {boolean} whether a process with this id exists
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

if (!isMainThread) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent || !isAlive(parent)) process.kill(process.pid, "SIGKILL");
  }, PERIOD_MS);
}

module.exports = { watchParent };
