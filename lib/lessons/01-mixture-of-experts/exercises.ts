/**
 * The five exercises of lesson 01. Each names the wrong answers that people really give: they are computed beside the
 * right one, so that a check can say which one it sees. The two on the router are in a file of their own.
 */
import { expertCoverage } from "../../economics/routing";
import { activeParameters, layerParameters, totalParameters } from "../../economics/parameters";
import { DEEPSEEK_V3, type ModelConfig } from "../../model/config";
import { defineExercise } from "../../notebook/exercise/check";
import {
  bestDesign,
  countWith,
  designComplaint,
  designFor,
  designScore,
  expertsOf,
  V3_BUDGET,
  V3_DESIGN,
  type CountActive,
  type Cover,
  type DesignLayer,
} from "./answers";

export { gateExercise, selectExercise } from "./router-exercises";

const small: ModelConfig = {
  ...DEEPSEEK_V3,
  numHiddenLayers: 27,
  nRoutedExperts: 64,
  numExpertsPerTok: 6,
  nSharedExperts: 2,
  firstKDenseReplace: 1,
};
const countCase = (name: string, config: ModelConfig) => ({
  name,
  args: [config, layerParameters(config).attention] as [ModelConfig, number],
});

export const countExercise = defineExercise<CountActive>({
  id: "01-count",
  title: "Count the active parameters",
  difficulty: 2,
  minutes: 15,
  points: 3,
  reference: (config) => activeParameters(config, { head: true, embedding: false }),
  cases: [
    countCase("DeepSeek-V3", DEEPSEEK_V3),
    countCase("a smaller model with two shared experts and one dense layer", small),
  ],
  tolerance: 5e-4, // norms are 0.002%: with them or without them, the answer is right
  misconceptions: [
    {
      name: "all experts",
      answer: (c) => totalParameters(c) - c.vocabSize * c.hiddenSize,
      message:
        "This is the total: every routed expert is counted. Of each layer's routed experts, a token uses " +
        "numExpertsPerTok.",
    },
    {
      name: "shared expert forgotten",
      answer: countWith(() => ({ shared: 0 })),
      message: "The shared experts are missing: they work on every token, beside the routed ones.",
    },
    {
      name: "dense layers forgotten",
      answer: countWith(() => ({ denseLayers: 0 })),
      message:
        "You treat all layers as mixtures of experts. The first firstKDenseReplace are dense, with one " +
        "feed-forward network of width intermediateSize.",
    },
    {
      name: "dense layers without a feed-forward network",
      answer: countWith(() => ({ dense: 0 })),
      message: "The feed-forward networks of the dense layers are missing: width intermediateSize, three matrices.",
    },
    {
      name: "head forgotten",
      answer: countWith(() => ({ head: 0 })),
      message:
        "The head is missing. This is a convention in use (layers only), but the question counts the head: its " +
        "whole matrix multiplies every token.",
    },
    {
      name: "embedding counted",
      answer: countWith(() => ({ head: 2 })),
      message:
        "You count the embedding too. This is the other convention in use, but of the embedding a token uses one row.",
    },
    {
      name: "router forgotten",
      answer: countWith(() => ({ router: 0 })),
      message:
        "The routers are missing: hiddenSize × nRoutedExperts in every mixture-of-experts layer. All of it works " +
        "on every token.",
    },
    {
      name: "dense layers as narrow as an expert",
      answer: countWith((c) => ({ dense: c.moeIntermediateSize / c.intermediateSize })),
      message: "You give the dense layers the width of an expert. Theirs is intermediateSize, which is much wider.",
    },
    {
      name: "attention forgotten",
      answer: (c, attention) => countWith(() => ({}))(c, attention) - c.numHiddenLayers * attention,
      message: "The attention is missing. The number given is that of one layer, and every layer has its own.",
    },
    {
      name: "the attention of one layer only",
      answer: (c, attention) => countWith(() => ({}))(c, attention) - (c.numHiddenLayers - 1) * attention,
      message: "You count the attention once. The number given is that of one layer, and every layer has its own.",
    },
    {
      name: "two matrices an expert",
      answer: countWith(() => ({ matrices: 2 })),
      message:
        "You count two matrices for a feed-forward network. Gated ones have three: gate, up and down projection.",
    },
  ],
  hints: [
    "Go through a token's way: every layer's attention; then in the first firstKDenseReplace layers one wide " +
      "network, in all others a router, numExpertsPerTok routed and nSharedExperts shared experts; at the end the " +
      "head. A gated network of width W has 3 · hiddenSize · W parameters.",
    "Four parts: attention in all layers; the wide networks of the dense layers; routers and experts of the other " +
      "layers; the head. In one sparse layer that is D · E for the router, and (K + shared) experts of 3 · D · " +
      "moeIntermediateSize.",
  ],
});

