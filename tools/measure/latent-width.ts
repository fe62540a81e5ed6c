/**
 * node --import tsx tools/measure/latent-width.ts --out data/measurements/latent-width.json
 *
 * Trains small models that differ in the width of the latent and have equally many parameters, each width with several
 * seeds, and records how well they predict text that they have not seen. The same seed has the same batches at every
 * width, so widths can be compared in pairs. The file is written after each run; a run that it holds, made with the same
 * options, is not made again.
 */
import { readJsonIfThere } from "../../lib/checkpoint/json-file";
import { openCorpus } from "../../lib/corpus/build";
import { DOMAINS, drawBatch } from "../../lib/corpus/corpus";
import { totalParameters } from "../../lib/economics/parameters";
import { rankTrial } from "../../lib/lessons/03-multi-head-latent-attention/rank-trial";
import type { LatentWidthRecord, WidthRun } from "../../lib/lessons/03-multi-head-latent-attention/latent-widths";
import { useBackend } from "../../lib/tensor/backend";
import { evaluate, evaluationWindows } from "../../lib/training/evaluate";
import { MICRO } from "../../lib/training/presets";
import { Training } from "../../lib/training/run";
import { command, readCall, readNumber } from "../cli";
import { machineOf, saveRecorded } from "../recorded";

const HELP = `node --import tsx tools/measure/latent-width.ts --out FILE [options]

Trains small models with latents of different width and records their bits per byte on held-out text.

  --out FILE      where to
  --widths A,B    widths of the latent (1,4,16,64)
  --seeds N       runs of each width (3)
  --steps N       steps of each run (300)`;

const SHAPE = { batch: 8, length: 64 };
const WINDOWS = { length: 64, count: 32, seed: 1 };

const main = command("latent-width", HELP, async (args) => {
  const { values } = readCall(args, {
    out: { type: "string" },
    widths: { type: "string", default: "1,4,16,64" },
    seeds: { type: "string", default: "3" },
    steps: { type: "string", default: "300" },
  });
  const out = values.out as string | undefined;
  if (out === undefined) throw new Error("--out FILE is missing");
  const steps = readNumber("--steps", values.steps as string, { whole: true, least: 20 });
  const seeds = readNumber("--seeds", values.seeds as string, { whole: true, least: 2 });
  const widths = (values.widths as string)
    .split(",")
    .map((width) => readNumber("--widths", width, { whole: true, least: 1 }));
  const backend = await useBackend("wasm");
  const corpus = openCorpus();
  const windows = evaluationWindows(corpus.heldOut, WINDOWS);
  const options = { steps, ...SHAPE, windows: WINDOWS, corpus: corpus.manifest.hash };
  const before = readJsonIfThere(out) as LatentWidthRecord | null;
  const runs: WidthRun[] = JSON.stringify(before?.options) === JSON.stringify(options) ? before!.runs : [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const width of widths) {
      if (runs.some((run) => run.width === width && run.seed === seed)) continue;
      const config = rankTrial(width, Math.max(...widths));
      const training = new Training(config, {
        ...MICRO.training,
        ...SHAPE,
        steps,
        seed,
        schedule: { ...MICRO.training.schedule, warmUpSteps: 20 },
      });
      for (let step = 0; step < steps; step++) {
        training.makeStep(drawBatch(corpus.train, { batch: SHAPE.batch, length: SHAPE.length + 2, seed, step }));
      }
      const evaluation = await evaluate(training.model, windows, { batch: 16 });
      training.dispose();
      const bits = DOMAINS.map((domain) => evaluation[domain].bitsPerByte);
      const bitsPerByte = bits.reduce((sum, one) => sum + one, 0) / bits.length;
      runs.push({ width, seed, bitsPerByte, parameters: totalParameters(config) });
      const record: LatentWidthRecord = {
        provenance: {
          date: new Date().toISOString(),
          script: "tools/measure/latent-width.ts",
          machine: machineOf(backend.name),
        },
        options,
        runs,
      };
      saveRecorded(out, record);
      console.log(`width ${width}, seed ${seed}: ${bitsPerByte.toFixed(4)} bits per byte`);
    }
  }
});

void main(process.argv.slice(2));
