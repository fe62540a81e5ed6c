// Lesson 10's training in a kernel, with the lesson's own cells: Interrupt stops it, and it goes on at the step where it
// stopped, in the same kernel and in a new one.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect } from "vitest";
import { notebookFile } from "../../tools/course/build/masters";
import { readNotebook } from "../../tools/course/build/notebook";
import { type CellResult, KernelClient } from "./client";
import { onThisNode } from "./project";

const STEPS = 32;

/** A small model for the parameters cell: what is tested is the way of a run, not what it learns. */
const SMALL: Record<string, number> = { experts: 4, active: 1, latentRank: 8, queryRank: 8, steps: STEPS };

const runs = mkdtempSync(join(tmpdir(), "kernel-training-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

/** The cells that the training needs, and the cell that trains. */
function lessonCells(): { before: string[]; training: string } {
  const sources = readNotebook(notebookFile("10-train-it", "unsolved"))
    .cells.filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => source);
  const starting = (text: string) => {
    const found = sources.find((source) => source.includes(text));
    if (found === undefined) throw new Error(`lesson 10 has no cell with ${text}`);
    return found;
  };
  const parameters = Object.entries(SMALL).reduce((source, [name, value]) => {
    const changed = source.replace(new RegExp(`^const ${name} = [\\d.]+;`, "m"), `const ${name} = ${value};`);
    if (!changed.includes(`const ${name} = ${value};`)) throw new Error(`lesson 10 has no parameter ${name}`);
    return changed;
  }, starting("const latentRank ="));
  return {
    before: [starting("await useBackend("), parameters, starting("checkParameters(")],
    training: starting("await trainMyRun("),
  };
}

/** A kernel of this project, whose trainings are made in this test's folder, with the cells before the training run. */
async function lessonKernel(before: string[]): Promise<KernelClient> {
  const kernel = await KernelClient.start("ours", resolve("."), resolve("."), ([node = "", ...args], cwd) =>
    spawn(node, args, { cwd, stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, COURSE_MY_RUNS: runs } }),
  );
  for (const cell of before) expect((await kernel.execute(cell, { timeoutMs: 120_000 })).error).toBeUndefined();
  return kernel;
}

/** Runs the cell; Interrupt comes when its bar shows so many steps. */
async function train(kernel: KernelClient, cell: string, interruptAt = Infinity): Promise<CellResult> {
  let sent = false;
  const onDisplay = (text: string) => {
    const [, steps] = /^training.*, (\d+) of \d+ steps/.exec(text) ?? [];
    if (sent || steps === undefined || Number(steps) < interruptAt) return;
    sent = true;
    kernel.interrupt();
  };
  const result = await kernel.execute(cell, { timeoutMs: 240_000, onDisplay });
  await new Promise((done) => setTimeout(done, 250)); // after an error tslab skips what comes meanwhile
  return result;
}

/** The step of the one state that is saved. */
function savedStep(): number {
  const [run = "", ...others] = readdirSync(runs);
  expect(others).toEqual([]);
  const states = readdirSync(join(runs, run)).filter((name) => name.startsWith("state-"));
  expect(states).toEqual([expect.stringMatching(/^state-\d+$/)]);
  return Number(states[0]?.slice("state-".length));
}

const shown = ({ displays }: CellResult) => displays.map(({ data }) => String(data["text/plain"])).join("\n");

// Once is enough: with other versions of Node (nodes.mjs) the other tests see to interrupts and restarts.
onThisNode(
  "a training that is interrupted goes on where it stopped, in the same kernel and in a new one",
  async () => {
    const { before, training } = lessonCells();
    let kernel = await lessonKernel(before);
    try {
      const first = await train(kernel, training, 2);
      expect([first.status, first.error?.ename]).toEqual(["error", "Interrupted"]);
      const firstStop = savedStep();
      expect(firstStop).toBeGreaterThanOrEqual(2);

      const second = await train(kernel, training, 2);
      expect(second.error?.ename).toBe("Interrupted");
      expect(shown(second)).toContain(`on from step ${firstStop}: `);
      const secondStop = savedStep();
      expect(secondStop).toBeGreaterThanOrEqual(firstStop + 2);
      expect(secondStop).toBeLessThan(STEPS);

      await kernel.close(); // a kill, with nothing said before
      kernel = await lessonKernel(before);
      const last = await train(kernel, training);
      expect([last.status, last.error]).toEqual(["ok", undefined]);
      expect(shown(last)).toContain(`on from step ${secondStop}: ${STEPS - secondStop} steps`);
      expect(savedStep()).toBe(STEPS);
      const { stdout } = await kernel.execute(
        "console.log(run.from, run.history.moments.map(({ step }) => step).join(), run.history.samples.length);",
      );
      const each = Array.from({ length: STEPS }, (_, i) => i + 1);
      expect(stdout).toBe(`${secondStop} ${each.join()} 5\n`);
    } finally {
      await kernel.close();
    }
  },
  600_000,
);
