/**
 * How many parameters a model has, by component, and how many of them work on one token: formulas from the config
 * alone.
 *
 * What "active" means is a convention in two respects. The head multiplies every token by its whole matrix, while only
 * one row of the embedding is looked up. Counts with and without each are all in use, and two of the three round to
 * DeepSeek-V3's "37B". The router's correction biases are state of the balancing rule, not parameters: not counted.
 */
import type { ModelConfig } from "../model/config";

export type Component =
  "embedding" | "attention" | "dense feed-forward" | "router" | "routed experts" | "shared experts" | "norms" | "head";

export interface ParameterCount {
  component: Component;
  total: number;
  /** Those that work on one token, with head and embedding counted whole. */
  active: number;
}

/** Parameters of one layer and its parts. */
export interface LayerParameters {
  attention: number; // with the norms of its latents
  norms: number; // the two before attention and feed-forward
  denseFeedForward: number;
  router: number;
  expert: number; // one routed expert
  sharedExperts: number; // all shared experts together
  denseLayer: number;
  moeLayer: number;
  moeLayerActive: number; // of moeLayer, those that work on one token
}

type Matrix = [inputs: number, outputs: number];

/** The linear maps of multi-head latent attention, with compressed queries or direct ones. */
function attentionMatrices(config: ModelConfig): Matrix[] {
  const { hiddenSize: d, numAttentionHeads: H, qLoraRank, kvLoraRank } = config;
  const { qkNopeHeadDim: nope, qkRopeHeadDim: rope, vHeadDim: v } = config;
  const queries = H * (nope + rope);
  const toQueries: Matrix[] =
    qLoraRank === null
      ? [[d, queries]]
      : [
          [d, qLoraRank],
          [qLoraRank, queries],
        ];
  return [...toQueries, [d, kvLoraRank + rope], [kvLoraRank, H * (nope + v)], [H * v, d]];
}

/** Gate, up and down projection of a gated feed-forward network. */
function feedForwardMatrices(d: number, width: number): Matrix[] {
  return [
    [d, width],
    [d, width],
    [width, d],
  ];
}

function elements(matrices: Matrix[]): number {
  return matrices.reduce((sum, [inputs, outputs]) => sum + inputs * outputs, 0);
}

/** Parameters of one layer and its parts, by formula. */
export function layerParameters(config: ModelConfig): LayerParameters {
  const { hiddenSize: d, moeIntermediateSize, nRoutedExperts, nSharedExperts, numExpertsPerTok } = config;
  const attention = elements(attentionMatrices(config)) + latentNorms(config);
  const norms = 2 * d;
  const denseFeedForward = elements(feedForwardMatrices(d, config.intermediateSize)); // 3 · d · intermediateSize
  const router = d * nRoutedExperts;
  const expert = elements(feedForwardMatrices(d, moeIntermediateSize)); // 3 · d · moeIntermediateSize
  const sharedExperts = nSharedExperts * expert;
  const always = attention + norms + router + sharedExperts;
  return {
    attention,
    norms,
    denseFeedForward,
    router,
    expert,
    sharedExperts,
    denseLayer: attention + norms + denseFeedForward,
    moeLayer: always + nRoutedExperts * expert,
    moeLayerActive: always + numExpertsPerTok * expert,
  };
}

/** Parameters of plain multi-head attention with as many heads of the same widths, one layer: what MLA stands in for. */
export function plainAttentionParameters(config: ModelConfig): number {
  const { hiddenSize: D, numAttentionHeads: H, qkNopeHeadDim, qkRopeHeadDim, vHeadDim } = config;
  return D * H * (2 * (qkNopeHeadDim + qkRopeHeadDim) + 2 * vHeadDim); // query, key, value, output
}

function latentNorms({ qLoraRank, kvLoraRank }: ModelConfig): number {
  return (qLoraRank ?? 0) + kvLoraRank;
}

function layerCounts({ numHiddenLayers, firstKDenseReplace }: ModelConfig): { dense: number; moe: number } {
  const dense = Math.min(firstKDenseReplace, numHiddenLayers);
  return { dense, moe: numHiddenLayers - dense };
}

/**
 * Parameters by component, of the main model without multi-token prediction. The totals sum to totalParameters, the
 * active ones to activeParameters with head and embedding. A tied table counts once: as embedding in the total, and as
 * head in what is active.
 */
