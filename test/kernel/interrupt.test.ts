// Interrupt in its various moments, and what is left of the kernel afterwards.
import { expect, it } from "vitest";
import type { KernelClient } from "./client";
import { SentTimes } from "../../tools/kernel/sent-times.cjs";
import { type Project, trap, withKernel, withSharedKernel } from "./project";

/** A loop as lib writes them: over a generator that awaits and asks whether to go on. It says so, and leaves a trace. */
const LOOP = `
declare global { var courseInterrupt: { check(): void } | undefined; }
export const trace = { rounds: 0 };
async function* rounds(): AsyncGenerator<number> {
  for (let round = 1; ; round++) {
    await new Promise((done) => setTimeout(done, 20));
    globalThis.courseInterrupt?.check();
    yield round;
  }
}
export async function loop(): Promise<void> {
  for await (const round of rounds()) {
    trace.rounds = round;
    if (round === 1) console.log("going");
  }
}
export const endless = (): void => { console.log("going"); for (;;); };
`;
const IMPORT = `import { endless, loop, trace } from "./lib/loop";\n`;
const COUNT = `${IMPORT}const before = trace.rounds;
await new Promise((done) => setTimeout(done, 200));
console.log(before > 0, trace.rounds > before);`;

/**
 * Starts a cell, interrupts it a little after its loop has said that it goes, and returns how it ended.
 *
 * @param timeoutMs how long the stock kernel is waited for where it does not hear of the interrupt
 */
async function interrupted(
  kernel: KernelClient,
  project: Project,
  code: string,
  interrupt = () => kernel.interrupt(),
  timeoutMs?: number,
) {
  project.write("lib/loop.ts", LOOP);
  await kernel.execute(`${IMPORT}trace.rounds;`);
  let onOutput = (_: string): void => {};
  const going = new Promise<void>((goes) => (onOutput = (text) => void (text === "going\n" && goes())));
  const running = kernel.execute(code, { timeoutMs, onOutput });
  await going;
  await pause(200);
  interrupt();
  return running;
}

trap(
  "Interrupt stops a lib loop that a cell awaits, and the next cell runs",
  { ours: ["error", "true false\n"], stock: ["error", "true true\n"] },
  async (kernel, project) => {
    const cell = await interrupted(kernel, project, `${IMPORT}await loop();`);
    await pause(300);
    await kernel.answers();
    return [cell.status, (await kernel.execute(COUNT)).stdout];
  },
);

trap(
  "Interrupt stops a loop that an earlier cell left running",
  { ours: "true false\n", stock: "true true\n" },
  async (kernel, project) => {
    await interrupted(kernel, project, `${IMPORT}void loop();`);
    await pause(500);
    await kernel.answers();
    return (await kernel.execute(COUNT)).stdout;
  },
);

trap(
  "Interrupt after a cell has set a SIGINT handler leaves the kernel alive",
  { ours: "alive\n", stock: "" },
  async (kernel) => {
    await kernel.execute(`process.on("SIGINT", () => {});`);
    kernel.interrupt();
    await pause(300);
    if (kernel.kind === "ours") await kernel.answers();
    return (await kernel.execute(`console.log("alive");`, { timeoutMs: 3000 })).stdout;
  },
  withKernel,
);

trap(
  "an interrupt request stops the loop where there are no signals",
  { ours: ["error", "Interrupted"], stock: ["timeout", undefined] },
  async (kernel, project) => {
    const request = () => void kernel.requestInterrupt();
    const cell = await interrupted(kernel, project, `${IMPORT}await loop();`, request, 5000);
    return [cell.status, cell.error?.ename];
  },
  withKernel,
);

it("an endless loop in a cell without await ends at Interrupt, and the next cell runs", async () => {
  const seen = await withSharedKernel("ours", async (kernel, project) => {
    const cell = await interrupted(kernel, project, `${IMPORT}endless();`);
    return [cell.error?.ename, (await kernel.execute(`console.log("alive");`)).stdout];
  });
  expect(seen).toEqual(["Interrupted", "alive\n"]);
});

it("an interrupt while nothing runs harms no later cell", async () => {
  const seen = await withSharedKernel("ours", async (kernel, project) => {
    project.write("lib/loop.ts", LOOP);
    await kernel.execute(`${IMPORT}trace.rounds;`);
    kernel.interrupt();
    await kernel.requestInterrupt();
    await pause(200);
    await kernel.answers();
    const cell = await kernel.execute(`${IMPORT}void loop();\n${COUNT.replace(IMPORT, "")}`);
    return [cell.status, cell.stdout, cell.stderr];
  });
  expect(seen).toEqual(["ok", "going\nfalse true\n", ""]);
});

it("an interrupt that overtakes the cell it was meant for stops that cell, and none that is sent later", async () => {
  const seen = await withSharedKernel("ours", async (kernel) => {
    await kernel.execute(`const before = 1;`);
    const sentAt = new Date();
    await pause(300); // more than the quickest message takes, by which the kernel compares the clocks
    kernel.interrupt();
    await pause(200);
    await kernel.answers();
    const meant = await kernel.execute(`const before = 2;`, { sentAt });
    const later = await kernel.execute(`console.log("kept", before);`);
    return [meant.status, meant.error?.ename, later.status, later.stdout];
  });
  expect(seen).toEqual(["error", "Interrupted", "ok", "kept 1\n"]);
});

it("an interrupt is heard while its cell is compiled", async () => {
  const lines = Array.from({ length: 500 }, (_, i) => `  const a${i} = [${i}].map((n) => ({ n, text: String(n) }));`);
  const slow = `function slow(): void {\n${lines.join("\n")}\n}\nwhile (true) await 0;`;
  const seen = await withSharedKernel("ours", async (kernel) => {
    const running = kernel.execute(slow);
    await pause(150); // the compiler needs longer for it, on any machine so far
    kernel.interrupt();
    return (await running).error?.ename;
  });
  expect(seen).toBe("Interrupted");
});

it("a message's time is its sender's, whose clock may be wrong", () => {
  const times = new SentTimes();
  const at = (ms: number) => new Date(1e12 + ms).toISOString();
  const HOUR = 3_600_000;
  times.received({ session: "server", date: at(0) }, 1e12 + 2);
  // A browser that is an hour behind: its messages take 40, then 5 ms.
  times.received({ session: "browser", date: at(100 - HOUR) }, 1e12 + 140);
  times.received({ session: "browser", date: at(200 - HOUR) }, 1e12 + 205);
  expect(times.of({ session: "browser", date: at(300 - HOUR) })).toBe(1e12 + 305);
  expect(times.of({ session: "server", date: at(300) })).toBe(1e12 + 302);
  expect(times.of({ session: "browser" })).toBeNaN();
  expect(times.of({ session: "unheard of", date: at(0) })).toBeNaN();
});

it("an interrupted loop does not revive when the next cell starts before it has asked", async () => {
  const printed = await withSharedKernel("ours", async (kernel, project) => {
    await interrupted(kernel, project, `${IMPORT}await loop();`);
    return (await kernel.execute(COUNT)).stdout;
  });
  expect(printed).toBe("true false\n");
});

async function pause(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms));
}
