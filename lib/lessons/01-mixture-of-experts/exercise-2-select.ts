/** Selection limited to groups, with the bug that a well-known library shipped for a while. */
import * as tf from "@tensorflow/tfjs";
import { selectExperts, type RoutingConfig } from "../../model/router";
import { farApart, firstGood, fromSeed, oneOf, smallestGap, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { largest, sum } from "../../statistics/lists";

/** The experts of one token: biased scores [E], G groups of equal size, groups kept, K → K positions, ascending. */
export type Select = (biased: number[], groups: number, kept: number, k: number) => number[];

/** lib's selection for one token. It wants affinities and a bias; only their sum matters here. */
export function selectionByLib(biased: number[], groups: number, kept: number, k: number) {
  const config: RoutingConfig = {
    nRoutedExperts: biased.length,
    numExpertsPerTok: k,
    nGroup: groups,
    topkGroup: kept,
    normTopkProb: true,
    routedScalingFactor: 1,
  };
  return tf.tidy(() => {
    const affinity = tf.fill([1, biased.length], 0.5) as tf.Tensor2D;
    const { groupMask, expertIndices } = selectExperts(affinity, tf.tensor1d(biased.map((z) => z - 0.5)), config);
    return {
      keptGroups: Array.from(groupMask.dataSync()).flatMap((on, g) => (on ? [g] : [])),
      chosen: Array.from(expertIndices.dataSync()),
    };
  });
}

const members = (biased: number[], groups: number, g: number) => {
  const size = biased.length / groups;
  return biased.slice(g * size, (g + 1) * size);
};
const topTwo = (scores: number[]) => sum(largest(scores, 2).map((i) => scores[i]));

/** The selection with one step done otherwise. */
function wrongSelect({
  score = topTwo,
  filler = -Infinity,
}: {
  score?: (scores: number[]) => number;
  filler?: number;
}): Select {
  return (biased, groups, kept, k) => {
    const size = biased.length / groups;
    const groupScores = Array.from({ length: groups }, (_, g) => score(members(biased, groups, g)));
    const keep = largest(groupScores, kept);
    return largest(
      biased.map((z, e) => (keep.includes(Math.floor(e / size)) ? z : filler)),
      k,
    );
  };
}

/** The selection as a well-known library shipped it for a while: the experts of dropped groups get the score 0. */
export const selectFillingWithZeros = wrongSelect({ filler: 0 });

export const selectExercise = defineExercise<Select>({
  id: "01-select",
  reference: (...scores) => selectionByLib(...scores).chosen,
  cases: [
    {
      name: "positive scores, four groups of three",
      args: [[0.1, 0.2, 0.15, 0.8, 0.7, 0.12, 0.95, 0.05, 0.11, 0.3, 0.72, 0.75], 4, 2, 3],
    },
    {
      name: "negative scores, four groups of three",
      args: [[-0.2, -0.5, -0.1, -0.4, -0.7, -0.3, -0.05, -0.9, -0.8, -0.6, -0.25, -0.35], 4, 2, 3],
    },
    { name: "two groups of four, one kept", args: [[0.9, 0.1, 0.1, 0.05, 0.6, 0.55, -0.2, -0.3], 2, 1, 3] },
    { name: "an even group against an uneven one", args: [[0.42, 0.41, 0.4, 0.39, 0.7, 0.6, 0.01, 0.02], 2, 1, 2] },
  ],
  draw: fromSeed((random) => {
    const [groups, size] = [wholeBetween(random, 2, 4), wholeBetween(random, 3, 4)];
    const kept = wholeBetween(random, 1, groups - 1);
    const [low, high] = oneOf(random, [
      [-1, -0.02],
      [-0.6, 0.7],
      [0, 1.2],
    ]);
    const biased = firstGood(
      () => farApart(random, groups * size, low, high),
      (scores) => smallestGap(Array.from({ length: groups }, (_, g) => topTwo(members(scores, groups, g)))) > 0.01,
    );
    return [biased, groups, kept, wholeBetween(random, 2, Math.min(kept * size, 5) - 1)];
  }),
  compare: (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)), // any order will do
  misconceptions: [
    {
      name: "masked groups filled with 0",
      answer: selectFillingWithZeros,
      message:
        "You give the experts of dropped groups the score 0. A biased score can be negative, and then 0 wins: they " +
        "must get -Infinity.",
    },
    {
      name: "group score is the best expert alone",
      answer: wrongSelect({ score: (scores) => Math.max(...scores) }),
      message:
        "You score a group by its best expert. V3 takes the sum of its two best, so that one outlier does not " +
        "carry a weak group.",
    },
    {
      name: "group score is the sum of the whole group",
      answer: wrongSelect({ score: sum }),
      message:
        "You score a group by all of its experts. Only its two best count: nobody else of the group would be chosen.",
    },
    {
      name: "groups ignored",
      answer: (biased, _groups, _kept, k) => largest(biased, k),
      message: "You take the best experts of all groups. First choose the groups, then the experts within them.",
    },
    {
      name: "the same number from each kept group",
      answer: (biased, groups, kept, k) => {
        const size = biased.length / groups;
        const keep = largest(
          Array.from({ length: groups }, (_, g) => topTwo(members(biased, groups, g))),
          kept,
        );
        return keep.flatMap((g, i) => {
          const quota = Math.floor(k / kept) + (i < k % kept ? 1 : 0);
          return largest(members(biased, groups, g), quota).map((e) => g * size + e);
        });
      },
      message:
        "You take equally many experts from each kept group. The groups only limit where the K best may come from.",
    },
  ],
});

function sorted(positions: number[]): number[] {
  return [...positions].sort((a, b) => a - b);
}
