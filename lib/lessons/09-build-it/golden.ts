/**
 * Values of the reference implementation (transformers 5.23.0 on torch 2.13.0, float32), for two small models: what their
 * layers were given and what came out. data/golden/README.md says where they come from. Every call makes new tensors,
 * which are the caller's; the files are read once.
 */
import * as tf from "@tensorflow/tfjs";
import { host } from "../../host";
import type { SamplingOptions } from "../../inference/sampling";
import { loadCheckpoint } from "../../checkpoint/checkpoint";
import { readConfig } from "../../checkpoint/config-json";
import { readJson } from "../../checkpoint/json-file";
import { TensorFiles } from "../../checkpoint/safetensors-read";
import type { ModelConfig } from "../../model/config";
import { rotaryTables } from "../../model/rotary";
import { disposeWeights, mapWeights, type BlockWeights, type ModelWeights, type MoeWeights } from "../../model/weights";
import { rmsNorm } from "../../tensor/nn";

/** What text is drawn with: how, and the probabilities that the reference makes of it, [V]. */
interface SamplingCase {
  text: number;
  options: SamplingOptions;
  probabilities: number[];
}

/**
 * The reference's logits at the last place of a text of "a-group", and the probabilities that it draws the next token with.
 *
 * @throws if none are known for these options
 */
export function goldenSampling(text: number, options: SamplingOptions): { logits: number[]; probabilities: number[] } {
  const { cases } = readJson(host.paths.join(FOLDER, "sampling.json")) as { cases: SamplingCase[] };
  const same = JSON.stringify({ text, options });
  const found = cases.find(({ text, options }) => JSON.stringify({ text, options }) === same);
  if (found === undefined) throw new Error(`goldenSampling: data/golden/sampling.json has nothing for ${same}`);
  const logits = tf.tidy(() => {
    const all = new Golden("a-group").value<tf.Tensor3D>("logits");
    return Array.from(all.slice([text, all.shape[1] - 1, 0], [1, 1, -1]).dataSync());
  });
  return { logits, probabilities: found.probabilities };
}

/** "a-group": three layers, groups of experts; "d-mtp": two layers and a prediction module. */
export type GoldenName = "a-group" | "d-mtp";

const FOLDER = host.paths.join("data", "golden");

interface Kept {
  files: TensorFiles;
  config: ModelConfig;
  /** The weights' numbers, by released name. */
  numbers: Map<string, Float32Array>;
  shapes: ModelWeights;
}
const kept = new Map<GoldenName, Kept>();

export class Golden {
  private readonly kept: Kept;

  constructor(name: GoldenName) {
    const known = kept.get(name) ?? read(name);
    kept.set(name, known);
    this.kept = known;
  }

  get config(): ModelConfig {
    return this.kept.config;
  }

  /** [B][T] token ids. */
  get ids(): number[][] {
    const { shape, values } = this.kept.files.read("golden.input_ids");
    const [B, T] = shape;
    return Array.from({ length: B }, (_, b) => Array.from(values.slice(b * T, (b + 1) * T)));
  }

  /** The reference's value of that name, as a tensor of the given shape, or of its own. */
  value<T extends tf.Tensor>(name: string, shape?: number[]): T {
    const found = this.kept.files.read(`golden.${name}`);
    return tf.tensor(Float32Array.from(found.values), shape ?? found.shape) as T;
  }

  /** A block of weights: of a layer, or of the prediction module. */
  block(layer: number | "mtp"): BlockWeights {
    const { layers, mtp } = this.kept.shapes;
    return this.fresh(layer === "mtp" ? mtp[0].block : layers[layer]);
  }

  /** The rest of the weights. */
  rest(): Omit<ModelWeights, "layers"> {
    const { embedTokens, norm, lmHead, mtp } = this.kept.shapes;
    return this.fresh({ embedTokens, norm, lmHead, mtp });
  }

  /** What leaves the layer before, [B, T, D]. */
  entering(layer: number): tf.Tensor3D {
    return this.value(`layer${layer - 1}.hidden_out`);
  }

  /** What enters the layer's feed-forward network before its norm: the stream with attention's output added. */
  middle(layer: number): tf.Tensor3D {
    return this.entering(layer).add(this.value(`layer${layer}.attn_out`));
  }

  /** The normalised input of the layer's attention, [B, T, D]. */
  attentionInput(layer: number): tf.Tensor3D {
    return rmsNorm(this.entering(layer), this.block(layer).inputLayernorm, this.config.rmsNormEps);
  }

  /** The normalised input of the layer's experts as rows, [N, D], and their weights. */
  expertInput(layer: number): { x: tf.Tensor2D; weights: MoeWeights } {
    const { postAttentionLayernorm, mlp } = this.block(layer);
    const x = rmsNorm(this.middle(layer), postAttentionLayernorm, this.config.rmsNormEps);
    return { x: x.reshape([-1, this.config.hiddenSize]), weights: mlp as MoeWeights };
  }

  /** cos and sin of positions from `first` on. */
  rotary(count: number, first = 0) {
    return rotaryTables(this.config, [Array.from({ length: count }, (_, t) => first + t)]);
  }

  /** The weights as new tensors. */
  private fresh<W>(tree: W): W {
    const copy = (node: unknown): unknown => {
      if (node instanceof Leaf) return tf.tensor(this.kept.numbers.get(node.name)!, node.shape);
      if (Array.isArray(node)) return node.map(copy);
      return Object.fromEntries(Object.entries(node as object).map(([key, inner]) => [key, copy(inner)]));
    };
    return copy(tree) as W;
  }
}

/** Stands for a tensor in the tree of weights. */
class Leaf {
  constructor(
    readonly name: string,
    readonly shape: number[],
  ) {}
}

function read(name: GoldenName): Kept {
  const folder = host.paths.join(FOLDER, name);
  const { weights } = loadCheckpoint(folder);
  const numbers = new Map<string, Float32Array>();
  const shapes = mapWeights(weights, (tensor, name) => {
    numbers.set(name, tensor.dataSync<"float32">().slice());
    return new Leaf(name, tensor.shape) as unknown as tf.Tensor;
  });
  disposeWeights(weights);
  const config = readConfig(readJson(host.paths.join(folder, "config.json")));
  return { files: TensorFiles.openFolder(folder), config, numbers, shapes };
}
