/**
 * What each idea of DeepSeek-V3 changes under one budget of FLOPs: the recorded ablation as lesson 10 shows it, and a
 * learner's own run beside it.
 */
import { variantOf, VARIANTS } from "../../economics/variants";
import { fixed, listed, percent, whole } from "../../notebook/format";
import type { Figure } from "../../notebook/plot/plot";
import { rangeChart } from "../../notebook/plot/range-chart";
import { ablationRows, recordedAblation, type AblationRow } from "../../training/ablation";
import { needsReading, type AblationRun } from "../../training/ablation-run";
import type { Comparison } from "../../statistics/comparison";
import { meanBits, type BoardLine } from "./board";

/** The runs of a folder and their table. */
export interface Ablation {
  runs: AblationRun[];
  rows: AblationRow[];
}

/**
 * @param folder from the project's root; the course's own runs where left out
 * @throws if the runs cannot be compared, or there are only V3's
 */
export function openAblation(folder?: string): Ablation {
  return ablationOf(recordedAblation(folder));
}

/** @throws as openAblation */
export function ablationOf(runs: AblationRun[]): Ablation {
  const rows = ablationRows(runs, ({ variant, title }) => phraseOf(variant, title));
  if (rows.length === 1) throw new Error("ablation: there are runs of V3 alone; train another model beside it");
  return { runs, rows };
}

/** Models in a sentence; their titles may have commas. */
export function models(titles: readonly string[]): string {
  return listed(titles.map((title) => `*${title}*`));
}

function phraseOf(variant: string, title: string): string {
  return variant in VARIANTS ? variantOf(variant).phrase : `for ${title}`;
}

/** The table's rows: V3, what is compared with it, and a learner's own run where there is one. */
export function budgetTable({ rows }: Ablation, own: BoardLine | null): Record<string, string | number | undefined>[] {
  const table = rows.map(({ title, loss, seeds, steps, bitsPerByte, costs }) => ({
    model: title,
    "bits per byte": bitsPerByte,
    "above V3's": loss?.interval.estimate,
    "95% interval": loss === null ? undefined : intervalOf(loss),
    seeds: loss?.interval.count ?? seeds.length,
    steps,
    "MFLOPs a token": costs.trainingFlopsPerToken / 1e6,
    "active (millions)": costs.parameters.active / 1e6,
    "in all (millions)": costs.parameters.total / 1e6,
    "tensors at most (GB)": costs.peakTensorBytes / 1e9,
    "cache, bytes a token": costs.kvBytesPerToken,
  }));
  if (own === null) return table;
  const { flops, tokens, active, total, cacheBytes } = own.costs;
  const yours = {
    model: "yours",
    "bits per byte": meanBits(own),
    "above V3's": undefined,
    "95% interval": undefined,
    seeds: 1,
    steps: own.steps,
    "MFLOPs a token": flops / tokens / 1e6,
    "active (millions)": active / 1e6,
    "in all (millions)": total / 1e6,
    "tensors at most (GB)": undefined,
    "cache, bytes a token": cacheBytes,
  };
  return [...table, yours];
}

function intervalOf({ interval: { low, high } }: Comparison): string {
  if (!Number.isFinite(low)) return "none: one seed";
  return `${fixed(low, 3)} to ${fixed(high, 3)}`;
}

/** Why a learner's run stands in the table without a difference. */
export function ownRunSentence({ runs }: Ablation, own: BoardLine): string {
  const [{ budgetFlops }] = runs;
  const share = own.costs.flops / budgetFlops;
  const budget =
    Math.abs(share - 1) < 0.01
      ? "It took as many FLOPs"
      : `It took ${share < 0.001 ? "less than a thousandth" : percent(share)} of the budget`;
  return (
    `Your run stands there with its loss alone. ${budget}, it was measured on windows of its own, and one seed has no ` +
    `interval. So nothing can be said of it beside V3.`
  );
}

