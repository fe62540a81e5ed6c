/**
 * npm run balancing
 *
 * Trains lesson 02's small model under each way of balancing with several seeds, and records what each training came to
 * (lib/lessons/02-load-balancing/balancing-trial.ts). The file is written after each training; one that it holds already,
 * made in the same way, is not made again.
 */
import { writeConfig } from "../../lib/checkpoint/config-json";
import { openCorpus } from "../../lib/corpus/build";
import {
  RECORDED_TRIALS,
  type RecordedTrials,
  TRIAL,
  TRIAL_METHODS,
  trialConfig,
  type TrialMethod,
  trialResult,
  trialStep,
  trialTraining,
} from "../../lib/lessons/02-load-balancing/balancing-trial";
import { useBackend } from "../../lib/tensor/backend";
import { command, fromCaller, readCall, readNumber } from "../cli";
import { commandLine, machineOf, openRecorded, saveRecorded } from "../recorded";

const HELP = `npm run balancing -- [options]

Trains a small model under each way of balancing (${Object.keys(TRIAL_METHODS).join(", ")}) and records what came of it.

  --seeds N     trainings of each, with the seeds 1 to N (5)
  --steps N     steps of each training (${TRIAL.steps})
  --out FILE    where to (${RECORDED_TRIALS})`;

export const main = command("balancing", HELP, async (args) => {
  const { values } = readCall(args, {
    seeds: { type: "string", default: "5" },
    steps: { type: "string", default: String(TRIAL.steps) },
    out: { type: "string" },
  });
  const seeds = readNumber("--seeds", values.seeds, { whole: true, least: 1 });
  const shape = { ...TRIAL, steps: readNumber("--steps", values.steps, { whole: true, least: 1 }) };
  const out = values.out === undefined ? RECORDED_TRIALS : fromCaller(values.out);
  const corpus = openCorpus();
  const backend = await useBackend("wasm");
  const record = openRecorded<RecordedTrials>(out, {
    run: {
      command: commandLine("balancing", args),
      begun: new Date().toISOString(),
      trainingSeconds: 0,
      machine: machineOf(backend.name),
      corpus: corpus.manifest.hash,
      config: writeConfig(trialConfig(shape), "float32"),
      options: { ...shape },
    },
    trials: [],
  });
  for (let seed = 1; seed <= seeds; seed++) {
    for (const method of Object.keys(TRIAL_METHODS) as TrialMethod[]) {
      if (record.trials.some((trial) => trial.method === method && trial.seed === seed)) continue;
      const begin = performance.now();
      const training = trialTraining(shape, method, seed);
      while (training.step < shape.steps) await trialStep(training, corpus);
      const result = await trialResult(training, corpus.heldOut);
      training.dispose();
      const rounded = Object.entries(result).map(([key, value]) => [key, Number(value.toFixed(5))]);
      record.trials.push({ method, seed, ...(Object.fromEntries(rounded) as typeof result) });
      record.run.trainingSeconds += Math.round((performance.now() - begin) / 1000);
      saveRecorded(out, record);
      console.log(`${method}, seed ${seed}: ${result.bitsPerByte.toFixed(3)} bits per byte`);
    }
  }
});
