// What cells leave behind is collected before it has piled up.
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";

/** Makes a third of what is in use anew, again and again, as compiled cells do, and prints the heap's peak in bytes. */
const CHURN = `
const used = [];
for (let i = 0; i < 6e5; i++) used.push({ i, next: { i, of: null } });
let peak = 0;
for (let cell = 0; cell < 15; cell++) {
  const made = [];
  for (let i = 0; i < 2e5; i++) made.push({ i, next: { i, of: made } });
  peak = Math.max(peak, process.memoryUsage().heapTotal);
}
console.log(peak, used.length);`;

/** With one thread, so that when garbage is collected does not depend on what else the machine does. */
const peak = (before: string): number =>
  parseInt(execFileSync(process.execPath, ["--single-threaded", "-e", before + CHURN]).toString(), 10);

/** Node 24 heeds the flag hardly at all, 26 again does. This says nothing of the Node that other kernels run on. */
const heeded = process.versions.node.startsWith("20.") && process.env.COURSE_KERNEL_NODE === undefined;

it.runIf(heeded)("the heap of a kernel stays nearer to what is in use than Node's", () => {
  expect(peak(`require("./tools/kernel/small-heap.cjs").keepHeapSmall();`)).toBeLessThan(0.8 * peak(""));
});