export function countParameters(config: ModelConfig): ParameterCount[] {
  const layer = layerParameters(config);
  const { dense, moe } = layerCounts(config);
  const { hiddenSize: d, numHiddenLayers, tieWordEmbeddings: tied } = config;
  const table = config.vocabSize * d;
  const row = (component: Component, total: number, active = total): ParameterCount => ({ component, total, active });
  return [
    row("embedding", table, tied ? 0 : table),
    row("attention", numHiddenLayers * layer.attention),
    row("dense feed-forward", dense * layer.denseFeedForward),
    row("router", moe * layer.router),
    row("routed experts", moe * config.nRoutedExperts * layer.expert, moe * config.numExpertsPerTok * layer.expert),
    row("shared experts", moe * layer.sharedExperts),
    row("norms", numHiddenLayers * layer.norms + d), // two a layer, and the final one
    row("head", tied ? 0 : table, table),
  ];
}

/** All parameters of the main model: 671,026,404,352 for DeepSeek-V3. */
export function totalParameters(config: ModelConfig): number {
  return countParameters(config).reduce((sum, { total }) => sum + total, 0);
}

/**
 * Parameters that work on one token. For DeepSeek-V3 35.699 billion in the layers, 36.626 with the head, 37.552 with
 * head and embedding.
 *
 * @param counted whether the head, and the whole embedding table, are counted
 */
export function activeParameters(config: ModelConfig, counted: { head: boolean; embedding: boolean }): number {
  const isTable = ({ component }: ParameterCount) => component === "embedding" || component === "head";
  const layers = countParameters(config)
    .filter((row) => !isTable(row))
    .reduce((sum, { active }) => sum + active, 0);
  const tables = Number(counted.head) + Number(counted.embedding);
  return layers + (config.tieWordEmbeddings ? Math.min(tables, 1) : tables) * config.vocabSize * config.hiddenSize;
}

/** Counts of one multi-token prediction module, by the several conventions in use. */
export interface MtpParameters {
  unique: number; // what it adds to a model: projection, block and norms
  uniqueWithoutProjection: number; // the same without ehProj and the module's three norms: one block
  active: number; // of unique, those that work on one token
  activeWithTables: number; // with the shared embedding and head counted too
  activeWithTablesWithoutProjection: number;
  stored: number; // in the released file, which repeats embedding and head
}

/** Parameters of one multi-token prediction module. */
export function mtpParameters(config: ModelConfig): MtpParameters {
  const { hiddenSize: d, vocabSize } = config;
  const { moeLayer, moeLayerActive } = layerParameters(config);
  const tables = 2 * vocabSize * d;
  const projection = 2 * d * d;
  const norms = 3 * d; // of the embedding, of the state, and before the head
  const unique = moeLayer + projection + norms;
  const active = moeLayerActive + projection + norms;
  return {
    unique,
    uniqueWithoutProjection: moeLayer,
    active,
    activeWithTables: active + tables,
    activeWithTablesWithoutProjection: moeLayerActive + tables,
    stored: unique + tables,
  };
}

/** Numbers in a checkpoint by format, and their size in bytes. */
export interface CheckpointNumbers {
  fp8: number;
  bf16: number;
  fp32: number;
  total: number;
  bytes: number;
}

/**
 * What the released checkpoint holds, multi-token prediction included. The linear maps of attention and of all
 * feed-forward networks are in FP8, with one FP32 factor for each 128×128 block; the correction biases are FP32;
 * embedding, head, norms, routers and the modules' projections are BF16.
 */
export function releasedCheckpoint(config: ModelConfig): CheckpointNumbers {
  const { hiddenSize: d, vocabSize, numNextnPredictLayers: mtp, nRoutedExperts, nSharedExperts } = config;
  const { dense, moe } = layerCounts(config);
  const expert = feedForwardMatrices(d, config.moeIntermediateSize);
  const shared = nSharedExperts > 0 ? feedForwardMatrices(d, nSharedExperts * config.moeIntermediateSize) : [];
  const overLayers = (count: (matrices: Matrix[]) => number) =>
    (dense + moe + mtp) * count(attentionMatrices(config)) +
    dense * count(feedForwardMatrices(d, config.intermediateSize)) +
    (moe + mtp) * (nRoutedExperts * count(expert) + count(shared));
  const tables = (config.tieWordEmbeddings ? 1 : 2) * vocabSize * d + mtp * 2 * vocabSize * d;
  const norms = (dense + moe + mtp) * (2 * d + latentNorms(config)) + d + mtp * 3 * d;
  const fp8 = overLayers(elements);
  const bf16 = tables + norms + (moe + mtp) * d * nRoutedExperts + mtp * 2 * d * d;
  const fp32 = overLayers(blockFactors) + (moe + mtp) * nRoutedExperts;
  return { fp8, bf16, fp32, total: fp8 + bf16 + fp32, bytes: fp8 + 2 * bf16 + 4 * fp32 };
}

/** One factor for each 128×128 block of a matrix, blocks at the edges included. */
function blockFactors(matrices: Matrix[]): number {
  const blocks = (length: number) => Math.ceil(length / 128);
  return matrices.reduce((sum, [inputs, outputs]) => sum + blocks(inputs) * blocks(outputs), 0);
}
