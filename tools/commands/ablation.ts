/**
 * npm run ablation -- --backend webgpu --out work/ablation
 *
 * Trains DeepSeek-V3's architecture, dense models of its size, and V3 with one idea after the other switched off, all
 * under one budget of FLOPs, and records each run in a file of its own. A run that the folder holds already, made in the
 * same way, is not made again. Several processes with folders of their own share the work; --from brings it together.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FilesAside } from "../../lib/checkpoint/files-aside";
import { readJson } from "../../lib/checkpoint/json-file";
import { openCorpus } from "../../lib/corpus/build";
import { CORPUS_FOLDER, DOMAINS, readCorpus, type Corpus } from "../../lib/corpus/corpus";
import { variantCounts, variantOf, VARIANTS, type VariantId } from "../../lib/economics/variants";
import { checkConfig, type ModelConfig } from "../../lib/model/config";
import { fixed, whole } from "../../lib/notebook/format";
import { duration } from "../../lib/notebook/progress";
import { mean } from "../../lib/statistics/interval";
import { useBackend, type BackendName } from "../../lib/tensor/backend";
import { gpuName } from "../../lib/tensor/webgpu/device";
import {
  needsReading,
  runAblation,
  stepsFor,
  variantOptions,
  type AblationPlan,
  type AblationRun,
} from "../../lib/training/ablation-run";
import { ablationFile, ablationIndex, INDEX_FILE, settingsOf } from "../../lib/training/ablation";
import { evaluationWindows } from "../../lib/training/evaluate";
import { PRESETS, type PresetName } from "../../lib/training/presets";
import type { TrainingOptions } from "../../lib/training/run";
import { command, fromCaller, oneOf, readCall, readNumber, toCaller } from "../cli";
import { commandLine, machineOf } from "../recorded";

/** Those that are trained where --only does not say it: all that a GPU can do. */
const USUAL = (Object.keys(VARIANTS) as VariantId[]).filter((id) => !needsReading(id));

/** V3's part of the budget, and how much of v3-mini it is: for about a quarter of an hour of one GPU in all. */
const SIZES = {
  "v3-mini": { layers: 4, steps: 400, batch: 48, length: 256 },
  "v3-micro": { layers: 3, steps: 300, batch: 8, length: 128 },
} as const satisfies Record<PresetName, object>;

/** The same windows of held-out text for every run. */
const EVALUATION_SEED = 1;

const HELP = `usage: npm run ablation -- [options]

Trains V3, dense models of its size, and V3 without one idea at a time, all with the same FLOPs, and records each run.
The budget is what V3 takes for --steps; the others make as many steps of the same batch as come nearest to it.

  --only A,B      variants: ${Object.keys(VARIANTS).join(", ")}. Default: all but ${Object.keys(VARIANTS)
    .filter((id) => needsReading(id))
    .join(" and ")},
                  which round activations on the processor and take --backend wasm or cpu
  --seeds 1,2     of the first weights and the batches; default 1,2,3
  --preset        v3-mini (for a GPU) or v3-micro (for a processor); default v3-mini
  --layers N      layers; default ${SIZES["v3-mini"].layers} of v3-mini's 6, ${SIZES["v3-micro"].layers} of v3-micro
  --steps N       of V3: they are the budget; default ${SIZES["v3-mini"].steps} for v3-mini, ${SIZES["v3-micro"].steps} for v3-micro
  --batch N       sequences a step; default ${SIZES["v3-mini"].batch} and ${SIZES["v3-micro"].batch}
  --length N      tokens of a sequence; default ${SIZES["v3-mini"].length} and ${SIZES["v3-micro"].length}
  --lr X          the learning rate's peak, one for all variants; default the preset's
  --evaluations N on held-out text over a run; default 5
  --windows N     of each kind of held-out text, in an evaluation; default 64
  --backend       auto, webgpu, wasm or cpu; default auto
  --corpus DIR    default ${CORPUS_FOLDER}
  --commit ID     of the code that runs, for the record; default "unknown"
  --out DIR       where the files go; default work/ablation
  --plan          says what would be trained, and trains nothing
  --from A,B      takes the runs of these folders into --out, writes the index, and trains nothing
  --help          print this`;

