/**
 * What the lesson says about numbers, computed from them: change a number, and the sentence follows or is withdrawn.
 */
import { fact, value } from "../../economics/facts";
import { attentionFlops, attentionShape, meanContext, trainingCompute } from "../../economics/flops";
import { decoderShape } from "../../economics/other-models";
import { DEEPSEEK_V3 } from "../../model/config";
import { fixed, percent } from "../../notebook/format";
import { mfu, tokensPerGpuSecond } from "./utilisation";

export interface Span {
  low: number;
  high: number;
}

/** Where a value lies: "below", "among" or "above" them. */
export function placeAmong(amount: number, { low, high }: Span): "below" | "among" | "above" {
  if (amount < low) return "below";
  return amount > high ? "above" : "among";
}

/** What two spans have in common; null where there is nothing. */
export function overlapOf(a: Span, b: Span): Span | null {
  const [low, high] = [Math.max(a.low, b.low), Math.min(a.high, b.high)];
  return low <= high ? { low, high } : null;
}

/** Whether a claimed range and another one agree, in words: "overlaps with it from 3 to 5". */
export function overlapWords(claimed: Span, other: Span): string {
  const common = overlapOf(claimed, other);
  if (common === null) return claimed.high < other.low ? "lies wholly below it" : "lies wholly above it";
  if (common.low === claimed.low && common.high === claimed.high) return "lies within it";
  return `overlaps with it from ${fixed(common.low, 1)} to ${fixed(common.high, 1)}`;
}

/** The price of a GPU-hour beside what an owner pays who uses it all the time, and what that means for the bill. */
export function besideOwnersCost(price: number, cost: number): string {
  const ratio = price / cost;
  if (Math.abs(ratio - 1) < 0.25)
    return "about an owner's cost: the wear of the machines is in it, and to add their purchase would count it twice";
  const words = `${fixed(ratio, 1)} times an owner's cost`;
  return ratio < 1 ? `${words}: it doesn't cover the wear of the machines` : `${words}: more than the machines take`;
}

/** The work of one run's GPUs, by one way to count it. */
export interface RateRow {
  counted: string;
  /** Shares of the BF16 peak: of V3's GPUs, and of the 405B's. */
  v3: number;
  llama: number;
  /** Ratios 405B : V3, of FLOPs and of GPU-hours; null where the owners state a share and not what they count. */
  flops: number | null;
  hours: number | null;
}

/**
 * How hard the GPUs of DeepSeek-V3 and of Llama 3.1 405B worked. Which FLOPs are counted and which hours they are divided
 * by is a choice, and it moves the comparison.
 */
export function rateRows(): RateRow[] {
  const run = (id: string, key: string) => value("training-runs", id, key);
  const v3 = (key: string) => run("deepseek-v3", key);
  const llama = (key: string) => run("llama-3.1-405b", key);
  const { layers, heads, headDim } = decoderShape("llama-3.1-405b");
  const shapes = {
    v3: attentionShape(DEEPSEEK_V3),
    llama: { layers, heads, queryKeyWidth: headDim, valueWidth: headDim },
  };
  /** FLOPs of a token of the 405B and of V3; training does three times the forward pass. */
  const perToken = (attention: boolean) => {
    const own = (shape: typeof shapes.v3, sequence: number) =>
      attention ? 3 * attentionFlops(shape, meanContext(sequence, true)) : 0;
    return {
      v3: trainingCompute(v3("activeParameters"), 1) + own(shapes.v3, v3("sequence")),
      llama: trainingCompute(llama("activeParameters"), 1) + own(shapes.llama, llama("sequence")),
    };
  };
  const peak = { v3: value("accelerators", "h800", "peakBf16"), llama: value("accelerators", "h100", "peakBf16") };
  const row = (counted: string, attention: boolean, v3Hours: number): RateRow => {
    const flops = perToken(attention);
    const share = (flopsPerToken: number, tokens: number, hours: number, peak: number) =>
      mfu({ flopsPerToken, tokensPerSecond: tokensPerGpuSecond(tokens, hours), peak });
    return {
      counted,
      v3: share(flops.v3, v3("tokens"), v3Hours, peak.v3),
      llama: share(flops.llama, llama("tokens"), llama("gpuHours"), peak.llama),
      flops: (flops.llama * llama("tokens")) / (flops.v3 * v3("tokens")),
      hours: llama("gpuHours") / v3Hours,
    };
  };
  return [
    row("6ND; V3's hours of pre-training, all hours of the 405B", false, v3("preTrainingHours")),
    row("6ND; all hours of both", false, v3("gpuHours")),
    row("6ND and causal attention; V3's hours of pre-training, all of the 405B", true, v3("preTrainingHours")),
    row("6ND and causal attention; all hours of both", true, v3("gpuHours")),
    {
      counted: "as their owners state it, while the run went on",
      v3: fact("training-runs", "deepseek-v3", "mfu").value,
      llama: fact("training-runs", "llama-3.1-405b", "mfu").value,
      flops: null,
      hours: null,
    },
  ];
}

/** How much of the ratio of hours is due to FLOPs and how much to the rate, over all ways to count that give both. */
export function explainHours(rows: readonly RateRow[]): { text: string; mostly: "FLOPs" | "rate" | "cannot tell" } {
  const counted = rows.filter((row): row is RateRow & { flops: number; hours: number } => row.flops !== null);
  const span = (values: number[]) => ({ low: Math.min(...values), high: Math.max(...values) });
  const words = ({ low, high }: Span, digits: number) =>
    fixed(low, digits) === fixed(high, digits) ? fixed(low, digits) : `${fixed(low, digits)} to ${fixed(high, digits)}`;
  const hours = span(counted.map((row) => row.hours));
  const flops = span(counted.map((row) => row.flops));
  const rate = span(rows.map(({ v3, llama }) => llama / v3));
  // Ratios multiply, so their logarithms say what each contributes.
  const share = span(counted.map((row) => Math.log(row.flops) / Math.log(row.hours)));
  const mostly = share.low > 0.5 ? "FLOPs" : share.high < 0.5 ? "rate" : "cannot tell";
  const verdict = {
    FLOPs:
      `however one counts, arithmetic accounts for ${percent(share.low)} or more of the factor (of its logarithm): the ` +
      "saving is in how little there was to compute, and hardly in how fast the GPUs computed",
    rate: "however one counts, the larger part of the factor is in how fast the GPUs computed",
    "cannot tell": "which part weighs more depends on what is counted",
  }[mostly];
  const text =
    `The 405B took ${words(hours, 1)} times the hours and ${words(flops, 1)} times the FLOPs; one of its GPU-hours did ` +
    `${words(rate, 2)} times the FLOPs of one of V3's. So ${verdict}.`;
  return { text, mostly };
}
