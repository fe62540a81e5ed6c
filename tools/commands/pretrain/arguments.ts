/** What can be said to npm run pretrain, and what the run is then made of. */
import { totalmem } from "node:os";
import { eachParameterShape } from "../../../lib/checkpoint/parameter-shapes";
import { readConfig } from "../../../lib/checkpoint/config-json";
import type { ModelConfig } from "../../../lib/model/config";
import { readJson } from "../../../lib/checkpoint/json-file";
import type { BackendName } from "../../../lib/tensor/backend";
import { VOCAB_SIZE } from "../../../lib/corpus/bytes";
import { CORPUS_FOLDER } from "../../../lib/corpus/corpus";
import type { Balance } from "../../../lib/training/objective";
import { PRESETS, type PresetName } from "../../../lib/training/presets";
import type { TrainingOptions } from "../../../lib/training/run";
import { fromCaller, oneOf, readCall, readNumber } from "../../cli";

export const HELP = `usage: npm run pretrain -- [options]

Trains a model on the corpus that npm run corpus builds, and saves it in the released layout. Ctrl-C saves; the same
command goes on from there. With more --steps a run goes on beyond its end, by the learning rates of the longer run.

  --preset      v3-micro (ten minutes on a processor) or v3-mini (for a GPU); default v3-micro
  --config      a config.json to take the model from, in place of the preset's
  --steps, --tokens or --minutes
                how long to train; for minutes, the speed is measured first. Default: the preset's steps
  --batch       sequences a step
  --length      tokens of a sequence
  --lr          the learning rate's peak
  --gamma       bias update speed
  --balance     bias (DeepSeek-V3's way), auxiliary (the classic loss) or none; default bias
  --no-mtp      without the multi-token prediction module
  --seed        of the first weights and the batches; default 1
  --backend     auto, webgpu, wasm or cpu; default auto
  --threads     cores that share the sequences of each step, on wasm and cpu; each more needs the model's memory once
                more. Rounding differs from one thread's. Default 1
  --corpus      folder of the corpus; default ${CORPUS_FOLDER}
  --out         folder of the run; default .cache/pretrain/<preset>
  --save-every  steps between two saved states; default 200
  --eval-every  steps between two evaluations on held-out text; default 200
  --help        print this`;

/** How long to train. */
export type Budget = { steps: number } | { minutes: number };

export interface Arguments {
  preset: PresetName;
  config: ModelConfig;
  /** All but the steps, which follow from the budget. */
  options: Omit<TrainingOptions, "steps">;
  /** undefined: a saved run's steps, else the preset's. */
  budget?: Budget;
  backend: BackendName | "auto";
  /** That share the sequences of each step. */
  threads: number;
  corpus: string;
  out: string;
  saveEvery: number;
  evalEvery: number;
}

/** @throws if the call is not as HELP says */
export function readArguments(args: string[]): Arguments {
  const text = { type: "string" } as const;
  const { values } = readCall(args, {
    preset: { ...text, default: "v3-micro" },
    config: text,
    steps: text,
    tokens: text,
    minutes: text,
    batch: text,
    length: text,
    lr: text,
    gamma: text,
    balance: text,
    "no-mtp": { type: "boolean", default: false },
    seed: text,
    backend: { ...text, default: "auto" },
    threads: text,
    corpus: text,
    out: text,
    "save-every": text,
    "eval-every": text,
  });
  type NumberName = "steps" | "tokens" | "batch" | "length" | "threads" | "save-every" | "eval-every";
  const whole = (name: NumberName, least = 1) => readNumber(`--${name}`, values[name], { whole: true, least });
  const positive = (name: "minutes" | "lr") => readNumber(`--${name}`, values[name], { above: 0 });
  const path = (name: "config" | "corpus" | "out") => values[name] && fromCaller(values[name]);

  const preset = oneOf("--preset", values.preset, Object.keys(PRESETS) as PresetName[]);
  const defaults = PRESETS[preset].training;
  const balance: readonly Balance[] = ["bias", "auxiliary", "none"];
  const options = {
    ...defaults,
    batch: whole("batch") ?? defaults.batch,
    length: whole("length") ?? defaults.length,
    learningRate: positive("lr") ?? defaults.learningRate,
    biasSpeed: readNumber("--gamma", values.gamma, { least: 0 }) ?? defaults.biasSpeed,
    balance: oneOf("--balance", values.balance ?? defaults.balance, balance),
    seed: readNumber("--seed", values.seed, { whole: true, least: 0, most: 2 ** 32 - 1 }) ?? defaults.seed,
  };
  const config = readModel(preset, path("config"), values["no-mtp"], options.length);
  checkMemory(config, options);
  return {
    preset,
    config,
    options,
    budget: readBudget({ steps: whole("steps"), tokens: whole("tokens"), minutes: positive("minutes") }, options),
    backend: oneOf("--backend", values.backend, ["auto", "webgpu", "wasm", "cpu"] as const),
    threads: readThreads(whole("threads") ?? 1, options),
    corpus: path("corpus") ?? CORPUS_FOLDER,
    out: path("out") ?? `.cache/pretrain/${preset}`,
    saveEvery: whole("save-every") ?? 200,
    evalEvery: whole("eval-every") ?? 200,
  };
}

