/** Figures and sizes as the command says them. */
import { billions, fixed, whole } from "../../../lib/notebook/format";
import type { ModelConfig } from "../../../lib/model/config";

/** "3.7 MB", "688.6 GB" */
export function size(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return power === 0 ? `${whole(bytes)} bytes` : `${fixed(bytes / 1000 ** power, 1)} ${units[power]}`;
}

/** "671B" parameters, "10.1M". */
export function parameters(count: number): string {
  return count >= 1e9 ? billions(count) : `${fixed(count / 1e6, count >= 1e8 ? 0 : 1)}M`;
}

/** Four significant digits, however small or large. */
export function short(value: number): string {
  const magnitude = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return magnitude >= 1e-3 && magnitude < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(3);
}

/** Rows whose columns stand below each other, numbers to the right. */
export function columns(rows: (string | number)[][]): string {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === "number" ? whole(cell) : cell)));
  const widths = texts[0].map((_, i) => Math.max(...texts.map((row) => row[i].length)));
  const place = (cell: string, i: number) =>
    /^[-−+]?[\d.]/.test(cell) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
  return texts.map((row) => `  ${row.map(place).join("  ")}`.trimEnd()).join("\n");
}

/** A configuration as one would tell it. */
export function configInWords(config: ModelConfig): string {
  const { numHiddenLayers: layers, firstKDenseReplace: dense, nGroup, topkGroup, qLoraRank, ropeScaling } = config;
  const groups = nGroup > 1 ? ` from ${topkGroup} of ${nGroup} groups` : "";
  const yarn =
    ropeScaling === null
      ? ""
      : `, YaRN × ${ropeScaling.factor} from ${whole(ropeScaling.originalMaxPositionEmbeddings)}`;
  const modules = config.numNextnPredictLayers;
  return [
    `${layers} layers, the first ${dense} dense; ${whole(config.hiddenSize)} wide; vocabulary ${whole(config.vocabSize)}`,
    `attention: ${config.numAttentionHeads} heads of ${config.qkNopeHeadDim} + ${config.qkRopeHeadDim} channels, values ${config.vHeadDim}; latent ${config.kvLoraRank}; ${qLoraRank === null ? "queries direct" : `queries through ${whole(qLoraRank)}`}`,
    `experts: ${config.numExpertsPerTok} of ${config.nRoutedExperts}${groups} and ${config.nSharedExperts} shared, ${whole(config.moeIntermediateSize)} wide; weights × ${config.routedScalingFactor}; dense layers ${whole(config.intermediateSize)} wide`,
    `positions: ${whole(config.maxPositionEmbeddings)}, theta ${whole(config.ropeTheta)}${yarn}`,
    `multi-token prediction: ${modules === 0 ? "none" : `${modules} ${modules === 1 ? "module" : "modules"}`}${config.tieWordEmbeddings ? "; the head is the embedding" : ""}`,
  ].join("\n  ");
}