export const main = command("ablation", HELP, async (call) => {
  const args = readArguments(call);
  if (args.from !== undefined) return gather(args.from, args.out);
  const plans = args.only.flatMap((variant) => args.seeds.map((seed) => planOf(args, variant, seed)));
  describe(args, plans);
  if (args.planOnly) return;
  await trainAll(args, plans, call);
});

interface Arguments {
  only: VariantId[];
  seeds: number[];
  base: ModelConfig;
  options: TrainingOptions;
  evaluations: number;
  windows: number;
  backend: BackendName | "auto";
  corpus: string;
  commit: string;
  out: string;
  planOnly: boolean;
  from?: string[];
}

/** @throws if the call is not as HELP says */
function readArguments(call: string[]): Arguments {
  const text = { type: "string" } as const;
  const { values } = readCall(call, {
    only: { ...text, default: USUAL.join() },
    seeds: { ...text, default: "1,2,3" },
    preset: { ...text, default: "v3-mini" },
    layers: text,
    steps: text,
    batch: text,
    length: text,
    lr: text,
    evaluations: { ...text, default: "5" },
    windows: { ...text, default: "64" },
    backend: { ...text, default: "auto" },
    corpus: text,
    commit: { ...text, default: "unknown" },
    out: text,
    from: text,
    plan: { type: "boolean", default: false },
  });
  const preset = oneOf("--preset", values.preset, Object.keys(PRESETS) as PresetName[]);
  const sizes = SIZES[preset];
  const size = (name: keyof typeof sizes) =>
    readNumber(`--${name}`, values[name] ?? String(sizes[name]), { whole: true, least: 1 });
  const { config, training } = PRESETS[preset];
  const base = { ...config, numHiddenLayers: size("layers") };
  checkConfig(base);
  if (base.firstKDenseReplace >= base.numHiddenLayers) {
    throw new Error(`--layers is ${base.numHiddenLayers}; the first is dense, so that V3 needs 2 or more`);
  }
  const length = size("length");
  if (length > base.maxPositionEmbeddings) {
    throw new Error(`--length is ${length}; the model has ${base.maxPositionEmbeddings} positions`);
  }
  const only = listed("--only", values.only);
  only.forEach((id) => variantOf(id));
  const seedRule = { whole: true, least: 0, most: 2 ** 32 - 1 };
  const backend = oneOf("--backend", values.backend, ["auto", "webgpu", "wasm", "cpu"] as const);
  return {
    only: only as VariantId[],
    seeds: listed("--seeds", values.seeds).map((seed) => readNumber("--seeds", seed, seedRule)),
    base,
    options: {
      ...training,
      steps: size("steps"),
      batch: size("batch"),
      length,
      learningRate: readNumber("--lr", values.lr, { above: 0 }) ?? training.learningRate,
    },
    evaluations: readNumber("--evaluations", values.evaluations, { whole: true, least: 1 }),
    windows: readNumber("--windows", values.windows, { whole: true, least: 1 }),
    backend,
    corpus: values.corpus === undefined ? CORPUS_FOLDER : fromCaller(values.corpus),
    commit: values.commit,
    out: values.out === undefined ? join("work", "ablation") : fromCaller(values.out),
    planOnly: values.plan,
    from: values.from === undefined ? undefined : listed("--from", values.from).map(fromCaller),
  };
}

/** "a,b" → a, b. @throws if one is empty or comes twice */
function listed(option: string, value: string): string[] {
  const items = value.split(",").map((item) => item.trim());
  if (items.includes("")) throw new Error(`${option} is "${value}"; give names with a comma between two`);
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  if (twice !== undefined) throw new Error(`${option} is "${value}"; ${twice} is there twice`);
  return items;
}

type Plan = Omit<AblationPlan, "made">;

