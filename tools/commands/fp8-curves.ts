/**
 * npm run fp8-curves -- --out data/curves/fp8.json
 *
 * Trains one model for each way of computing in few bits (lib/lessons/04-fp8-training/fp8-variants.ts) and each seed, and
 * records the curves. Runs of one seed have the same first weights and the same batches. The file is written after each
 * run; a run that it already holds, made with the same options, is not made again.
 */
import { join } from "node:path";
import { loadCheckpoint } from "../../lib/checkpoint/checkpoint";
import { writeConfig } from "../../lib/checkpoint/config-json";
import type { ModelConfig } from "../../lib/model/config";
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
import { mean } from "../../lib/statistics/interval";
import { MINI } from "../../lib/training/presets";
import { Training, type TrainingOptions } from "../../lib/training/run";
import { command, fromCaller, readCall, readNumber } from "../cli";
import { resultOf, severalAtOnce } from "../processes";
import { commandLine, machineOf, openRecorded, saveRecorded } from "../recorded";

const HELP = `npm run fp8-curves -- [options]

Trains v3-mini, or a smaller model of its widths, in several precisions and records how each went.

  --out FILE        where to (data/curves/fp8.json)
  --seeds 1,2       of the first weights and the batches; a run for each variant and seed (1)
  --processes N     runs that are made at the same time, each by a process of its own (1)
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
    seeds: { type: "string", default: "1" },
    processes: { type: "string", default: "1" },
    steps: { type: "string", default: "240" },
    batch: { type: "string", default: "4" },
    length: { type: "string", default: "128" },
    layers: { type: "string", default: String(MINI.config.numHiddenLayers) },
    experts: { type: "string", default: String(MINI.config.nRoutedExperts) },
    from: { type: "string" },
    rate: { type: "string", default: String(MINI.training.learningRate) },
    "no-mtp": { type: "boolean", default: false },
  });
  const number = (name: "steps" | "batch" | "length" | "layers" | "experts" | "processes") =>
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
  const seeds = values.seeds.split(",").map((seed) => readNumber("--seeds", seed, { whole: true, least: 0 }));

  const out = values.out === undefined ? join("data", "curves", "fp8.json") : fromCaller(values.out);

  const corpus = openCorpus();
  const backend = await useBackend("wasm");
  const { config, weightsOf } = startingPoint(values.from && fromCaller(values.from), sized);
  const runs = openRecorded<VariantRuns>(out, {
    run: {
      command: commandLine("fp8-curves", args),
      begun: new Date().toISOString(),
      trainingSeconds: 0,
      machine: machineOf(backend.name),
      corpus: corpus.manifest.hash,
      config: writeConfig(config, "float32"),
      options: { ...options, seed: undefined },
    },
    curves: [],
  });
  const keep = (curve: VariantCurve) => {
    const { variant, seed, loss, heldOutMean, seconds } = curve;
    runs.curves.push(curve);
    runs.curves.sort((a, b) => orderOf(a) - orderOf(b) || a.seed - b.seed);
    runs.run.trainingSeconds += seconds;
    saveRecorded(out, runs);
    const last = mean(loss.slice(-20));
    console.log(
      `${variant}, seed ${seed}: loss of the last steps ${last.toFixed(4)} nats, held out ${heldOutMean.toFixed(4)} bits per byte`,
    );
  };
  const missing = seeds
    .flatMap((seed) => names.map((variant) => ({ variant, seed })))
    .filter((run) => !runs.curves.some(({ variant, seed }) => variant === run.variant && seed === run.seed));
  const train = ({ variant, seed }: Run) =>
    trainVariant(variant, new Training(config, withPrecision({ ...options, seed }, variant), weightsOf()), corpus);
  const processes = number("processes");
  const elsewhere = async ({ variant, seed }: Run) => {
    const own = [...args, "--variants", variant, "--seeds", String(seed), "--processes", "1"]; // the last one counts
    return ((await resultOf("fp8-curves", own)) as VariantRuns).curves[0];
  };
  const work = processes === 1 ? train : elsewhere;
  await severalAtOnce(missing, processes, async (run) => keep(await work(run)));
});

type Run = Pick<VariantCurve, "variant" | "seed">;

const orderOf = ({ variant }: Run) => Object.keys(VARIANTS).indexOf(variant);

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
    if ((step + 1) % 20 === 0)
      console.log(`${variant}, seed ${seed}: step ${step + 1} of ${steps}, loss ${report.main.toFixed(4)}`);
  }
  const seconds = (performance.now() - begin) / 1000;
  const windows = evaluationWindows(corpus.heldOut, { length, count: WINDOWS, seed: 1 });
  const evaluation = await evaluate(training.model, windows, { batch: 8 });
  training.dispose();
  const heldOut = Object.fromEntries(
    DOMAINS.map((domain) => [domain, round(evaluation[domain].bitsPerByte)]),
  ) as VariantCurve["heldOut"];
  const heldOutMean = round(mean(DOMAINS.map((domain) => evaluation[domain].bitsPerByte)));
  return { variant, seed, loss, heldOut, heldOutMean, seconds: Math.round(seconds) };
}

/** Five digits after the point: more would be noise in the file. */
function round(value: number): number {
  return Number(value.toFixed(5));
}
