/** How many nodes V3's router sends a token to, for every limit: its rule for groups, on affinities without meaning. */
import { meanNodes } from "../../economics/communication";
import type { ModelConfig } from "../../model/config";
import { Random } from "../../tensor/random";

export interface RandomTokens {
  nodes: number; // a group of experts is what sits on a node
  tokens?: number; // that are drawn
  seed?: number;
}

/**
 * The experts of one token, by the rule of lib/model/router.ts: the `limit` nodes whose two best experts have the
 * largest sum stay, and the best experts in them are chosen.
 *
 * @param affinity [E]
 */
export function chooseWithin(affinity: ArrayLike<number>, active: number, nodes: number, limit: number): number[] {
  const size = affinity.length / nodes;
  const scores = Array.from({ length: nodes }, (_, node) => {
    const best = largest(affinity, node * size, size, 2);
    return { node, score: best.reduce((sum, expert) => sum + affinity[expert], 0) };
  });
  const kept = scores.sort((a, b) => b.score - a.score).slice(0, limit);
  const candidates = kept.flatMap(({ node }) => largest(affinity, node * size, size, active));
  return candidates.sort((a, b) => affinity[b] - affinity[a]).slice(0, active);
}

/** The places of the largest `count` of `size` values from `start` on, the largest first. */
function largest(values: ArrayLike<number>, start: number, size: number, count: number): number[] {
  const found: number[] = [];
  for (let i = start; i < start + size; i++) {
    let place = found.length;
    while (place > 0 && values[found[place - 1]] < values[i]) place--;
    if (place >= count) continue;
    found.splice(place, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}

/** The mean number of nodes that a token reaches, at a limit of 1, 2, … nodes; the same tokens at each. */
export function nodesReached(config: ModelConfig, { nodes, tokens = 1024, seed = 1 }: RandomTokens): number[] {
  const { nRoutedExperts: experts, numExpertsPerTok: active } = config;
  const random = new Random(seed);
  const drawn = Array.from({ length: tokens }, () =>
    Float64Array.from({ length: experts }, () => 1 / (1 + Math.exp(-random.normal()))),
  );
  return Array.from({ length: nodes }, (_, i) =>
    meanNodes(
      drawn.map((affinity) => chooseWithin(affinity, active, nodes, i + 1)),
      { experts, nodes },
    ),
  );
}