/** What a variant's run is: as many steps as come nearest to the FLOPs of V3's. */
function planOf({ base, options, windows }: Arguments, id: VariantId, seed: number): Plan {
  const { title, change, config: changed, ...variant } = variantOf(id);
  const { batch, length } = options;
  const counts = variantCounts(id, base, length);
  const budgetFlops = options.steps * batch * length * variantCounts("v3", base, length).trainingFlopsPerToken;
  const { steps, tokens, flops } = stepsFor(budgetFlops, counts.trainingFlopsPerToken, options);
  const config = changed(base);
  checkConfig(config);
  return {
    variant: id,
    title,
    change,
    config,
    multiHead: variant.multiHead ?? false,
    options: variantOptions(id, { ...options, seed, steps }),
    budgetFlops,
    costs: { ...counts, tokens, flops },
    heldOut: { windows, length, seed: EVALUATION_SEED },
  };
}

/** What is trained, a line for each variant. */
function describe({ seeds, only, options }: Arguments, plans: Plan[]): void {
  const [{ budgetFlops }] = plans;
  console.log(
    `budget: ${(budgetFlops / 1e12).toPrecision(4)} TFLOPs a run, V3's for ${whole(options.steps)} steps of ` +
      `${options.batch} × ${options.length} tokens; ${only.length} variants, seeds ${seeds.join(", ")}`,
  );
  for (const { variant, costs, options: own } of plans.filter(({ options: { seed } }) => seed === seeds[0])) {
    const { parameters, mtpParameters, trainingFlopsPerToken, flops, kvBytesPerToken } = costs;
    console.log(
      `  ${variant}: ${whole(own.steps)} steps, ${fixed((100 * flops) / budgetFlops, 2)}% of the budget; ` +
        `${fixed(trainingFlopsPerToken / 1e6, 2)} MFLOPs a token; ${whole(parameters.active)} active of ` +
        `${whole(parameters.total)} parameters (module: ${whole(mtpParameters.total)}); ${kvBytesPerToken} bytes of cache a token`,
    );
  }
}

async function trainAll(args: Arguments, plans: Plan[], call: string[]): Promise<void> {
  const corpus = args.corpus === CORPUS_FOLDER ? openCorpus() : readCorpus(args.corpus);
  void [{ ...corpus.train }, { ...corpus.heldOut }]; // a damaged file is told before anything else is done
  const backend = await useBackend(args.backend, { readsLater: true });
  console.log(`backend: ${backend}`);
  const onGpu = plans.find(({ variant }) => needsReading(variant) && backend.name === "webgpu");
  if (onGpu !== undefined) {
    throw new Error(`--only ${onGpu.variant}: it rounds activations on the processor; take --backend wasm or cpu`);
  }
  const machine = machineOf(backend.name, backend.name === "webgpu" ? await gpuName() : null);
  const look = { length: args.options.length, count: args.windows, seed: EVALUATION_SEED };
  const windows = evaluationWindows(corpus.heldOut, look);
  mkdirSync(args.out, { recursive: true });
  const all = plans.map((plan) => {
    const file = join(args.out, ablationFile(plan.variant, plan.options.seed));
    const complete = planWith(plan, { args, call, corpus, machine });
    return { file, complete, made: isMade(file, complete) };
  }); // before the first is trained: a folder with other runs is told at once
  for (const [at, { file, complete, made }] of all.entries()) {
    const name = `${complete.variant}, seed ${complete.options.seed} (${at + 1} of ${plans.length})`;
    if (made) {
      console.log(`${name}: is there already`);
      continue;
    }
    complete.made.begun = new Date().toISOString();
    const run = await runAblation(complete, corpus.train, {
      windows,
      evaluations: args.evaluations,
      reports: 20,
      onStep: progress(name),
    });
    save(file, rounded(run));
    saveIndex(args.out);
    const bits = run.evaluations[run.evaluations.length - 1].bitsPerByte;
    const peak = fixed(run.costs.peakTensorBytes / 1e9, 2);
    console.log(
      `${name}: ${fixed(mean(DOMAINS.map((domain) => bits[domain])), 4)} bits per byte held out; ` +
        `${duration(run.run.trainingSeconds)}; ${peak} GB of tensors at most`,
    );
  }
  console.log(`done: ${toCaller(args.out) || "."} has ${saveIndex(args.out)} runs and ${INDEX_FILE}`);
}

