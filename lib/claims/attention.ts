/** Claims about multi-head latent attention: decided by counting parameters, bytes and FLOPs (lesson 03). */
import { decodeFlops } from "../economics/flops";
import { expandedCacheBytes, latentCacheBytes } from "../economics/memory";
import { modelFact } from "../economics/facts";
import { activeParameters, layerParameters, plainAttentionParameters, totalParameters } from "../economics/parameters";
import { DEEPSEEK_V3, type ModelConfig } from "../model/config";
import { billions, fixed, percent, times, whole } from "../notebook/format";
import { ruleSet, weigh } from "./rule";

/** What the claims on latent attention are judged by; each of these numbers can be changed to see a verdict turn. */
function attentionFacts() {
  return {
    kvLoraRank: DEEPSEEK_V3.kvLoraRank,
    qkRopeHeadDim: DEEPSEEK_V3.qkRopeHeadDim,
    routedExperts: DEEPSEEK_V3.nRoutedExperts,
    /** Tokens behind the one that is decoded. */
    context: 4096,
    /** Llama 3.1 405B, for what was usual. */
    heads: modelFact("llama-3.1-405b", "heads").value,
    kvHeads: modelFact("llama-3.1-405b", "kvHeads").value,
    headDim: modelFact("llama-3.1-405b", "headDim").value,
    hiddenSize: modelFact("llama-3.1-405b", "hiddenSize").value,
  };
}
type AttentionFacts = ReturnType<typeof attentionFacts>;

const configOf = (f: AttentionFacts): ModelConfig => ({
  ...DEEPSEEK_V3,
  kvLoraRank: f.kvLoraRank,
  qkRopeHeadDim: f.qkRopeHeadDim,
  nRoutedExperts: f.routedExperts,
});

const says = (right: boolean) => (right ? "Right" : "Wrong");

/** Parameters of plain multi-head attention with as many heads of the same widths, all layers. */
const plainAttention = (c: ModelConfig) => c.numHiddenLayers * plainAttentionParameters(c);

export const attentionRules = ruleSet(attentionFacts, [
  {
    id: "mla-latent",
    judge: (f) => {
      const c = configOf(f);
      const [latent, expanded] = [latentCacheBytes(c), expandedCacheBytes(c)];
      const usual = expanded * ((2 * c.vHeadDim) / (c.qkNopeHeadDim + c.qkRopeHeadDim + c.vHeadDim));
      return {
        verdict: weigh([latent < expanded ? "right if" : "wrong"]),
        evidence:
          `What is kept is the latent: ${whole(latent)} bytes a token against ${whole(expanded)}, ${times(expanded / latent)} ` +
          `fewer (${times(usual / latent)}, where keys are as wide as values). But attention itself is done per head: training expands keys and values first, decoding absorbs the ` +
          `expansion into the query. And ${f.qkRopeHeadDim} numbers, the rotary key, go beside the latent.`,
      };
    },
    turns: { key: "kvLoraRank", name: "width of the latent", unit: "numbers", low: 16, high: 100_000, whole: false },
  },
  {
    id: "mla-params",
    judge: (f) => {
      const c = configOf(f);
      const latent = c.numHiddenLayers * layerParameters(c).attention;
      const plain = plainAttention(c);
      const ofAll = plain / (totalParameters(c) - latent + plain);
      const ofActive = plain / (activeParameters(c, { head: true, embedding: false }) - latent + plain);
      const cuts = latent < plain && latentCacheBytes(c) < expandedCacheBytes(c);
      return {
        verdict: weigh([cuts ? "right" : "wrong", ofActive > 0.5 ? "right" : "wrong", ofAll > 0.5 ? "right" : "wrong"]),
        evidence:
          `${cuts ? "Right: it cuts both" : "Wrong: it does not cut both"}, ${billions(latent)} parameters against ${billions(plain)} for plain attention with as many heads, ` +
          `and ${times(expandedCacheBytes(c) / latentCacheBytes(c))} fewer bytes to read. ${says(ofActive > 0.5)}: plain attention would be ` +
          `${percent(ofActive)} of the weights that work on a token. ${says(ofAll > 0.5)}: of all parameters it would be ${percent(ofAll)}.`,
      };
    },
    turns: { key: "routedExperts", name: "routed experts a layer", unit: "experts", low: 8, high: 1024, whole: true },
  },
  {
    id: "mla-perceiver",
    judge: (f) => ({
      verdict: weigh(["right", "wrong"]),
      evidence:
        `Right: to attend to a compressed form of the input was proposed before, by Perceiver among others (2021). But on ` +
        `another axis: Perceiver reads a sequence of any length into a fixed number of latent vectors; MLA keeps one latent for ` +
        `every token, ${whole((f.kvLoraRank + f.qkRopeHeadDim) * f.context)} numbers a layer at ${whole(f.context)} tokens and twice ` +
        "that at twice as many. What V2's authors name as earlier ways to a small cache are multi-query and grouped-query attention.",
    }),
    turns: "A Perceiver whose latents grow with the sequence, or a statement by MLA's authors.",
  },
  {
    id: "mla-tradeoff",
    judge: (f) => {
      const c = configOf(f);
      const [latent, plain] = [c.numHiddenLayers * layerParameters(c).attention, plainAttention(c)];
      const work = decodeFlops(c, f.context, "absorbed") / decodeFlops(c, f.context, "expanded");
      const bytes = expandedCacheBytes(c) / latentCacheBytes(c);
      return {
        verdict: weigh(["right", bytes > 1 ? "right if" : "wrong"]),
        evidence:
          `More matrices, yes: five where plain attention has four; with ${percent(latent / plain)} of its parameters. More activations, too, ` +
          `but the up-projections are computed again in the backward pass and not kept (the report, section 3.2.3). Decoding reads ` +
          `${times(bytes)} fewer bytes of cache and, absorbed, takes ${fixed(work, 2)} times the arithmetic of a whole token, all ` +
          `matrices and experts included (${whole(f.context)} tokens of context): cheaper wherever memory is what it waits for. ` +
          "Training takes less arithmetic than plain attention with as many heads; we found nobody who has shown that it is faster " +
          "than grouped-query attention.",
      };
    },
    turns: "A training of equal quality against grouped-query attention, with its time.",
  },
  {
    id: "mla-full-width",
    judge: (f) => ({
      verdict: weigh([f.kvHeads === f.heads && f.heads * f.headDim === f.hiddenSize ? "right" : "right if"]),
      evidence:
        `All heads together, in the attention of 2017: yes. But each head works in its own ${whole(f.headDim)} dimensions, and ` +
        `what large models used before MLA is narrower: Llama 3.1 405B has keys and values of ${whole(f.kvHeads * f.headDim)} ` +
        `numbers where the model has ${whole(f.hiddenSize)} (${percent((f.kvHeads * f.headDim) / f.hiddenSize)}).`,
    }),
    turns: {
      key: "kvHeads",
      name: "heads with keys and values of their own",
      unit: "heads",
      low: 1,
      high: 128,
      whole: true,
    },
  },
]);
