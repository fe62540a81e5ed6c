/** The router: groups, a bias that only chooses, and weights from the affinities. */
import * as tf from "@tensorflow/tfjs";
import type { RouterWeights } from "../../model/weights";
import { route, type RoutingConfig } from "../../model/router";
import { firstGood, fromSeed, numberBetween, oneOf, seedFrom, smallestGap, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { largest, sum } from "../../statistics/lists";
import { topKMask } from "../../tensor/top-k";
import { Golden } from "./golden";
import { caseTensors } from "./shared";

export type Chosen = {
  /** s, [N, E]. */
  affinity: tf.Tensor2D;
  /** 1 for the chosen experts, [N, E]. */
  mask: tf.Tensor2D;
  /** The weights of the chosen experts, else 0, [N, E]. */
  gates: tf.Tensor2D;
};
/** x [N, D], the router's matrix [D, E] and its correction bias [E]. */
export type Route = (x: tf.Tensor2D, gate: RouterWeights, config: RoutingConfig) => Chosen;

const byLib: Route = (x, gate, config) =>
  tf.tidy(() => {
    const { affinity, mask, gates } = route(x, gate, config);
    return { affinity, mask, gates };
  });

/** What can go wrong, each as the right answer has it unless said otherwise. */
interface Habits {
  affinity: (logits: tf.Tensor2D, bias: tf.Tensor1D) => tf.Tensor2D;
  biased: (affinity: tf.Tensor2D, bias: tf.Tensor1D) => tf.Tensor2D;
  /** Scores of the groups, from [N·G, E/G]. */
  groupScore: (byGroup: tf.Tensor2D, affinity: tf.Tensor2D) => tf.Tensor;
  dropped: (biased: tf.Tensor3D, groups: tf.Tensor3D) => tf.Tensor3D;
  weight: (affinity: tf.Tensor2D, biased: tf.Tensor2D) => tf.Tensor2D;
  share: (chosen: tf.Tensor2D, config: RoutingConfig, mask: tf.Tensor2D) => tf.Tensor2D;
  scale: (config: RoutingConfig) => number;
}

const bestTwo = (byGroup: tf.Tensor2D) => byGroup.mul(topKMask(byGroup, Math.min(2, byGroup.shape[1]))).sum(1);
const RIGHT: Habits = {
  affinity: (logits) => tf.sigmoid(logits),
  biased: (affinity, bias) => affinity.add(bias),
  groupScore: bestTwo,
  dropped: (biased, groups) => biased.sub(tf.sub(1, groups).mul(1e30)),
  weight: (affinity) => affinity,
  share: (chosen, { normTopkProb }) => (normTopkProb ? chosen.div(chosen.sum(1, true)) : chosen),
  scale: ({ routedScalingFactor }) => routedScalingFactor,
};

const routeWith =
  (habits: Partial<Habits>): Route =>
  (x, gate, config) =>
    tf.tidy(() => {
      const { affinity, biased, groupScore, dropped, weight, share, scale } = { ...RIGHT, ...habits };
      const { nRoutedExperts: E, numExpertsPerTok: K, nGroup: G, topkGroup } = config;
      const N = x.shape[0];
      const s = affinity(tf.matMul(x, gate.weight), gate.eScoreCorrectionBias);
      const z = biased(s, gate.eScoreCorrectionBias);
      const byGroup = (values: tf.Tensor2D) => values.reshape<tf.Tensor2D>([N * G, E / G]);
      const scores = groupScore(byGroup(z), byGroup(s)).reshape<tf.Tensor2D>([N, G]);
      const groups = topKMask(scores, topkGroup).reshape<tf.Tensor3D>([N, G, 1]);
      const mask = topKMask(dropped(z.reshape<tf.Tensor3D>([N, G, E / G]), groups).reshape([N, E]), K);
      return { affinity: s, mask, gates: share(weight(s, z).mul(mask), config, mask).mul<tf.Tensor2D>(scale(config)) };
    });

/** The last layer of "a-group", whose bias makes many scores negative. */
const goldenRoute = (): Parameters<Route> => {
  const golden = new Golden("a-group");
  const { x, weights } = golden.expertInput(2);
  return [x, weights.gate, golden.config];
};
const goldenChosen = (): Chosen => {
  const golden = new Golden("a-group");
  const { nRoutedExperts: E } = golden.config;
  const affinity = golden.value<tf.Tensor2D>("layer2.router_logits").sigmoid<tf.Tensor2D>();
  const indices = golden.value<tf.Tensor2D>("layer2.topk_idx").toInt();
  const hot = tf.oneHot(indices, E).toFloat(); // [N, K, E]
  const gates = hot.mul(golden.value<tf.Tensor2D>("layer2.topk_weight").expandDims(2)).sum<tf.Tensor2D>(1);
  return { affinity, mask: hot.sum<tf.Tensor2D>(1), gates };
};

function small(seed: number, overrides: Partial<RoutingConfig> = {}, N = 8): Parameters<Route> {
  const config = {
    nRoutedExperts: 12,
    numExpertsPerTok: 3,
    nGroup: 3,
    topkGroup: 2,
    normTopkProb: true,
    routedScalingFactor: 1.5,
    ...overrides,
  };
  const made = caseTensors(seed);
  const E = config.nRoutedExperts;
  const gate = { weight: made<tf.Tensor2D>(5, E), eScoreCorrectionBias: made<tf.Tensor1D>(E).mul<tf.Tensor1D>(0.4) };
  return [made(N, 5), gate, config];
}

/** Whether no two scores of a token are close, of experts or of groups. In plain numbers: the same wherever it is asked. */
function isClear([x, { weight, eScoreCorrectionBias }, { nGroup }]: Parameters<Route>): boolean {
  const [matrix, bias] = [weight.arraySync(), eScoreCorrectionBias.arraySync()];
  return x.arraySync().every((token) => {
    const z = bias.map((b, e) => b + 1 / (1 + Math.exp(-sum(token.map((value, d) => value * matrix[d][e])))));
    const size = z.length / nGroup;
    const groups = Array.from({ length: nGroup }, (_, g) => {
      const own = z.slice(g * size, (g + 1) * size);
      return sum(largest(own, 2).map((i) => own[i]));
    });
    return smallestGap(z) > 1e-4 && smallestGap(groups) > 1e-3;
  });
}

export const routeExercise = defineExercise<Route>({
  id: "09-route",
  reference: byLib,
  cases: [
    { name: "the reference's last layer", args: goldenRoute, expected: goldenChosen },
    { name: "three groups of four experts", args: () => small(1) },
    { name: "weights that are not normalised", args: () => small(2, { normTopkProb: false }) },
  ],
  draw: fromSeed((random) => {
    const [nGroup, size] = [wholeBetween(random, 2, 4), wholeBetween(random, 3, 4)];
    const topkGroup = wholeBetween(random, 1, nGroup - 1);
    const config: Partial<RoutingConfig> = {
      nRoutedExperts: nGroup * size,
      nGroup,
      topkGroup,
      numExpertsPerTok: wholeBetween(random, 2, Math.min(topkGroup * size - 1, 4)),
      normTopkProb: oneOf(random, [true, false]),
      routedScalingFactor: numberBetween(random, 1.2, 3),
    };
    const tokens = wholeBetween(random, 2, 6);
    return firstGood(() => small(seedFrom(random), config, tokens), isClear);
  }),
  misconceptions: [
    {
      name: "softmax in place of sigmoid",
      answer: routeWith({ affinity: (logits) => tf.softmax(logits) }),
      message: "Your affinities are a softmax. V3 takes a sigmoid: each expert's score is its own, none competes here.",
    },
    {
      name: "biased scores as weights",
      answer: routeWith({ weight: (_, biased) => biased }),
      message: "You make the weights of s + b. The bias only chooses; the weights are made of the affinities s alone.",
    },
    {
      name: "chosen without the bias",
      answer: routeWith({ biased: (affinity) => affinity }),
      message:
        "You choose by the affinities alone. `gate.eScoreCorrectionBias` is added for the choice, and only for it.",
    },
    {
      name: "dropped groups filled with 0",
      answer: routeWith({ dropped: (biased, groups) => biased.mul(groups) }),
      message:
        "You fill dropped groups with 0. Biased scores can be negative, and then 0 wins: subtract something huge instead.",
    },
    {
      name: "a group by its best expert",
      answer: routeWith({ groupScore: (byGroup) => byGroup.max(1) }),
      message: "You score a group by its best expert. It is the sum of its two best.",
    },
    {
      name: "a group by all of its experts",
      answer: routeWith({ groupScore: (byGroup) => byGroup.sum(1) }),
      message: "You score a group by all of its experts. Only its two best count.",
    },
    {
      name: "no groups",
      answer: routeWith({ dropped: (biased) => biased }),
      message: "You choose among all experts. Only the best `config.topkGroup` groups stay in the choice.",
    },
    {
      name: "not divided by their sum",
      answer: routeWith({ share: (chosen) => chosen }),
      message: "Your weights are not divided by their sum. Where `config.normTopkProb` is true they are.",
    },
    {
      name: "always divided by their sum",
      answer: routeWith({ share: (chosen) => chosen.div(chosen.sum(1, true)) }),
      message: "You divide by the sum in every case. `config.normTopkProb` says whether to.",
    },
    {
      name: "divided by the sum over all experts",
      answer: (x, gate, config) =>
        tf.tidy(() => {
          const { affinity, mask } = byLib(x, gate, config);
          const share = config.normTopkProb ? affinity.div(affinity.sum(1, true)) : affinity;
          return { affinity, mask, gates: share.mul(mask).mul<tf.Tensor2D>(config.routedScalingFactor) };
        }),
      message: "You divide by the sum over all experts. The chosen ones alone share the weight.",
    },
    {
      name: "the scale forgotten",
      answer: routeWith({ scale: () => 1 }),
      message: "The last factor is missing: `config.routedScalingFactor`.",
    },
    {
      name: "groups scored without the bias",
      answer: routeWith({ groupScore: (_, affinity) => bestTwo(affinity) }),
      message: "You score the groups by the affinities. All of the choice, that of the groups too, is made with s + b.",
    },
    {
      name: "the bias inside the sigmoid",
      answer: routeWith({
        affinity: (logits, bias) => tf.sigmoid(logits.add<tf.Tensor2D>(bias)),
        biased: (affinity) => affinity,
      }),
      message: "You add the bias before the sigmoid. It is added to the affinities, and these stay as they are.",
    },
    {
      name: "a softmax over the chosen",
      answer: routeWith({
        share: (chosen, _, mask) => tf.softmax(chosen.sub<tf.Tensor2D>(tf.sub(1, mask).mul(1e30))).mul(mask),
      }),
      message: "You take a softmax over the chosen. Their affinities are divided by their sum and no more.",
    },
    {
      name: "a weight for every expert",
      answer: (x, gate, config) =>
        tf.tidy(() => {
          const { affinity, mask } = byLib(x, gate, config);
          const share = config.normTopkProb ? affinity.div(affinity.mul(mask).sum(1, true)) : affinity;
          return { affinity, mask, gates: share.mul<tf.Tensor2D>(config.routedScalingFactor) };
        }),
      message: "Your `gates` have a weight for every expert. Those that are not chosen have 0: multiply by the mask.",
    },
  ],
});
