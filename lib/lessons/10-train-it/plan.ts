/**
 * From the parameters cell to a run: the model's configuration and the training's options. What cannot be is said by the
 * names of that cell, with a way out.
 */
import { host } from "../../host";
import { DOMAINS, type Corpus, type Domain } from "../../corpus/corpus";
import { latentCacheBytes } from "../../economics/memory";
import { forwardFlops, mtpForwardFlops, meanContext } from "../../economics/flops";
import { activeParameters, mtpParameters, totalParameters } from "../../economics/parameters";
import { checkConfig, type ModelConfig } from "../../model/config";
import { ALL_FP8_PRECISION, BF16_PRECISION, V3_PRECISION, type Precision } from "../../model/precision";
import { progress } from "../../notebook/progress";
import { train } from "../../training/loop";
import type { Balance } from "../../training/objective";
import { PRESETS } from "../../training/presets";
import { Training, type TrainingOptions } from "../../training/run";

/** How the model multiplies, by the names of the parameters cell. */
export const POLICIES: Record<string, Precision | undefined> = {
  float32: undefined,
  bf16: BF16_PRECISION,
  fp8: V3_PRECISION,
  "fp8-all": ALL_FP8_PRECISION,
};

/** What is chosen in the parameters cell. */
export interface Choices {
  /** Width, layers, heads, and the size of a step. */
  size: string;
  experts: number;
  active: number;
  latentRank: number;
  queryRank: number;
  mtpModules: number;
  policy: string;
  balance: string;
  novel: number;
  speeches: number;
  code: number;
  arithmetic: number;
  seed: number;
}

/** A run that has not begun. */
export interface Plan {
  choices: Choices;
  config: ModelConfig;
  options: TrainingOptions;
}

/** Tokens of a sequence, and sequences of a step, where a run is short: many small steps rather than few large ones. */
const SMALL_STEP = { batch: 8, length: 64 } as const;

/**
 * The run that the choices make.
 *
 * @param steps of the whole run
 * @throws if there is no such model or training; the message names the parameters and a way out
 */
export function planRun(choices: Choices, steps: number, corpus: Pick<Corpus, "manifest">): Plan {
  const preset = PRESETS[choices.size as keyof typeof PRESETS];
  const { experts, active, latentRank, queryRank, mtpModules, policy, balance, seed } = choices;
  const groups = experts % 4 === 0 && experts >= 8 ? { nGroup: 4, topkGroup: 2 } : { nGroup: 1, topkGroup: 1 };
  const reachable = (experts / groups.nGroup) * groups.topkGroup;
  if (active > reachable) {
    throw new Error(
      `active = ${active} with experts = ${experts}: a token reaches ${reachable} experts` +
        (groups.nGroup === 1 ? "" : `, those in ${groups.topkGroup} of ${groups.nGroup} groups`) +
        `. Lower active to ${reachable}, or raise experts`,
    );
  }
  const mixture = Object.fromEntries(DOMAINS.map((domain) => [domain, choices[domain]])) as Record<Domain, number>;
  if (DOMAINS.every((domain) => mixture[domain] === 0)) {
    throw new Error(`${DOMAINS.join(", ")} are all 0: there is nothing to read. Give one of them a share above 0`);
  }
  const config: ModelConfig = {
    ...preset.config,
    ...groups,
    nRoutedExperts: experts,
    numExpertsPerTok: active,
    kvLoraRank: latentRank,
    qLoraRank: queryRank,
    numNextnPredictLayers: mtpModules,
  };
  checkConfig(config);
  const options: TrainingOptions = {
    ...preset.training,
    ...(choices.size === "v3-micro" ? SMALL_STEP : {}),
    steps,
    seed,
    balance: balance as Balance,
    corpus: corpus.manifest.hash,
    mixture,
    ...(POLICIES[policy] === undefined ? {} : { precision: POLICIES[policy] }),
  };
  return { choices, config, options };
}

/**
 * How many steps some minutes hold: measured on a run that is thrown away, so that the schedule of the real one is known
 * from its first step on.
 *
 * @param trialSteps how many steps are measured, after the first few
 */
export async function stepsIn(
  minutes: number,
  choices: Choices,
  corpus: Corpus,
  { trialSteps = 15 }: { trialSteps?: number } = {},
): Promise<{ steps: number; tokensPerSecond: number }> {
  const begin = performance.now();
  const { config, options } = planRun(choices, trialSteps, corpus);
  const trial = new Training(config, options);
  let tokensPerSecond = 0;
  try {
    const made = train(trial, corpus.train, { reportEvery: 5 });
    for await (const measured of progress(trialSteps, "measuring the speed", { unit: "steps" })) {
      void measured;
      const { value } = await made.next();
      tokensPerSecond = Math.max(tokensPerSecond, value?.report?.tokensPerSecond ?? 0); // the first steps compile
    }
  } finally {
    trial.dispose();
  }
  const seconds = 60 * minutes - (performance.now() - begin) / 1000;
  const steps = Math.max(1, Math.floor((seconds * tokensPerSecond) / (options.batch * options.length)));
  return { steps, tokensPerSecond };
}

/** A name for a run: the same for the same model, options and number of steps. */
export function runId({ config, options }: Plan): string {
  const hash = host
    .hash()
    .update(JSON.stringify([config, options]))
    .digest();
  return hash.slice(0, 10);
}

/** What a run costs, counted. */
export interface PlanCosts {
  /** Of the main model; with head and embedding. */
  total: number;
  /** Those that work on a token; with the head. */
  active: number;
  /** That the module adds. */
  module: number;
  /** Bytes of cache that a token adds, in BF16. */
  cacheBytes: number;
  tokens: number;
  /** Of the training: three times the forward pass, module included. */
  flops: number;
}

/** Counts a plan's costs from its configuration and options. */
export function planCosts({ config, options }: Pick<Plan, "config" | "options">): PlanCosts {
  const { steps, batch, length } = options;
  const tokens = steps * batch * length;
  const context = meanContext(length, true);
  const modules = config.numNextnPredictLayers;
  const forward = forwardFlops(config, context) + modules * mtpForwardFlops(config, context);
  return {
    total: totalParameters(config),
    active: activeParameters(config, { head: true, embedding: false }),
    module: modules * mtpParameters(config).unique,
    cacheBytes: latentCacheBytes(config),
    tokens,
    flops: 3 * forward * tokens,
  };
}
