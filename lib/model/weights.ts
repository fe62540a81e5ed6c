/**
 * The weights of a model: plain tensors in plain objects, named as in the released checkpoint but in camelCase.
 *
 * A linear map is held [in, out], so that rows of activations multiply it from the left; the checkpoint holds [out, in]
 * and is transposed once, on loading. The routed experts of a layer are stacked into three tensors, since one call
 * computes them all. Every tensor's released name follows from its place here: layers[3].selfAttn.qAProj is
 * model.layers.3.self_attn.q_a_proj.weight. A walk over the tree therefore serves loading, saving, counting, freeing
 * and training alike.
 *
 * Letters: D hiddenSize, H numAttentionHeads, I the width of a feed-forward network, E nRoutedExperts, V vocabSize.
 */
import * as tf from "@tensorflow/tfjs";
import { Random } from "../tensor/random";
import { snakeCase, type ModelConfig } from "./config";

/** Multi-head latent attention. Queries come from qProj, or through a latent from qAProj, qALayernorm and qBProj. */
export interface MlaWeights {
  qProj?: tf.Tensor2D; // [D, H·(nope + rope)], where qLoraRank is null
  qAProj?: tf.Tensor2D; // [D, qLoraRank]
  qALayernorm?: tf.Tensor1D; // [qLoraRank]
  qBProj?: tf.Tensor2D; // [qLoraRank, H·(nope + rope)]
  kvAProjWithMqa: tf.Tensor2D; // [D, kvLoraRank + rope]
  kvALayernorm: tf.Tensor1D; // [kvLoraRank]
  kvBProj: tf.Tensor2D; // [kvLoraRank, H·(nope + v)]
  oProj: tf.Tensor2D; // [H·v, D]
}

/** A gated feed-forward network: a dense layer's, or the shared experts'. */
export interface MlpWeights {
  gateProj: tf.Tensor2D; // [D, I]
  upProj: tf.Tensor2D; // [D, I]
  downProj: tf.Tensor2D; // [I, D]
}

export interface RouterWeights {
  weight: tf.Tensor2D; // [D, E]
  eScoreCorrectionBias: tf.Tensor1D; // [E]; moved by the balancing rule, not by a gradient
}

/** All routed experts of a layer. */
export interface ExpertWeights {
  gateProj: tf.Tensor3D; // [E, D, I]
  upProj: tf.Tensor3D; // [E, D, I]
  downProj: tf.Tensor3D; // [E, I, D]
}

export interface MoeWeights {
  gate: RouterWeights;
  experts: ExpertWeights;
  sharedExperts?: MlpWeights; // nSharedExperts of them as one network, I = nSharedExperts · moeIntermediateSize
}

export interface BlockWeights {
  inputLayernorm: tf.Tensor1D; // [D]
  selfAttn: MlaWeights;
  postAttentionLayernorm: tf.Tensor1D; // [D]
  mlp: MlpWeights | MoeWeights;
}

/** A multi-token prediction module. Embedding and head are the main model's. */
export interface MtpWeights {
  enorm: tf.Tensor1D; // [D]
  hnorm: tf.Tensor1D; // [D]
  ehProj: tf.Tensor2D; // [2D, D]
  block: BlockWeights;
  sharedHeadNorm: tf.Tensor1D; // [D]
}

export interface ModelWeights {
  embedTokens: tf.Tensor2D; // [V, D]
  layers: BlockWeights[];
  norm: tf.Tensor1D; // [D]
  lmHead?: tf.Tensor2D; // [D, V]; absent where tieWordEmbeddings: the head is then embedTokens, transposed
  mtp: MtpWeights[];
}

/** Whether a feed-forward network is a mixture of experts. */
export function isMoe(mlp: MlpWeights | MoeWeights): mlp is MoeWeights {
  return "experts" in mlp;
}

/**
 * Whether the tensor of that released name is a router's correction bias: no weight like the others, but a setting of
 * the balancing rule. It begins at 0, has no gradient, and stays float32 in every file.
 */
export function isCorrectionBias(name: string): boolean {
  return name.endsWith(".e_score_correction_bias");
}

/** The tree of ModelWeights with something else at its leaves. */
type TreeOf<W, Leaf> = W extends tf.Tensor
  ? Leaf
  : W extends (infer Item)[]
    ? TreeOf<Item, Leaf>[]
    : { [Key in keyof W]: TreeOf<W[Key], Leaf> };

