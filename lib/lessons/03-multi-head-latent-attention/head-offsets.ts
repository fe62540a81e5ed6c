/**
 * Where attention heads look, held against a head that looks everywhere alike. The targets do not overlap: the token
 * itself, the ones one to three back, the first token, and earlier occurrences of the same byte that are farther back.
 */
import { listed } from "../../notebook/format";
import { compare, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";

/** Attention of one text: [H][T][S], rows that add up to 1. */
export type AttentionMaps = number[][][];

export interface Target {
  name: string;
  /** How far back, where that is what makes the target. */
  offset?: number;
  /** Whether a query at t looks there when it looks at s. */
  hit: (t: number, s: number, bytes: readonly number[]) => boolean;
}

const FARTHEST_OFFSET = 3;

export const TARGETS: Target[] = [
  { name: "itself", offset: 0, hit: (t, s) => s === t },
  ...Array.from({ length: FARTHEST_OFFSET }, (_, i) => ({
    name: `${i + 1} back`,
    offset: i + 1,
    hit: (t: number, s: number) => s === t - i - 1,
  })),
  { name: "the first token", hit: (_, s) => s === 0 },
  {
    name: "an earlier same byte",
    hit: (t, s, bytes) => s > 0 && s < t - FARTHEST_OFFSET && bytes[s] === bytes[t],
  },
];

/** Queries before this one have too few tokens to look at. */
const FIRST_QUERY = FARTHEST_OFFSET + 2;

export interface HeadMeasure {
  head: number;
  target: string;
  /** Mean share of the head's attention that the target gets, and what uniform attention over what is visible gives it. */
  attention: number;
  uniform: number;
  /** The first against the second, in pairs of one text. */
  comparison: Comparison;
}

/**
 * Measures all heads of a layer on all targets.
 *
 * @param maps of each text
 * @param texts the bytes of each, [T]
 */
export function measureHeads(maps: readonly AttentionMaps[], texts: readonly (readonly number[])[]): HeadMeasure[] {
  return maps[0].flatMap((_, head) =>
    TARGETS.map(({ name, hit }) => {
      const shares = maps.map((map, i) => sharesOf(map[head], (t, s) => hit(t, s, texts[i])));
      const [attention, uniform] = [shares.map((one) => one.attention), shares.map((one) => one.uniform)];
      const comparison = compare(
        { name: `by head ${head}`, values: attention.map((share) => 100 * share) },
        { name: "by uniform attention", values: uniform.map((share) => 100 * share) },
        { quantity: `the share of attention to ${name}`, unit: "%", of: "texts", digits: 1, paired: true },
      );
      return { head, target: name, attention: mean(attention), uniform: mean(uniform), comparison };
    }),
  );
}

/** The mean over queries of what the target gets. */
function sharesOf(map: number[][], hit: (t: number, s: number) => boolean): { attention: number; uniform: number } {
  let [attention, uniform] = [0, 0];
  for (let t = FIRST_QUERY; t < map.length; t++) {
    for (let s = 0; s <= t; s++) {
      if (!hit(t, s)) continue;
      attention += map[t][s];
      uniform += 1 / (t + 1);
    }
  }
  const queries = map.length - FIRST_QUERY;
  return { attention: attention / queries, uniform: uniform / queries };
}

/** The target of each head that exceeds uniform attention by most, where the interval holds; null where none does. */
export function preferences(measures: readonly HeadMeasure[]): (HeadMeasure | null)[] {
  const heads = [...new Set(measures.map(({ head }) => head))];
  return heads.map((head) => {
    const above = measures.filter((one) => one.head === head && one.comparison.order === "higher");
    return above.reduce<HeadMeasure | null>(
      (best, one) => (best === null || excess(one) > excess(best) ? one : best),
      null,
    );
  });
}

const excess = ({ attention, uniform }: HeadMeasure) => attention - uniform;

/** What may be said of a layer's heads, in sentences. */
export function describeHeads(measures: readonly HeadMeasure[]): string {
  const best = preferences(measures);
  const targets = [...new Set(best.flatMap((one) => (one === null ? [] : [one.target])))];
  const order = TARGETS.map(({ name }) => name);
  const groups = targets
    .sort((a, b) => order.indexOf(a) - order.indexOf(b))
    .map((target) => {
      const heads = best.flatMap((one, head) => (one?.target === target ? [head] : []));
      return `**${target}** in ${heads.length === 1 ? "head" : "heads"} ${listed(heads)}`;
    });
  const none = best.flatMap((one, head) => (one === null ? [head] : []));
  const missed = order.filter(
    (name) => !measures.some((one) => one.target === name && one.comparison.order === "higher"),
  );
  return [
    groups.length === 0 ? "No head exceeds uniform attention at any target." : "",
    groups.length === 0 ? "" : `What exceeds uniform attention by most is ${groups.join(", ")}.`,
    groups.length > 0 && none.length > 0
      ? `Of ${none.length === 1 ? "head" : "heads"} ${listed(none)} nothing can be said: at no target do they exceed it.`
      : "",
    groups.length > 0 && missed.length > 0
      ? `No head can be shown to look more at ${missed.join(" or ")} than uniform attention would.`
      : "",
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}