/** What the seeds decide, with the steps where these are others than V3's, and at the end what they leave open. */
export function budgetSentences({ rows }: Ablation): string[] {
  const [v3, ...others] = rows;
  const open = others.filter(({ loss }) => loss!.order === "cannot tell").map(({ title }) => title);
  const decided = others.filter(({ loss }) => loss!.order !== "cannot tell");
  return [
    ...decided.map(({ loss, steps }) => {
      const made = steps === v3.steps ? "" : ` It made ${whole(steps)} steps in place of ${whole(v3.steps)}.`;
      return `${loss!.text}${made}`;
    }),
    ...(open.length === 0 ? [] : [`These seeds cannot tell from V3: ${models(open)}.`]),
  ];
}

/** The variants that no run here is of; empty where there is none. */
export function notTrainedSentence({ rows }: Ablation): string {
  const trained = rows.map(({ variant }) => variant);
  const missing = Object.entries(VARIANTS).filter(([id]) => !trained.includes(id));
  const precise = missing.filter(([id]) => needsReading(id)).map(([, { title }]) => title);
  const others = missing.filter(([id]) => !needsReading(id)).map(([, { title }]) => title);
  return [
    ...(others.length === 0 ? [] : [`Not trained: ${models(others)}.`]),
    ...(precise.length === 0
      ? []
      : [`${models(precise)}: not trained here, since a GPU's steps do not round activations. Lesson 04 has them.`]),
  ].join(" ");
}

/** Seeds that are missing, by variant; empty where none is. */
export function missingSentence({ rows }: Ablation): string {
  const lacking = rows.filter(({ missing }) => missing.length > 0);
  return lacking
    .map(({ title, missing }) => `Of *${title}* seed ${listed(missing)} is missing: it is compared by the others.`)
    .join(" ");
}

/** What came of a guess: which model of the table one would take in V3's place. */
export function guessSentence({ rows }: Ablation, guess: string): string {
  const others = rows.slice(1);
  const row = others.find(({ title }) => title === guess);
  if (row === undefined)
    return `"${guess}" is no model of the table; there are ${models(others.map(({ title }) => title))}.`;
  const said = {
    lower: "The seeds agree: it ends with less loss than V3.",
    higher: "It ends with more loss than V3.",
    "cannot tell": "The seeds cannot tell it from V3.",
  }[row.loss!.order];
  return `You would take *${guess}*. ${said}`;
}

/** The differences with their intervals, by what can be said of them. */
export function budgetChart({ rows }: Ablation): Figure {
  const names = { higher: "more loss than V3", lower: "less loss than V3", "cannot tell": "cannot tell" };
  const others = rows.slice(1);
  const series = (Object.keys(names) as (keyof typeof names)[]).map((order) => ({
    name: names[order],
    points: others
      .filter(({ loss }) => loss!.order === order)
      .map(({ title, loss }) => {
        const { estimate, low, high } = loss!.interval;
        const range = Number.isFinite(low) ? { low, high } : {};
        return { label: title, value: estimate, ...range };
      }),
  }));
  return rangeChart({
    title: "Which change of V3 costs loss, at equal FLOPs?",
    x: { title: "held-out loss above V3's (bits per byte; bars: 95% intervals)" },
    series: series.filter(({ points }) => points.length > 0),
    labels: others.map(({ title }) => title),
    marks: [{ name: "V3", x: 0 }],
  });
}

/** When, with what and from what the runs were made. */
export function provenance({ runs, rows }: Ablation): string {
  const each = (of: (run: AblationRun) => string) => listed([...new Set(runs.map(of))]);
  const [{ run, heldOut, budgetFlops }] = runs.filter(({ variant }) => variant === rows[0].variant);
  const { batch, length, steps } = run.options as Record<string, number>;
  const days = [...new Set(runs.map((each) => each.run.begun.slice(0, 10)))].sort();
  const machine = each(
    ({ run: { machine } }) => `${machine.gpu?.split(",")[0] ?? machine.processor} (${machine.backend})`,
  );
  return (
    `${whole(runs.length)} runs of \`npm run ablation\`, ${listed(days)}, on ${machine}; commit ${run.commit}, corpus ` +
    `${run.corpus.slice(0, 8)}. The budget is ${(budgetFlops / 1e12).toPrecision(3)} TFLOPs a run: V3's for ` +
    `${whole(steps)} steps of ${batch} × ${length} tokens. Loss is that of ${heldOut.windows} windows of ` +
    `${heldOut.length} tokens of each kind of held-out text.`
  );
}
