/**
 * npm run text-trials
 *
 * Repeats lesson 08's two experiments with several seeds (lib/lessons/08-data-and-openness/text-trials.ts) and records
 * what came out. The file is written after each seed.
 */
import { openCorpus } from "../../lib/corpus/build";
import { runTrial, TRIAL_FILE, type TrialRecord } from "../../lib/lessons/08-data-and-openness/text-trials";
import { useBackend } from "../../lib/tensor/backend";
import { command, fromCaller, readCall, readNumber } from "../cli";
import { commandLine, machineOf, saveRecorded } from "../recorded";

const HELP = `npm run text-trials -- [options]

Trains lesson 08's small models with several seeds, on two mixtures and with a leaked test, and records their losses.

  --out FILE    where to (${TRIAL_FILE})
  --seeds N     how many seeds, from 1 on (5)
  --steps N     steps of each training (80, the lesson's)`;

export const main = command("text-trials", HELP, async (args) => {
  const { values } = readCall(args, {
    out: { type: "string" },
    seeds: { type: "string", default: "5" },
    steps: { type: "string", default: "80" },
  });
  const seeds = readNumber("--seeds", values.seeds, { whole: true, least: 2 });
  const steps = readNumber("--steps", values.steps, { whole: true, least: 1 });
  const out = values.out === undefined ? TRIAL_FILE : fromCaller(values.out);
  const corpus = openCorpus();
  const backend = await useBackend("wasm");
  const settings = { proseInA: 0.75, proseInB: 0.2, steps, examBytes: 320, leakShare: 0.5, editedShare: 0.15 };
  const begun = Date.now();
  const record: TrialRecord = {
    run: {
      command: commandLine("text-trials", args),
      begun: new Date(begun).toISOString(),
      seconds: 0,
      machine: machineOf(backend.name),
      corpus: corpus.manifest.hash,
      settings,
    },
    trials: [],
  };
  for (let seed = 1; seed <= seeds; seed++) {
    record.trials.push(await runTrial(corpus, settings, seed));
    record.run.seconds = Math.round((Date.now() - begun) / 1000);
    saveRecorded(out, record);
    console.log(`seed ${seed} of ${seeds}: ${record.run.seconds} s`);
  }
});
