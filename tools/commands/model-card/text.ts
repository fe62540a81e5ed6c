/** The card's text. Every figure in it is measured or read from a record. */
import { fixed, percent, whole } from "../../../lib/notebook/format";
import { DOMAINS, type CorpusManifest } from "../../../lib/corpus/corpus";
import type { ModelConfig } from "../../../lib/model/config";
import type { Curves, RecordedRun, RunRecord } from "../../../lib/training/record";
import type { CardEvaluation } from "./measure";

export interface CardContent {
  /** What the model is called. */
  name: string;
  config: ModelConfig;
  /** How it was trained, and how that went; null where it is not recorded. */
  run: RunRecord | null;
  curves: Curves | null;
  corpus: CorpusManifest;
  evaluation: CardEvaluation;
  /** What npm run quantise found, where the weights are in FP8: held-out bits per byte of the BF16 weights, and of these. */
  quantised: { bytes: Record<"before" | "after", number>; before: { mean: number }; after: { mean: number } } | null;
  /** What npm run agree found, where it was run: of these weights, and of the BF16 weights before. */
  agreements: Record<string, unknown>[];
  /** A run over fewer tokens, told of where it has the same shape. */
  other: RecordedRun;
}

export function cardText(content: CardContent): string {
  const { name, config, run, curves, corpus, evaluation, quantised, agreements } = content;
  const mtp = config.numNextnPredictLayers > 0;
  const seen =
    run === null
      ? ""
      : ` It has
seen windows of ${whole(Number(run.options.length))} tokens: beyond that many positions its text falls apart.`;
  return `# ${name}

A small DeepSeek-V3, trained from nothing by this course's own TypeScript (\`npm run pretrain\`), for the lessons to look
into. ${mtp ? "It has every mechanism of the large one" : "It has the mechanisms of the large one but multi-token prediction"}: ${config.qLoraRank === null ? "" : "compressed queries and "}a latent cache, ${config.firstKDenseReplace > 0 ? "a dense first layer, " : ""}groups of
routed experts and a shared one, a router with sigmoid scores and a correction bias${mtp ? ", a multi-token prediction module" : ""}. The
files are in the layout in which DeepSeek-V3 was released${mtp ? ", the module as the extra layer" : ""}.

It is no assistant. It knows some English prose, TypeScript and sums, one byte at a time, and makes things up.${seen}

## Training

${training(content)}

## What it read

| domain | from | licence | training bytes | held-out bytes |
|---|---|---|---|---|
${corpus.sources.map((s) => `| ${s.domain} | ${s.origin}: ${s.what} | ${s.licence} | ${whole(s.bytes.train)} | ${whole(s.bytes.heldOut)} |`).join("\n")}

A document is either trained on or held out. No part of the corpus is in this folder; \`npm run corpus\` builds it.

## How well it predicts

Bits per byte on ${evaluation.windows} windows of ${evaluation.length} tokens of held-out text of each domain, beside
statistics of the last three or five bytes of the same training text (interpolated as Witten and Bell, 1991):

| domain | ${name} | order 3 | order 5 | one token further (MTP) | drafts accepted, greedy | sampled |
|---|---|---|---|---|---|---|
${DOMAINS.map((name) => {
  const d = evaluation.domains[name];
  const cells = [name, fixed(d.bitsPerByte), fixed(d.statistics[3]), fixed(d.statistics[5])];
  const mtp = d.mtpBitsPerByte === null ? "none" : fixed(d.mtpBitsPerByte);
  return `| ${[...cells, mtp, ...(["greedy", "sampled"] as const).map((kind) => (d.acceptance === null ? "none" : percent(d.acceptance[kind])))].join(" | ")} |`;
}).join("\n")}

"Accepted" is measured along the held-out text, at every position: greedy where module and main model name the same
token, sampled as the chance that a drawn draft passes the verification.

## How it uses its experts

${busiestText(curves)}On
held-out text, by router, with the mutual information of domain and expert (${fixed(Math.log2(DOMAINS.length), 0)} bits would mean that the expert
gives the domain away):

| router | MaxVio, all domains | I(domain; expert), bits |
|---|---|---|
${evaluation.routers.map((r) => `| ${r.name} | ${fixed(r.maxVio)} | ${fixed(r.mutualInformation, 3)} |`).join("\n")}

## Samples

Temperature 0.7, the first draw.

${DOMAINS.map((name) => `**${name}**\n\n\`\`\`text\n${evaluation.domains[name].prompt}⟶${evaluation.domains[name].sample}\n\`\`\``).join("\n\n")}

## Stored in FP8