/**
 * Before anything is made: weights, gradients and two moments of float32 must fit in the machine, and so must the logits
 * of a step. A run needs several times as much; this only refuses what cannot be.
 *
 * @throws if it does not fit
 */
function checkMemory(config: ModelConfig, { batch, length }: { batch: number; length: number }): void {
  const most = totalmem();
  const fits = (bytes: number, what: string) => {
    if (bytes <= most) return;
    const there = `${Math.floor(most / 1e9).toLocaleString("en")} GB`;
    throw new Error(`${what} do not fit in the ${there} of this machine's memory`);
  };
  fits(4 * batch * length * config.vocabSize, `--batch ${batch} and --length ${length}: the logits of a step`);
  let bytes = 0;
  for (const { shape } of eachParameterShape(config, { mtp: config.numNextnPredictLayers })) {
    bytes += 16 * shape.reduce((product, size) => product * size, 1);
    fits(bytes, "--config: weights, gradients and moments of this model");
  }
}

function readThreads(threads: number, { batch, balance }: { batch: number; balance: Balance }): number {
  if (threads > batch) throw new Error(`--threads is ${threads}; a step has ${batch} sequences to share (--batch)`);
  if (threads > 1 && balance === "auxiliary") {
    throw new Error("--threads: the auxiliary loss counts over a whole batch, so it is trained with one thread");
  }
  return threads;
}

function readModel(preset: PresetName, path: string | undefined, noMtp: boolean, length: number): ModelConfig {
  const given = path === undefined ? PRESETS[preset].config : readConfig(readJson(path));
  const config = noMtp ? { ...given, numNextnPredictLayers: 0 } : given;
  const demand = (fulfilled: boolean, message: string) => {
    if (!fulfilled) throw new Error(message);
  };
  const { vocabSize, maxPositionEmbeddings, numHiddenLayers, firstKDenseReplace, numNextnPredictLayers } = config;
  demand(vocabSize >= VOCAB_SIZE, `--config: vocab_size is ${vocabSize}; bytes and marks need ${VOCAB_SIZE}`);
  demand(
    numNextnPredictLayers <= 1,
    `--config: num_nextn_predict_layers is ${numNextnPredictLayers}; at most 1 is trained`,
  );
  demand(firstKDenseReplace < numHiddenLayers, "--config: first_k_dense_replace leaves no sparse layer to train");
  demand(
    length <= maxPositionEmbeddings,
    `--length is ${length}; the model has ${maxPositionEmbeddings} positions (max_position_embeddings)`,
  );
  return config;
}

function readBudget(
  given: { steps?: number; tokens?: number; minutes?: number },
  { batch, length }: { batch: number; length: number },
): Budget | undefined {
  const { steps, tokens, minutes } = given;
  if ([steps, tokens, minutes].filter((value) => value !== undefined).length > 1) {
    throw new Error("--steps, --tokens and --minutes: give one of them");
  }
  if (minutes !== undefined) return { minutes };
  if (tokens !== undefined) return { steps: Math.max(1, Math.round(tokens / (batch * length))) };
  return steps === undefined ? undefined : { steps };
}
