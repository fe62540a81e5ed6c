/**
 * npm run fp8-curves -- --out data/curves/fp8.json
 *
 * Trains one model once for each way of computing in few bits (lib/training/fp8-variants.ts), on the same batches from
 * the same first weights, and records the curves. The file is written after each run; a run that it already holds, made
 * with the same options, is not made again.
 */
import { existsSync, mkdirSync } from "node:fs";
import os from "node:os";
import { dirname, join } from "node:path";
import { loadCheckpoint } from "../../lib/checkpoint/checkpoint";
import { writeConfig } from "../../lib/checkpoint/config-json";
import type { ModelConfig } from "../../lib/model/config";
import { FilesAside } from "../../lib/checkpoint/files-aside";
import { readJson, writeJson } from "../../lib/checkpoint/json-file";
import { disposeWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { DOMAINS, drawBatch, type Corpus } from "../../lib/corpus/corpus";
import { openCorpus } from "../../lib/corpus/build";
import { evaluate, evaluationWindows } from "../../lib/training/evaluate";
import {
  VARIANTS,
  type VariantCurve,
  type VariantName,
  type VariantRuns,
} from "../../lib/lessons/04-fp8-training/fp8-variants";
import { MINI } from "../../lib/training/presets";
import { Training, type TrainingOptions } from "../../lib/training/run";
import { command, fromCaller, readCall, readNumber } from "../cli";

const HELP = `npm run fp8-curves -- [options]

Trains v3-mini, or a smaller model of its widths, in several precisions and records how each went.

  --out FILE        where to (data/curves/fp8.json)
  --variants A,B    which of ${Object.keys(VARIANTS).join(", ")}; all where left out
  --steps N         steps of each run (240)
  --batch N         sequences a step (4)
  --length N        tokens of a sequence (128)
  --layers N        layers (v3-mini's 6)
  --experts N       routed experts (v3-mini's 32)
  --no-mtp          without the multi-token prediction module
  --from DIR        goes on with a trained model instead of random weights; its sizes are then the model's
  --rate X          peak learning rate (v3-mini's ${MINI.training.learningRate})`;

const WINDOWS = 24; // of each domain, in the evaluation

export const main = command("fp8-curves", HELP, async (args) => {
  const { values } = readCall(args, {
    out: { type: "string" },
    variants: { type: "string", default: Object.keys(VARIANTS).join() },
    steps: { type: "string", default: "240" },
    batch: { type: "string", default: "4" },
    length: { type: "string", default: "128" },
    layers: { type: "string", default: String(MINI.config.numHiddenLayers) },
    experts: { type: "string", default: String(MINI.config.nRoutedExperts) },
    from: { type: "string" },
    rate: { type: "string", default: String(MINI.training.learningRate) },
    "no-mtp": { type: "boolean", default: false },
  });
  const number = (name: "steps" | "batch" | "length" | "layers" | "experts") =>
    readNumber(`--${name}`, values[name], { whole: true, least: 1 });
  const sized = {
    ...MINI.config,
    numHiddenLayers: number("layers"),
    nRoutedExperts: number("experts"),
    numNextnPredictLayers: values["no-mtp"] ? 0 : MINI.config.numNextnPredictLayers,
  };
  const learningRate = readNumber("--rate", values.rate, { above: 0 });
  const options = {
    ...MINI.training,
    learningRate,
    steps: number("steps"),
    batch: number("batch"),
    length: number("length"),
  };
  const names = values.variants.split(",") as VariantName[];
  const unknown = names.find((name) => !(name in VARIANTS));
  if (unknown !== undefined)
    throw new Error(`there is no variant ${unknown}; variants: ${Object.keys(VARIANTS).join(", ")}`);

  const out = values.out === undefined ? join("data", "curves", "fp8.json") : fromCaller(values.out);

  const corpus = openCorpus();
  const backend = await useBackend("wasm");
  const { config, weightsOf } = startingPoint(values.from && fromCaller(values.from), sized);
  const runs = openRuns(out, {
    run: {
      command: ["npm run fp8-curves --", ...args].join(" "),
      begun: new Date().toISOString(),
      trainingSeconds: 0,
      machine: {
        backend: backend.name,
        gpu: null,
        processor: os.cpus()[0]?.model ?? "unknown",
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
      },
      corpus: corpus.manifest.hash,
      config: writeConfig(config, "float32"),
      options: { ...options },
    },
    curves: [],
  });
  for (const name of names.filter((name) => !runs.curves.some(({ variant }) => variant === name))) {
    const curve = await trainVariant(name, new Training(config, withPrecision(options, name), weightsOf()), corpus);
    runs.curves.push(curve);
    runs.run.trainingSeconds += curve.seconds;
    writeRuns(out, runs);
    const last = curve.loss.slice(-20).reduce((sum, loss) => sum + loss, 0) / Math.min(20, curve.loss.length);
    console.log(
      `${name}: loss of the last steps ${last.toFixed(4)} nats, held out ${curve.heldOutMean.toFixed(4)} bits per byte`,
    );
  }
});

/** What the file holds, where it was made with the same corpus, config and options; else an empty record. */
function openRuns(file: string, empty: VariantRuns): VariantRuns {
  if (!existsSync(file)) return empty;
  const found = readJson(file) as unknown as VariantRuns;
  const settings = ({ run: { corpus, config, options } }: VariantRuns) => JSON.stringify({ corpus, config, options });
  return settings(found) === settings(empty) ? found : empty;
}

function writeRuns(file: string, runs: VariantRuns): void {
  mkdirSync(dirname(file), { recursive: true });
  const files = new FilesAside();
  try {
    writeJson(files.aside(file), runs);
    files.commit();
  } finally {
    files.discard();
  }
}

/** A trained model, or none: then Training draws weights of that config. */
function startingPoint(dir: string | undefined, sized: ModelConfig) {
  if (dir === undefined) return { config: sized, weightsOf: () => undefined };
  const { config, weights } = loadCheckpoint(dir);
  disposeWeights(weights);
  return { config, weightsOf: () => loadCheckpoint(dir).weights };
}

function withPrecision(options: TrainingOptions, variant: VariantName): TrainingOptions {
  const { precision } = VARIANTS[variant];
  const moments = precision === undefined ? "F32" : "BF16";
  return { ...options, precision, adamw: { ...options.adamw, moments } };
}

async function trainVariant(variant: VariantName, training: Training, corpus: Corpus): Promise<VariantCurve> {
  const { batch, length, seed, steps } = training.options;
  const loss: number[] = [];
  const begin = performance.now();
  for (let step = 0; step < steps; step++) {
    training.makeStep(drawBatch(corpus.train, { batch, length: length + 2, seed, step }));
    const report = await training.report();
    loss.push(round(report.main));
    if ((step + 1) % 20 === 0) console.log(`${variant}: step ${step + 1} of ${steps}, loss ${report.main.toFixed(4)}`);
  }
  const seconds = (performance.now() - begin) / 1000;
  const windows = evaluationWindows(corpus.heldOut, { length, count: WINDOWS, seed: 1 });
  const evaluation = await evaluate(training.model, windows, { batch: 8 });
  training.dispose();
  const heldOut = Object.fromEntries(
    DOMAINS.map((domain) => [domain, round(evaluation[domain].bitsPerByte)]),
  ) as VariantCurve["heldOut"];
  const heldOutMean = round(DOMAINS.reduce((sum, domain) => sum + evaluation[domain].bitsPerByte, 0) / DOMAINS.length);
  return { variant, loss, heldOut, heldOutMean, seconds: Math.round(seconds) };
}

/** Five digits after the point: more would be noise in the file. */
function round(value: number): number {
  return Number(value.toFixed(5));
}