function planWith(
  plan: Plan,
  made: { args: Arguments; call: string[]; corpus: Corpus; machine: AblationPlan["made"]["machine"] },
): AblationPlan {
  return {
    ...plan,
    options: { ...plan.options, corpus: made.corpus.manifest.hash },
    made: {
      command: commandLine("ablation", made.call),
      begun: new Date().toISOString(),
      commit: made.args.commit,
      machine: made.machine,
      corpus: made.corpus.manifest.hash,
    },
  };
}

/** Whether the file holds the planned run already. @throws if it holds one that was made in another way */
function isMade(file: string, { options, made: { corpus }, ...plan }: AblationPlan): boolean {
  if (!existsSync(file)) return false;
  const found = readJson(file) as unknown as AblationRun;
  const planned = { ...plan, run: { corpus, options: { ...options } } };
  if (settingsOf(found) === settingsOf(planned)) return true;
  throw new Error(`${toCaller(file)} is a run with other options or another corpus: name another --out`);
}

/** A line every ten seconds, in a terminal one that is written over. */
function progress(
  name: string,
): (step: { step: number; steps: number; report?: { main: number; tokensPerSecond: number } }) => void {
  let shown = -Infinity;
  let loss = "";
  return ({ step, steps, report }) => {
    if (report !== undefined) loss = ` · loss ${fixed(report.main, 3)} · ${whole(report.tokensPerSecond)} tokens/s`;
    const now = performance.now();
    if (now - shown < (process.stdout.isTTY ? 250 : 10_000)) return;
    shown = now;
    const text = `${name}: step ${whole(step)} of ${whole(steps)}${loss}`;
    process.stdout.write(process.stdout.isTTY && step < steps ? `\r\x1b[K${text}` : `${text}\n`);
  };
}

/** Takes the runs of some folders into one. @throws if two of them hold one run */
function gather(from: string[], out: string): void {
  mkdirSync(out, { recursive: true });
  const seen = new Map<string, string>();
  for (const dir of from) {
    const files = runFiles(dir);
    if (files.length === 0) throw new Error(`--from: ${toCaller(dir) || "."} has no runs`);
    for (const file of files) {
      const before = seen.get(file);
      if (before !== undefined) {
        throw new Error(`--from: ${file} is in ${toCaller(before) || "."} and in ${toCaller(dir) || "."}; keep one`);
      }
      seen.set(file, dir);
    }
  }
  for (const [file, dir] of seen) save(join(out, file), readJson(join(dir, file)) as unknown as AblationRun);
  console.log(`${toCaller(out) || "."} has ${saveIndex(out)} runs and ${INDEX_FILE}`);
}

function runFiles(dir: string): string[] {
  if (!existsSync(dir)) throw new Error(`there is no folder ${toCaller(dir)}`);
  return readdirSync(dir)
    .filter((file) => file.endsWith(".json") && file !== INDEX_FILE)
    .sort();
}

/** Writes the index anew from what is there. @returns how many runs there are */
function saveIndex(dir: string): number {
  const runs = runFiles(dir).map((file) => readJson(join(dir, file)) as unknown as AblationRun);
  const known = Object.keys(VARIANTS);
  runs.sort((a, b) => known.indexOf(a.variant) - known.indexOf(b.variant) || a.seed - b.seed);
  save(join(dir, INDEX_FILE), ablationIndex(runs));
  return runs.length;
}

/** Each key of the object on a line of its own: whole lists a line would be too long, a number a line too many. */
function save(file: string, content: object): void {
  const lines = Object.entries(content).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const files = new FilesAside();
  try {
    writeFileSync(files.aside(file), `{\n${lines.join(",\n")}\n}\n`);
    files.commit();
  } finally {
    files.discard();
  }
}

/** Six digits of what was measured; config, options and counts stay as they are. */
function rounded(run: AblationRun): AblationRun {
  const { reports, evaluations } = run;
  const digits = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value), (_, x) => (typeof x === "number" ? Number(x.toPrecision(6)) : x)) as T;
  const exact = <T extends { step: number; tokens: number }>(list: T[]) =>
    list.map((entry) => ({ ...digits(entry), step: entry.step, tokens: entry.tokens }));
  const { trainingSeconds } = run.run;
  return {
    ...run,
    run: { ...run.run, trainingSeconds: digits(trainingSeconds) },
    reports: exact(reports),
    evaluations: exact(evaluations),
  };
}
