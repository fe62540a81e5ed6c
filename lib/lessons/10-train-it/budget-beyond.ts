/** The ablation beside what the papers report, and at DeepSeek-V3's own dimensions: where its directions hold, and how far. */
import { value } from "../../economics/facts";
import { costAtV3, variantOf, VARIANTS } from "../../economics/variants";
import { money, percent, times, whole } from "../../notebook/format";
import type { Comparison } from "../../statistics/comparison";
import type { AblationRow } from "../../training/ablation";
import { compareSeeds, finalEvaluation, RUN_MEASURES } from "../../training/compare-seeds";
import { recordedRuns } from "../../training/record";
import { models, type Ablation } from "./one-budget";

/** What a paper reports of the loss (or the scores) without an idea. */
interface Reported {
  order: "higher" | "equal";
  says: string;
  where: string;
  url: string;
}

const DEEPSEEK_MOE = "https://arxiv.org/abs/2401.06066";
const V2_REPORT = "https://arxiv.org/abs/2405.04434";
const V3_REPORT = "https://arxiv.org/abs/2412.19437";

const REPORTED: Record<string, Reported> = {
  "dense-active": {
    order: "higher",
    says: "Experts beat a dense model of about their active parameters.",
    where: "DeepSeekMoE, table 1",
    url: DEEPSEEK_MOE,
  },
  "few-experts": {
    order: "higher",
    says: "Many small experts, one of them shared, beat few large ones.",
    where: "DeepSeekMoE, table 1",
    url: DEEPSEEK_MOE,
  },
  "no-shared": {
    order: "higher",
    says: "A shared expert helps on most tests.",
    where: "DeepSeekMoE, section 4.4",
    url: DEEPSEEK_MOE,
  },
  "auxiliary-loss": {
    order: "equal",
    says: "The classic loss over the batch ends like the bias.",
    where: "V3's report, section 4.5.3",
    url: V3_REPORT,
  },
  "multi-head": {
    order: "higher",
    says: "Latent attention beats multi-head attention.",
    where: "V2's report, appendix D.2",
    url: V2_REPORT,
  },
  "no-mtp": {
    order: "higher",
    says: "The module helps on most tests, at equal tokens.",
    where: "V3's report, section 4.5.1",
    url: V3_REPORT,
  },
};

/** An idea, what a paper reports of it, and whether these runs say the same. */
export interface BesidePaper {
  model: string;
  paper: string;
  where: string;
  url: string;
  here: "the same" | "the other way" | "cannot tell";
}

/** The variants that a paper reports on. */
export function besidePapers({ rows }: Ablation): BesidePaper[] {
  return rows.slice(1).flatMap(({ variant, title, loss }) => {
    const reported = REPORTED[variant] as Reported | undefined;
    if (reported === undefined) return [];
    const { says, where, url } = reported;
    return [{ model: title, paper: says, where, url, here: agreement(reported, loss!) }];
  });
}

function agreement({ order }: Reported, loss: Comparison): BesidePaper["here"] {
  if (loss.order === "cannot tell") return "cannot tell"; // also beside "equal": equal is more than could be shown
  return loss.order === order ? "the same" : "the other way";
}

/** Which directions hold, and which do not. */
export function directionsSentence(ablation: Ablation): string {
  const beside = besidePapers(ablation);
  const said = (here: BesidePaper["here"], text: string) => {
    const titles = beside.filter((one) => one.here === here).map(({ model }) => model);
    return titles.length === 0 ? [] : [`${text}: ${models(titles)}.`];
  };
  return [
    ...said("the same", "As the papers say"),
    ...said("the other way", "The other way than the papers say"),
    ...said("cannot tell", "Not to be told from these seeds"),
  ].join(" ");
}

/** Why leaving out the module is another matter here than in V3: its share of the training. Empty without such a row. */
export function moduleSentence({ rows }: Ablation): string {
  const [v3] = rows;
  const without = rows.find(({ variant }) => variant === "no-mtp");
  if (without === undefined) return "";
  const here = 1 - without.costs.trainingFlopsPerToken / v3.costs.trainingFlopsPerToken;
  return (
    `The module takes ${percent(here)} of the FLOPs of a training token in this small model, and ` +
    `${percent(1 - costAtV3("no-mtp").flopsRatio)} in V3: without it, the same budget holds ` +
    `${whole(without.steps)} steps here in place of ${whole(v3.steps)}.`
  );
}

/** Three of the variants, by the name of their runs in data/curves. */
const LONGER = { auxiliary: "auxiliary-loss", none: "no-balancing", "no-mtp": "no-mtp" } as const;

