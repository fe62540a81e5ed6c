/**
 * Uses the time between a kernel's start and its first cell: types of the packages and of lib are read, and tfjs is
 * loaded, so that a lesson's import cell finds them. A cell that comes meanwhile waits no longer than it would have
 * taken to do the same itself.
 */
const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const timers = require("node:timers/promises");

/** What every lesson imports. */
const USUAL = `import * as tf from "@tensorflow/tfjs";
import { say } from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";`;

/** How long a client may take to send its first request after it has found the kernel, in milliseconds. */
const FIRST_REQUESTS_MS = 50;

/**
 * @param {string} root
 * @param {import("tslab/dist/converter").Converter} converter
 */
async function warmUp(root, converter) {
  if (!fs.existsSync(path.join(root, "lib", "notebook", "index.ts"))) return;
  await timers.setTimeout(FIRST_REQUESTS_MS);
  try {
    converter.complete("", USUAL, USUAL.length);
    await timers.setImmediate();
    createRequire(path.join(root, "package.json"))("@tensorflow/tfjs");
  } catch {
    // The first cell meets the same trouble, and says so where a reader sees it.
  }
}

module.exports = { warmUp };
