/** What was found, for a person to read. */
import type { RouterFacts } from "../../../lib/checkpoint/inspect/routers";
import type { ScaleFacts } from "../../../lib/checkpoint/inspect/scales";
import type { Summary, TensorFacts } from "../../../lib/checkpoint/inspect/statistics";
import { percent, whole } from "../../../lib/notebook/format";
import type { Overview } from "./overview";
import { columns, configInWords, parameters, short, size } from "./words";

/** Kinds of tensors that are named one by one. */
const MOST_KINDS = 12;

export function overviewText(name: string, overview: Overview): string {
  const { config, type, refused, files, tensors, bytes, formats } = overview;
  const stored = formats.map(({ dtype, ...count }) => [
    dtype,
    `${whole(count.tensors)} tensors`,
    count.numbers,
    size(count.bytes),
  ]);
  return [
    `${name} (${type})`,
    ...(config === null ? [] : [`  ${configInWords(config)}`]),
    ...(refused === null
      ? []
      : [config === null ? `not understood: ${refused}` : `inspected only, it can't be loaded: ${refused}`]),
    "",
    `${whole(tensors)} tensors in ${files === 1 ? "one file" : `${whole(files)} files`}, ${size(bytes)}:`,
    columns(stored),
    "",
    ...(config === null ? kindsText(overview, "Tensors, by their names") : componentsText(overview)),
  ].join("\n");
}

function componentsText({ components, main, active, other, ...overview }: Overview): string[] {
  const rows = components.map(({ component, inFiles, byConfig }) => [
    component,
    inFiles,
    byConfig === null ? "—" : whole(byConfig),
    byConfig === null
      ? "the config doesn't say"
      : byConfig === inFiles
        ? "as in the config"
        : `differs by ${whole(inFiles - byConfig)}`,
  ]);
  const sum = main!.inFiles === main!.byConfig ? "" : `, where the config has ${whole(main!.byConfig)}`;
  return [
    "numbers, counted from the headers, and by the config:",
    columns(rows),
    `parameters of the main model: ${whole(main!.inFiles)} (${parameters(main!.inFiles)})${sum}; ${parameters(active!)} work on a token, head and embedding included`,
    ...(other.length === 0
      ? []
      : ["", ...kindsText({ ...overview, components, main, active, other }, "Not understood")]),
  ];
}

function kindsText({ other }: Overview, title: string): string[] {
  const rows = other
    .slice(0, MOST_KINDS)
    .map(({ pattern, dtype, shape, tensors, numbers }) => [
      pattern,
      `${whole(tensors)} ×`,
      `${dtype} [${shape}]`,
      numbers,
    ]);
  const more = other.length > MOST_KINDS ? [`  and ${other.length - MOST_KINDS} kinds more`] : [];
  return [`${title}:`, columns(rows), ...more];
}

function range({ min, max, mean, deviation }: Pick<Summary, "min" | "max" | "mean" | "deviation">): string {
  return `${short(min)} to ${short(max)}, mean ${short(mean)}, standard deviation ${short(deviation)}`;
}

export function tensorText(facts: TensorFacts): string {
  const { name, dtype, shape, count, notFinite, zeros, codes, scaled } = facts;
  const share = (part: number) => `${whole(part)} (${percent(part / count)})`;
  return [
    `${name}: ${dtype} [${shape}], ${whole(count)} numbers${scaled ? ", codes times scales" : ""}`,
    `  ${range(facts)}; zero: ${share(zeros)}${notFinite === 0 ? "" : `; NaN or infinite: ${share(notFinite)}`}`,
    ...(codes === null
      ? []
      : [`  codes: largest possible ${share(codes.saturated)}, zero ${share(codes.zeros)}, NaN ${whole(codes.nan)}`]),
    histogramText(facts),
  ].join("\n");
}

/** A bar for each part of the way from the smallest to the largest. */
function histogramText({ min, max, histogram, count }: Summary): string {
  const most = Math.max(1, ...histogram);
  const step = (max - min) / histogram.length;
  return columns(
    histogram.map((number, i) => [
      short(min + i * step),
      percent(number / count),
      "█".repeat(Math.ceil((30 * number) / most)),
    ]),
  );
}

export function routersText(routers: RouterFacts[]): string {
  if (routers.length === 0) return "no router has a correction bias here";
  const experts = (list: RouterFacts["held"]) => list.map(({ expert, bias }) => `${expert} (${short(bias)})`).join(" ");
  const rows = routers.map(({ layer, bias, norm, favoured, held }) => [
    String(layer),
    `${short(bias.min)} … ${short(bias.max)}`,
    short(bias.spread),
    short(bias.deviation),
    experts(favoured),
    experts(held),
    norm === null ? "" : `${short(norm.min)} … ${short(norm.max)}`,
  ]);
  const head = [
    "layer",
    "bias",
    "spread",
    "deviation",
    "most favoured experts",
    "least favoured",
    "length of router rows",
  ];
  return `Correction biases, by layer:\n${columns([head, ...rows])}`;
}

export function scalesText(scales: ScaleFacts[]): string {
  if (scales.length === 0) return "no tensor has scales here";
  return scales
    .map((facts) => {
      const two = `${percent(facts.powersOfTwo / facts.count)} are powers of two`;
      const rows = facts.powers.map(({ power, count }) => [`from 2^${power}`, count, percent(count / facts.count)]);
      return `Scales of ${facts.component}: ${whole(facts.count)}; ${range(facts)}; ${two}\n${columns(rows)}`;
    })
    .join("\n");
}
