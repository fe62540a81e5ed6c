/**
 * What decides where a token goes: the character that it is, or the kind of text around it? Counted on lines that go from
 * prose to code to a sum, as the share of their experts that two tokens have in common.
 */
import { busiestShare, meanOverlap } from "../../economics/routing";
import { compare, compareWithChance, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";

/** Shares of one line, means over the layers. */
export interface LineOverlap {
  /** Two tokens of the same character, in one kind of text and in two. */
  equal: number;
  equalElsewhere: number;
  /** Two different characters, likewise. */
  different: number;
  differentElsewhere: number;
  /** Tokens that the busiest expert of a layer works on. */
  busiest: number;
}

/**
 * @param gates [layer][token][expert], 0 where an expert was not chosen
 * @param characters [token]
 * @param kinds [token], the kind of text that it belongs to
 */
export function lineOverlap(gates: number[][][], characters: number[], kinds: number[]): LineOverlap {
  const perLayer = gates.map((layer) => {
    const chosen = layer.map((row) => row.flatMap((gate, e) => (gate > 0 ? [e] : [])));
    const overlap = (equal: boolean, oneKind: boolean) =>
      meanOverlap(chosen, (a, b) => (characters[a] === characters[b]) === equal && (kinds[a] === kinds[b]) === oneKind);
    return {
      equal: overlap(true, true),
      equalElsewhere: overlap(true, false),
      different: overlap(false, true),
      differentElsewhere: overlap(false, false),
      busiest: busiestShare(chosen),
    };
  });
  return meanOverlaps(perLayer);
}

/** Each share as a mean over rows: the layers of a line, or several lines. */
export function meanOverlaps(rows: LineOverlap[]): LineOverlap {
  const over = (key: keyof LineOverlap) => mean(rows.map((row) => row[key]));
  return {
    equal: over("equal"),
    equalElsewhere: over("equalElsewhere"),
    different: over("different"),
    differentElsewhere: over("differentElsewhere"),
    busiest: over("busiest"),
  };
}

/**
 * What the lines say, each with its interval over the lines, or that they can't tell: character against kind, what the
 * context adds, what the kind adds, and what training did to the load; last, whether the untrained model is beyond chance.
 *
 * @param chance the share of experts that two tokens have in common if each draws its own
 */
export function overlapComparisons(trained: LineOverlap[], untrained: LineOverlap[], chance: number): Comparison[] {
  const percent = (rows: LineOverlap[], key: keyof LineOverlap) => rows.map((row) => 100 * row[key]);
  const pair = (
    quantity: string,
    [nameA, rowsA, keyA]: [string, LineOverlap[], keyof LineOverlap],
    [nameB, rowsB, keyB]: [string, LineOverlap[], keyof LineOverlap],
  ) => {
    const wording = { quantity, unit: "percentage points", of: "lines", digits: 1, paired: true };
    return compare(
      { name: nameA, values: percent(rowsA, keyA) },
      { name: nameB, values: percent(rowsB, keyB) },
      wording,
    );
  };
  const common = "the share of experts in common";
  return [
    pair(
      common,
      ["between equal characters in two kinds of text", trained, "equalElsewhere"],
      ["between different characters in one kind", trained, "different"],
    ),
    pair(
      common,
      ["between equal characters in one kind of text", trained, "equal"],
      ["between equal characters in two kinds", trained, "equalElsewhere"],
    ),
    pair(
      common,
      ["between different characters in one kind of text", trained, "different"],
      ["between different characters in two kinds", trained, "differentElsewhere"],
    ),
    pair(
      "the busiest expert's share of the tokens",
      ["after training", trained, "busiest"],
      ["before it", untrained, "busiest"],
    ),
    compareWithChance(
      { name: "between different characters before the first step", values: percent(untrained, "different") },
      100 * chance,
      { quantity: common, unit: "%", of: "lines", digits: 1 },
    ),
  ];
}
