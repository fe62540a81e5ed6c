/**
 * npm run designs
 *
 * Trains lesson 10's small model in each of its designs with several seeds, and records what each training came to
 * (lib/lessons/10-train-it/design-trial.ts). The file is written after each training; one that it holds already, made in
 * the same way, is not made again.
 */
import { writeConfig } from "../../lib/checkpoint/config-json";
import { openCorpus } from "../../lib/corpus/build";
import {
  BASE_DESIGN,
  DESIGN_RUN,
  designConfig,
  DESIGNS,
  RECORDED_DESIGNS,
  type RecordedDesigns,
  sameDesign,
  tryDesign,
} from "../../lib/lessons/10-train-it/design-trial";
import { useBackend } from "../../lib/tensor/backend";
import { command, fromCaller, readCall, readNumber } from "../cli";
import { commandLine, machineOf, openRecorded, saveRecorded } from "../recorded";

const HELP = `npm run designs -- [options]

Trains a small model in each of ${DESIGNS.length} designs and records the loss on held-out text.

  --seeds N     trainings of each, with the seeds 1 to N (5)
  --out FILE    where to (${RECORDED_DESIGNS})`;

export const main = command("designs", HELP, async (args) => {
  const { values } = readCall(args, { seeds: { type: "string", default: "5" }, out: { type: "string" } });
  const seeds = readNumber("--seeds", values.seeds, { whole: true, least: 1 });
  const out = values.out === undefined ? RECORDED_DESIGNS : fromCaller(values.out);
  const corpus = openCorpus();
  const backend = await useBackend("wasm");
  const record = openRecorded<RecordedDesigns>(out, {
    run: {
      command: commandLine("designs", args),
      begun: new Date().toISOString(),
      trainingSeconds: 0,
      machine: machineOf(backend.name),
      corpus: corpus.manifest.hash,
      config: writeConfig(designConfig(BASE_DESIGN), "float32"),
      options: { ...DESIGN_RUN },
    },
    trials: [],
  });
  for (let seed = 1; seed <= seeds; seed++) {
    for (const design of DESIGNS) {
      if (record.trials.some((trial) => sameDesign(trial.design, design) && trial.seed === seed)) continue;
      const begin = performance.now();
      const bitsPerByte = await tryDesign(design, seed, corpus);
      record.trials.push({ design, seed, bitsPerByte: Number(bitsPerByte.toFixed(5)) });
      record.run.trainingSeconds += Math.round((performance.now() - begin) / 1000);
      saveRecorded(out, record);
      console.log(`${JSON.stringify(design)}, seed ${seed}: ${bitsPerByte.toFixed(3)} bits per byte`);
    }
  }
});
