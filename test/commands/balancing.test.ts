/** npm run balancing: what it records, and that it makes no training twice. */
import fs from "node:fs";
import path from "node:path";
import { expect, it, vi } from "vitest";
import type { RecordedTrials } from "../../lib/lessons/02-load-balancing/balancing-trial";
import { main } from "../../tools/commands/balancing";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();

it("records each method and seed once, goes on where it was, and begins anew where the trainings would differ", async () => {
  const said = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const out = path.join(newFolder(), "new", "balancing.json");
  const run = async (...args: string[]) => {
    said.mockClear();
    await main([...args, "--out", out]);
    const record = JSON.parse(fs.readFileSync(out, "utf8")) as RecordedTrials;
    return { made: said.mock.calls.length, trials: record.trials, steps: record.run.options.steps };
  };
  const first = await run("--seeds", "1", "--steps", "2");
  expect(first.trials.map(({ method, seed }) => `${method} ${seed}`)).toEqual(
    ["none", "auxiliary", "sequence", "bias"].map((method) => `${method} 1`),
  );
  for (const { bitsPerByte, information, mixedMaxVio, oneKindMaxVio } of first.trials) {
    expect(bitsPerByte).toBeGreaterThan(1);
    expect(information).toBeGreaterThanOrEqual(0);
    expect(information).toBeLessThan(2);
    expect(oneKindMaxVio).toBeGreaterThan(0);
    expect(mixedMaxVio).toBeGreaterThan(0);
  }
  const again = await run("--seeds", "1", "--steps", "2");
  expect(again).toEqual({ ...first, made: 0 });
  const longer = await run("--seeds", "1", "--steps", "3");
  expect([longer.made, longer.steps, longer.trials.length]).toEqual([4, 3, 4]);
  expect(longer.trials[0].bitsPerByte).not.toBe(first.trials[0].bitsPerByte);
  said.mockRestore();
}, 300_000); // on a busy machine
