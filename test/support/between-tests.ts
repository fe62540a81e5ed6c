/**
 * Lets in what waits between two tests. Tests that compute without a pause would keep a process from hearing vitest's
 * answers for a minute, after which vitest counts an error.
 */
import { setImmediate } from "node:timers/promises";
import { afterEach } from "vitest";

afterEach(() => setImmediate());
