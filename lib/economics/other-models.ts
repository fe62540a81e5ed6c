/**
 * Parameters of two earlier mixtures of experts, from their published shapes: a decoder with grouped-query attention
 * (Mixtral) and an encoder-decoder with plain attention (Switch). Lesson 01 puts both beside DeepSeek-V3, whose own
 * parameters are counted in parameters.ts. Norms are left out: they don't change the first four digits of any figure.
 */
import { modelFact, modelFacts } from "./facts";

export interface SparseCount {
  total: number; // parameters
  active: number; // of these, used for one token
}

export interface DecoderShape {
  layers: number;
  hiddenSize: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  expertWidth: number;
  experts: number; // per layer; 1 for a dense model
  activeExperts: number; // per token and layer
  vocabSize: number;
}

/** The shape of a decoder in data/models.json. */
export function decoderShape(id: string): DecoderShape {
  const value = (key: keyof DecoderShape) => modelFact(id, key).value;
  return {
    layers: value("layers"),
    hiddenSize: value("hiddenSize"),
    heads: value("heads"),
    kvHeads: value("kvHeads"),
    headDim: value("headDim"),
    expertWidth: value("expertWidth"),
    experts: value("experts"),
    activeExperts: value("activeExperts"),
    vocabSize: value("vocabSize"),
  };
}

/** Parameters of one expert of a gated feed-forward network: gate, up and down projection. */
function expertParameters(hiddenSize: number, expertWidth: number): number {
  return 3 * hiddenSize * expertWidth;
}

/** A decoder with grouped-query attention, a gated expert network in every layer, and an untied head. */
export function countDecoder(shape: DecoderShape): SparseCount {
  const { layers, hiddenSize: D, heads, kvHeads, headDim, experts, activeExperts, vocabSize } = shape;
  const attention = 2 * D * heads * headDim + 2 * D * kvHeads * headDim; // query and output, key and value
  const router = experts > 1 ? D * experts : 0;
  const always = layers * (attention + router) + 2 * vocabSize * D;
  const expert = expertParameters(D, shape.expertWidth);
  return { total: always + layers * experts * expert, active: always + layers * activeExperts * expert };
}

/**
 * Switch-C: T5's encoder and decoder with plain experts of two matrices in every layer. A token passes through one of
 * the two stacks, so it meets about half of what is counted as active here. The embedding, not in the published table,
 * is 0.004% of the total and left out.
 */
export function countSwitch(id: string): SparseCount {
  const { facts } = modelFacts(id);
  const D = facts.hiddenSize.value;
  const stacks = 2 * facts.layers.value;
  const attentions = 3 * facts.layers.value; // the decoder attends to itself and to the encoder
  const expert = 2 * D * facts.expertWidth.value;
  const router = D * facts.experts.value;
  const always = attentions * 4 * D * facts.heads.value * facts.headDim.value + stacks * router;
  return {
    total: always + stacks * facts.experts.value * expert,
    active: always + stacks * facts.activeExperts.value * expert,
  };
}
