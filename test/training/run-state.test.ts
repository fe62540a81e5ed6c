import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { findState, restoreState, saveState } from "../../lib/training/run-state";
import { Training, type TrainingReport } from "../../lib/training/run";
import { learningRateAt } from "../../lib/training/training-schedule";
import { expectNoLeak } from "../support/close";
import { temporaryFolder } from "../support/folder";
import { batchOf, CONFIG, makeSteps, OPTIONS } from "./support";

const folder = temporaryFolder();
let straight: TrainingReport[]; // eight steps without a stop

beforeAll(async () => {
  await useBackend("wasm");
  const training = new Training(CONFIG, OPTIONS);
  straight = await makeSteps(training, 8);
  training.dispose();
});

/** A folder with the state after so many steps. */
async function savedAfter(steps: number): Promise<string> {
  const dir = folder("run");
  const training = new Training(CONFIG, OPTIONS);
  await makeSteps(training, steps);
  await saveState(dir, training);
  training.dispose();
  return dir;
}

/** Goes on from a folder to the end and holds that each report is the one of the run without a stop. */
async function expectToGoOn(dir: string, steps: number): Promise<void> {
  const saved = findState(dir);
  expect(saved).toMatchObject({ step: steps, config: CONFIG, options: OPTIONS });
  const training = restoreState(saved!, CONFIG, OPTIONS);
  expect(await makeSteps(training, 8 - steps)).toEqual(straight.slice(steps));
  training.dispose();
}

describe("a saved run", () => {
  it("goes on with exactly the losses, norms and loads of a run without a stop, and leaks nothing", async () => {
    await expectNoLeak(async () => expectToGoOn(await savedAfter(4), 4));
  });

  it("keeps what was summed up since the last report", async () => {
    const dir = folder("run");
    const first = new Training(CONFIG, OPTIONS);
    for (let step = 0; step < 3; step++) first.makeStep(batchOf(step));
    await saveState(dir, first);
    const second = restoreState(findState(dir)!, CONFIG, OPTIONS);
    for (const training of [first, second]) training.makeStep(batchOf(3));
    expect(await second.report()).toEqual(await first.report());
    [first, second].forEach((training) => training.dispose());
  });

  it("replaces the state before; the same step again is not written again", async () => {
    const dir = await savedAfter(2);
    const training = restoreState(findState(dir)!, CONFIG, OPTIONS);
    await makeSteps(training, 1);
    await saveState(dir, training);
    await saveState(dir, training);
    expect(readdirSync(dir)).toEqual(["state-3"]);
    training.dispose();
  });

  it("is not there in a folder without one", () => {
    expect(findState(folder("nothing"))).toBeNull();
    expect(findState(folder())).toBeNull();
  });

  it("may be given more steps, and goes on by the schedule of the longer run; not fewer", async () => {
    const dir = await savedAfter(8);
    const longer = { ...OPTIONS, steps: 16 };
    const training = restoreState(findState(dir)!, CONFIG, longer);
    const [report] = await makeSteps(training, 1);
    expect(report.step).toBe(9);
    expect(report.learningRate).toBe(OPTIONS.learningRate * learningRateAt(OPTIONS.schedule, { step: 8, steps: 16 }));
    await saveState(dir, training);
    training.dispose();
    const saved = findState(dir)!;
    expect(saved.options.steps).toBe(16);
    expect(() => restoreState(saved, CONFIG, OPTIONS)).toThrow("steps is 16 there, 8 now");
  });

  it("is refused with other options or another model, and the message names what differs", async () => {
    const saved = findState(await savedAfter(1))!;
    await expectNoLeak(() => {
      const options = { ...OPTIONS, seed: 6, adamw: { ...OPTIONS.adamw, beta2: 0.99 } };
      expect(() => restoreState(saved, CONFIG, options)).toThrow(
        "is the state of another run: seed is 5 there, 6 now; adamw.beta2 is 0.95 there, 0.99 now. Go on with",
      );
      expect(() => restoreState(saved, { ...CONFIG, hiddenSize: 32, qLoraRank: null }, OPTIONS)).toThrow(
        "hiddenSize is 16 there, 32 now; qLoraRank is 12 there, null now",
      );
    });
  });

  it("of another format is refused", async () => {
    const dir = folder("run");
    mkdirSync(path.join(dir, "state-3"), { recursive: true });
    writeFileSync(path.join(dir, "state-3", "state.json"), '{"format": 99}');
    expect(() => findState(dir)).toThrow("its format is 99; this version reads 1");
  });
});

describe("what a kill leaves behind", () => {
  it("is removed when the run goes on: what was not complete, and what was to be removed", async () => {
    const dir = await savedAfter(4);
    for (const name of ["state-2", "state-8.partial", "state-10.partial"]) mkdirSync(path.join(dir, name));
    mkdirSync(path.join(dir, "model")); // not a state, so it stays
    await expectToGoOn(dir, 4);
    expect(readdirSync(dir).sort()).toEqual(["model", "state-4"]);
  });

  it("is no state without its last file, as a closed tab leaves it; saving goes over it", async () => {
    const dir = await savedAfter(4);
    mkdirSync(path.join(dir, "state-6"));
    writeFileSync(path.join(dir, "state-6", "tensors.safetensors"), "half");
    await expectToGoOn(dir, 4);
    expect(readdirSync(dir)).toEqual(["state-4"]);
  });

  // Right before a call of the second saving: the first and a later write of numbers, the state's header, forcing it to
  // the disk, the rename; and after it, the removal of the older state.
  it.each([
    ["mkdirSync", 1, 2],
    ["writeSync", 1, 2],
    ["writeSync", 50, 2],
    ["writeFileSync", 1, 2],
    ["fsyncSync", 2, 2],
    ["renameSync", 1, 2],
    ["rmSync", 3, 4],
  ])("lets the run go on from the last complete state: killed before %s, call %i", async (name, call, step) => {
    const dir = folder("run");
    const script = path.join(__dirname, "save-and-die.ts");
    const args = ["--import", "tsx", script, dir, name, String(call)];
    const { signal, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(signal, stderr).toBe("SIGKILL");
    expect(existsSync(path.join(dir, "state-2"))).toBe(true);
    await expectToGoOn(dir, step);
  });
});