/** What the longer runs say of a variant. */
type LongerRuns = Comparison & { variant: string };

/** What longer runs of v3-mini say of three of the variants: all of them read equally many tokens. */
export function atEqualTokens(read = recordedRuns): { tokens: number; said: LongerRuns[] } {
  const all = read("bias");
  const said = (Object.keys(LONGER) as (keyof typeof LONGER)[]).map((name) => ({
    variant: LONGER[name],
    ...compareSeeds(
      { name: variantOf(LONGER[name]).phrase, runs: read(name) },
      { name: variantOf("v3").phrase, runs: all },
      RUN_MEASURES.bitsPerByte,
    ),
  }));
  return { tokens: finalEvaluation(all[0]).tokens, said };
}

/** What the runs of one budget leave open and the longer ones decide; empty where that is nothing. */
export function decidedLater({ rows }: Ablation, longer = atEqualTokens().said): string {
  const open = rows.filter(({ loss }) => loss?.order === "cannot tell").map(({ variant }) => variant);
  const decided = longer.filter(({ variant, order }) => order !== "cannot tell" && open.includes(variant));
  if (decided.length === 0) return "";
  const titles = models(decided.map(({ variant }) => variantOf(variant).title));
  return `The short runs leave it open, and the longer ones do not: ${titles}. "Cannot tell" is not "makes no difference".`;
}

/** What each variant would be at DeepSeek-V3's dimensions, on its tokens. */
export function atV3Table({ rows }: Ablation): Record<string, string | number>[] {
  return rows
    .filter(({ variant }) => variant in VARIANTS)
    .map(({ variant, title }) => {
      const { counts, flopsRatio, dollars, extraDollars } = costAtV3(variant);
      return {
        model: title,
        "in all (billions)": counts.parameters.total / 1e9,
        "active (billions)": counts.parameters.active / 1e9,
        "FLOPs a token, V3 = 1": flopsRatio,
        "pre-training (million dollars)": inMillions(dollars),
        "more than V3's": inMillions(extraDollars),
        "cache, kB a token": counts.kvBytesPerToken / 1e3,
      };
    });
}

/** To ten thousand dollars: the hours that are scaled have no more digits. */
const inMillions = (dollars: number) => Math.round(dollars / 1e4) / 100;

/** What is dearest at V3's size, in training and in the cache. */
export function atV3Sentence({ rows }: Ablation): string {
  const [v3, ...others] = rows
    .filter(({ variant }) => variant in VARIANTS)
    .map(({ variant, title }) => ({ title, ...costAtV3(variant) }));
  if (others.length === 0) return "";
  const dearest = others.reduce((a, b) => (b.dollars > a.dollars ? b : a));
  const widest = others.reduce((a, b) => (b.counts.kvBytesPerToken > a.counts.kvBytesPerToken ? b : a));
  const cache = widest.counts.kvBytesPerToken / v3.counts.kvBytesPerToken;
  return [
    dearest.flopsRatio < 1.01
      ? "By its FLOPs no change here makes V3's pre-training dearer by a hundredth."
      : `Dearest is *${dearest.title}*: ${times(dearest.flopsRatio)} V3's FLOPs, ${money(dearest.dollars)} in place of ` +
        `${money(v3.dollars)}.`,
    ...(cache > 1 ? [`The largest cache has *${widest.title}*: ${times(cache)} V3's bytes a token.`] : []),
  ].join(" ");
}

/** How small the runs are, and what that leaves open. */
export function scaleSentence({ rows, runs }: Ablation): string {
  const v3Tokens = value("training-runs", "deepseek-v3", "tokens");
  const [v3] = rows;
  const shortest = rows.reduce((a, b) => (b.steps < a.steps ? b : a));
  const { warmUpSteps } = runs[0].run.options.schedule as { warmUpSteps: number };
  const steps = (row: AblationRow) => `${percent(Math.min(1, warmUpSteps / row.steps))} of the run`;
  return (
    `A run reads ${(v3.costs.tokens / 1e6).toPrecision(2)} million tokens, V3 read about ` +
    `${whole(Number((v3Tokens / v3.costs.tokens).toPrecision(2)))} times as many. The learning rate rises over the first ${whole(warmUpSteps)} steps, which are ${steps(v3)} for V3 and ` +
    `${steps(shortest)} for *${shortest.title}*: what makes fewer steps begins late, too. And ${whole(rows.length - 1)} ` +
    `intervals of 95% are looked at together; of every twenty such intervals, one is expected to miss the true difference.`
  );
}