export interface NamedTensor {
  /** The released name; a stack of experts has * for the number, as in model.layers.1.mlp.experts.*.up_proj.weight. */
  name: string;
  tensor: tf.Tensor;
}

export interface NamedShape {
  /** As in NamedTensor. */
  name: string;
  /** As held here: linear maps [in, out], experts stacked. */
  shape: number[];
}

/**
 * Makes the weights of a config, one tensor at a time; frees those already made if one of them fails.
 *
 * @param mtpModules how many multi-token prediction modules to make
 * @param make returns the tensor of that name and shape
 */
export function buildWeights(
  config: ModelConfig,
  mtpModules: number,
  make: (name: string, shape: number[]) => tf.Tensor,
): ModelWeights {
  const made: tf.Tensor[] = [];
  try {
    return mapTree(weightTree(config, mtpModules), isShape, (shape, path) => {
      const tensor = make(releasedName(path, config.numHiddenLayers), shape);
      made.push(tensor);
      return tensor;
    }) as ModelWeights;
  } catch (error) {
    tf.dispose(made);
    throw error;
  }
}

/** Names and shapes of all tensors of a config, in the order in which a token meets them. */
export function weightShapes(config: ModelConfig, mtpModules: number): NamedShape[] {
  return [...eachWeightShape(config, mtpModules)];
}

/** The same one by one, so that nothing is made for the million layers that a config may claim. */
export function* eachWeightShape(config: ModelConfig, mtpModules: number): Generator<NamedShape, void, undefined> {
  const { numHiddenLayers, firstKDenseReplace } = config;
  const { embedTokens, norm, lmHead } = weightTree({ ...config, numHiddenLayers: 0 }, 0);
  const named = (path: string[], tree: unknown) => {
    const list: NamedShape[] = [];
    const add = (shape: number[], path: string[]) => list.push({ name: releasedName(path, numHiddenLayers), shape });
    mapTree(tree, isShape, add, path);
    return list;
  };
  yield* named(["embedTokens"], embedTokens);
  for (let layer = 0; layer < numHiddenLayers; layer++) {
    yield* named(["layers", String(layer)], blockTree(config, layer >= firstKDenseReplace));
  }
  yield* named(["norm"], norm);
  if (lmHead !== undefined) yield* named(["lmHead"], lmHead);
  for (let k = 0; k < mtpModules; k++) yield* named(["mtp", String(k)], mtpTree(config));
}

/** All tensors with their released names. */
export function namedTensors(weights: ModelWeights): NamedTensor[] {
  const list: NamedTensor[] = [];
  mapWeights(weights, (tensor, name) => {
    list.push({ name, tensor });
    return tensor;
  });
  return list;
}

/** The same tree with f(tensor, released name) in place of each tensor: copies, variables, gradients … */
export function mapWeights(weights: ModelWeights, f: (tensor: tf.Tensor, name: string) => tf.Tensor): ModelWeights {
  const mapped = mapTree(weights, isTensor, (tensor, path) => f(tensor, releasedName(path, weights.layers.length)));
  return mapped as ModelWeights;
}

/** Frees every tensor. */
export function disposeWeights(weights: ModelWeights): void {
  tf.dispose(namedTensors(weights).map(({ tensor }) => tensor));
}

export interface InitOptions {
  /** Standard deviation of embeddings and linear maps; DeepSeek-V3's is 0.006 (the report, section 4.2). */
  std?: number;
}

/**
 * Random weights as before training: normal with the given deviation, norms 1, correction biases 0. Includes
 * numNextnPredictLayers multi-token prediction modules. The same seed gives the same weights.
 */
export function initWeights(config: ModelConfig, seed: number, { std = 0.006 }: InitOptions = {}): ModelWeights {
  const random = new Random(seed);
  return buildWeights(config, config.numNextnPredictLayers, (name, shape) => {
    if (isCorrectionBias(name)) return tf.zeros(shape);
    if (shape.length === 1) return tf.ones(shape); // every other vector is the weight of an RMSNorm
    return random.normalTensor(shape, std);
  });
}