${quantised === null ? "No." : storage(quantised)}

## Checked against transformers

${agreements.length === 0 ? "Not checked yet: `npm run agree` does it where Python has torch and transformers." : agreements.map(agreementText).join("\n\n")}

MIT licence, as the course. The training text is public domain, Apache-2.0 code, and generated sums.
`;
}

function busiestText(curves: Curves | null): string {
  const last = curves?.reports.at(-1);
  if (last === undefined) return "";
  const busiest = Math.max(...last.maxVio);
  return `In the last training steps the busiest expert of any layer had ${fixed(1 + busiest)} times the mean load (MaxVio ${fixed(busiest)}). `;
}

/** How it was trained, as far as that is recorded. */
function training({ run, curves, corpus, quantised, other }: CardContent): string {
  const last = curves?.reports.at(-1);
  const rows = [
    ...(run === null ? [] : [`| command | \`${run.command}\` |`]),
    ...(last === undefined ? [] : [`| tokens | ${whole(last.tokens)} in ${whole(last.step)} steps |`]),
    ...(run === null
      ? []
      : [
          `| machine | ${run.machine.backend}, ${run.machine.gpu ?? run.machine.processor}, Node ${run.machine.node} |`,
          `| time | ${fixed(run.trainingSeconds / 60, 1)} minutes in training steps |`,
        ]),
    ...(run === null || run.corpus === corpus.hash
      ? [`| corpus | \`${corpus.hash}\` |`]
      : [`| corpus | \`${run.corpus}\`; it is measured on \`${corpus.hash}\` |`]),
    ...(curves === null ? [] : ["| curves | curves.json: every tenth step, and held-out bits per byte by domain |"]),
    `| weights | ${quantised === null ? "BF16" : "FP8 as DeepSeek-V3 was released: E4M3 codes and a scale for each block of 128 × 128, the rest BF16"} |`,
  ];
  const missing = [run === null ? "run.json" : "", curves === null ? "curves.json" : ""].filter((file) => file !== "");
  const said = missing.length === 0 ? [] : [`Not recorded, for ${missing.join(" and ")} is missing: the rest of it.`];
  const further = run === null || curves === null ? [] : shorter({ ...curves, run }, other);
  return [["| | |", "|---|---|", ...rows].join("\n"), ...said, ...further].join("\n\n");
}

/** What a run of the same shape over fewer tokens reached, whose curves the course keeps beside its variants'. */
function shorter(run: RecordedRun, other: RecordedRun): string[] {
  if (JSON.stringify(run.run.config) !== JSON.stringify(other.run.config)) return [];
  const [tokens, otherTokens] = [run, other].map(({ reports }) => reports[reports.length - 1].tokens);
  const { machine, trainingSeconds, command } = other.run;
  const final = other.evaluations[other.evaluations.length - 1].bitsPerByte;
  const reached = DOMAINS.map((name) => `${name} ${fixed(final[name])}`).join(", ");
  return [
    `How far do the tokens carry? \`${command}\` on ${machine.gpu ?? machine.processor} read ${whole(otherTokens)} tokens, ${fixed(otherTokens / tokens, 2)} times as
many, in ${fixed(trainingSeconds / 60, 1)} minutes, and reached (held-out bits per byte) ${reached}. Its curves are in
data/curves/bias.json, beside those of the same run with other balancing and without the module; their weights were not kept.`,
  ];
}

function storage({ bytes, before, after }: NonNullable<CardContent["quantised"]>): string {
  const change = 100 * (after.mean / before.mean - 1);
  return `\`npm run quantise\` took the files from ${fixed(bytes.before / 1e6, 1)} MB in BF16 to ${fixed(bytes.after / 1e6, 1)} MB. Mean held-out bits per byte went
from ${fixed(before.mean, 4)} to ${fixed(after.mean, 4)}: ${change >= 0 ? "+" : ""}${fixed(change, 3)}%.`;
}

function agreementText(found: Record<string, unknown>, i: number): string {
  const largest = Number(found.largestDifference).toExponential(1);
  const passedOver = Number(found.passedOver ?? 0);
  const passed = passedOver === 0 ? "" : ` (without ${passedOver} tokens where rounding chooses the experts)`;
  const weights = i === 0 ? "These weights" : "The BF16 weights, before they were stored in FP8";
  return `${weights}: transformers ${found.transformers} with torch ${found.torch} loads the folder; over ${found.tokens} tokens of
held-out text${passed} the largest difference of a logit is ${largest}, of logits up to ${fixed(Number(found.largestLogit), 1)} (float32 arithmetic on both sides;
\`npm run agree\`).`;
}