export const coverageExercise = defineExercise<Cover>({
  id: "01-coverage",
  title: "How many experts does a batch touch?",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: expertCoverage,
  cases: [
    { name: "V3, one token", args: [256, 8, 1] },
    { name: "V3, 32 tokens", args: [256, 8, 32] },
    { name: "Mixtral, four tokens", args: [8, 2, 4] },
    { name: "160 experts, 6 active, 100 tokens", args: [160, 6, 100] },
  ],
  misconceptions: [
    {
      name: "tokens never share an expert",
      answer: (E, K, B) => Math.min(1, (K * B) / E),
      message: "You add up the tokens' experts as if no two tokens ever chose the same one.",
    },
    {
      name: "the tokens' experts added up",
      answer: (E, K, B) => (K * B) / E,
      message:
        "You add up the tokens' experts as if no two tokens ever chose the same one. With many tokens, that is more " +
        "than all there are.",
    },
    {
      name: "one expert a token",
      answer: (E, _K, B) => 1 - (1 - 1 / E) ** B,
      message:
        "You let each token choose one expert: the chance that it leaves a given one out is 1 − K/E, not 1 − 1/E.",
    },
    {
      name: "a token may choose an expert twice",
      answer: (E, K, B) => 1 - (1 - 1 / E) ** (K * B),
      message:
        "Very close: you treat a token's K choices as independent draws. They are K different experts, so a token " +
        "leaves a given one out with chance 1 − K/E exactly.",
    },
    {
      name: "the share that is left out",
      answer: (E, K, B) => (1 - K / E) ** B,
      message: "This is the share that no token chose. The question is the rest.",
    },
    {
      name: "the number of experts",
      answer: (E, K, B) => E * expertCoverage(E, K, B),
      message: "This is how many experts are touched. The question is their share: divide by E.",
    },
    {
      name: "per cent",
      answer: (E, K, B) => 100 * expertCoverage(E, K, B),
      message: "You return per cent. A share is a number between 0 and 1.",
    },
  ],
  hints: [
    "Look at one expert. What is the chance that one token leaves it out? That all B tokens do? The share that is " +
      "touched is what remains.",
    "The chance that one token leaves it out is 1 − K/E. The tokens choose independently, so the chances multiply.",
  ],
});

export const designExercise = defineExercise<DesignLayer>({
  id: "01-design",
  title: "A layer under a budget",
  difficulty: 3,
  minutes: 20,
  points: 4,
  reference: bestDesign,
  cases: [
    { name: "V3's budget", args: [V3_BUDGET] },
    { name: "V3's budget, a network that carries half", args: [{ ...V3_BUDGET, copies: 4 }] },
    {
      name: "a narrow model",
      args: [
        { hiddenSize: 2048, total: expertsOf(2048, 1408, 66), active: expertsOf(2048, 1408, 7), copies: 6, tile: 64 },
      ],
    },
  ],
  accept: (got, best, [budget]) => {
    const complaint = designComplaint(budget, got);
    if (complaint !== null) return complaint;
    const [yours, possible] = [designScore(got), designScore(best)];
    if (yours >= possible - 0.5) return true;
    const [got10, best10] = [yours, possible].map((power) => `10^${power.toFixed(1)}`);
    return `within both budgets, with ${got10} sets to choose from; ${best10} are possible`;
  },
  score: {
    name: "sets of experts to choose from, as a power of ten",
    unit: "",
    of: designScore,
    v3: designScore(V3_DESIGN),
  },
  misconceptions: [
    {
      name: "two matrices an expert",
      answer: (b) => designFor(b, b.copies, { matrices: 2 }),
      message:
        "Your experts have two matrices. Gated ones have three: 3 · hiddenSize · width. The design overspends by half.",
    },
    {
      name: "shared expert forgotten",
      answer: (b) => designFor(b, b.copies, { shared: 0 }),
      message: "The shared expert is missing in your count: it takes its part of both budgets.",
    },
    {
      name: "few wide experts",
      answer: (b) => designFor(b, 2),
      message:
        "Within both budgets, but with two wide experts a token has few sets to choose from. What does the network " +
        "allow?",
    },
    {
      name: "more experts than the network carries",
      answer: (b) => designFor(b, 2 * b.copies),
      message: "More active experts than copies: the network can't carry a token to so many.",
    },
  ],
  hints: [
    "For a given number of active experts, the active budget decides the width, and then the total budget decides " +
      "how many experts there are. Don't forget that the shared expert is one more in both. Which number of active " +
      "experts gives the most sets?",
    "width = active / (3 · hiddenSize · (activeExperts + 1)), rounded down to the tile; the number of experts " +
      "follows from total in the same way. Then see what `designScore({ experts, activeExperts, width })` says " +
      "to 2, 4 and 8 active ones.",
  ],
});