/** The shape of every tensor, in the place of the tensor. */
function weightTree(config: ModelConfig, mtpModules: number): TreeOf<ModelWeights, number[]> {
  const { hiddenSize: D, vocabSize: V, numHiddenLayers, firstKDenseReplace } = config;
  return {
    embedTokens: [V, D],
    layers: Array.from({ length: numHiddenLayers }, (_, layer) => blockTree(config, layer >= firstKDenseReplace)),
    norm: [D],
    ...(config.tieWordEmbeddings ? {} : { lmHead: [D, V] }),
    mtp: Array.from({ length: mtpModules }, () => mtpTree(config)),
  };
}

function mtpTree(config: ModelConfig): TreeOf<MtpWeights, number[]> {
  const { hiddenSize: D } = config;
  return { enorm: [D], hnorm: [D], ehProj: [2 * D, D], block: blockTree(config, true), sharedHeadNorm: [D] };
}

function blockTree(config: ModelConfig, sparse: boolean): TreeOf<BlockWeights, number[]> {
  const { hiddenSize: D, intermediateSize, moeIntermediateSize: I, nRoutedExperts: E, nSharedExperts } = config;
  const moeTree = {
    gate: { weight: [D, E], eScoreCorrectionBias: [E] },
    experts: { gateProj: [E, D, I], upProj: [E, D, I], downProj: [E, I, D] },
    ...(nSharedExperts > 0 ? { sharedExperts: mlpTree(D, nSharedExperts * I) } : {}),
  };
  return {
    inputLayernorm: [D],
    selfAttn: mlaTree(config),
    postAttentionLayernorm: [D],
    mlp: sparse ? moeTree : mlpTree(D, intermediateSize),
  };
}

function mlaTree(config: ModelConfig): TreeOf<MlaWeights, number[]> {
  const { hiddenSize: D, numAttentionHeads: H, qLoraRank, kvLoraRank } = config;
  const { qkNopeHeadDim: nope, qkRopeHeadDim: rope, vHeadDim: v } = config;
  const queryWidth = H * (nope + rope);
  const query =
    qLoraRank === null
      ? { qProj: [D, queryWidth] }
      : { qAProj: [D, qLoraRank], qALayernorm: [qLoraRank], qBProj: [qLoraRank, queryWidth] };
  return {
    ...query,
    kvAProjWithMqa: [D, kvLoraRank + rope],
    kvALayernorm: [kvLoraRank],
    kvBProj: [kvLoraRank, H * (nope + v)],
    oProj: [H * v, D],
  };
}

function mlpTree(D: number, I: number): TreeOf<MlpWeights, number[]> {
  return { gateProj: [D, I], upProj: [D, I], downProj: [I, D] };
}

/** The released name of what lies at a path of keys, such as ["layers", "3", "selfAttn", "qAProj"]. */
function releasedName(path: string[], numHiddenLayers: number): string {
  if (path[0] === "lmHead") return "lm_head.weight";
  // The module at mtp[k] is stored as one more layer, with its block's tensors directly below it.
  const [, module, ...within] = path;
  const below = within[0] === "block" ? within.slice(1) : within;
  const place = path[0] === "mtp" ? ["layers", String(numHiddenLayers + Number(module)), ...below] : path;
  const keys = place.map((key) => (key === "sharedHeadNorm" ? "shared_head.norm" : snakeCase(key)));
  const name = ["model", ...keys].join(".").replace(/\.experts\./, ".experts.*.");
  return /(_bias|\.weight)$/.test(name) ? name : `${name}.weight`;
}

function isShape(node: unknown): node is number[] {
  return Array.isArray(node) && typeof node[0] === "number";
}

function isTensor(node: unknown): node is tf.Tensor {
  return node instanceof tf.Tensor;
}

/** Replaces every leaf of a tree of arrays and objects; the path names the keys from the root. */
function mapTree<Leaf, Result>(
  node: unknown,
  isLeaf: (node: unknown) => node is Leaf,
  f: (leaf: Leaf, path: string[]) => Result,
  path: string[] = [],
): unknown {
  if (isLeaf(node)) return f(node, path);
  if (Array.isArray(node)) return node.map((item, i) => mapTree(item, isLeaf, f, [...path, String(i)]));
  return Object.fromEntries(
    Object.entries(node as object)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, mapTree(item, isLeaf, f, [...path, key])]),
  );
}
