/** Parameters that work on one token, from the configuration. */
import { activeParameters, layerParameters, totalParameters } from "../../economics/parameters";
import { DEEPSEEK_V3, type ModelConfig } from "../../model/config";
import { fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** Parameters active per token, the head counted and the embedding not; attention: those of one layer's attention. */
export type CountActive = (config: ModelConfig, attention: number) => number;

/** The count from its parts, some of them wrong; norms are left out, as an answer may. */
function countWith(
  change: (
    c: ModelConfig,
  ) => Partial<Record<"routed" | "shared" | "dense" | "router" | "head" | "matrices" | "denseLayers", number>>,
): CountActive {
  return (c, attention) => {
    const parts = {
      routed: c.numExpertsPerTok,
      shared: c.nSharedExperts,
      router: c.nRoutedExperts,
      head: 1,
      matrices: 3,
      denseLayers: c.firstKDenseReplace,
      dense: 1,
      ...change(c),
    };
    const { hiddenSize: D, numHiddenLayers: layers } = c;
    const expert = parts.matrices * D * c.moeIntermediateSize;
    const moe = (layers - parts.denseLayers) * (parts.router * D + (parts.routed + parts.shared) * expert);
    const dense = parts.denseLayers * parts.dense * parts.matrices * D * c.intermediateSize;
    return layers * attention + dense + moe + parts.head * c.vocabSize * D;
  };
}

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
  reference: (config) => activeParameters(config, { head: true, embedding: false }),
  cases: [
    countCase("DeepSeek-V3", DEEPSEEK_V3),
    countCase("a smaller model with two shared experts and one dense layer", small),
  ],
  draw: fromSeed((random) => {
    const config: ModelConfig = {
      ...DEEPSEEK_V3,
      hiddenSize: 256 * wholeBetween(random, 8, 28),
      vocabSize: wholeBetween(random, 50_000, 150_000),
      numHiddenLayers: wholeBetween(random, 20, 70),
      firstKDenseReplace: wholeBetween(random, 1, 4),
      intermediateSize: 512 * wholeBetween(random, 16, 36),
      nRoutedExperts: 8 * wholeBetween(random, 8, 40),
      numExpertsPerTok: wholeBetween(random, 4, 10),
      nSharedExperts: wholeBetween(random, 1, 3),
      moeIntermediateSize: 128 * wholeBetween(random, 10, 24),
    };
    return [config, layerParameters(config).attention];
  }),
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
});
