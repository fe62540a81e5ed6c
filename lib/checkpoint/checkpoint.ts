/**
 * Checkpoints in the released layout: a folder with config.json and model.safetensors, or several such files and an
 * index over them.
 *
 * Linear maps may be FP8, as in the released files; they are float32 once loaded.
 *
 * Loading compares every tensor's name and shape with the config first, from the files' headers, and only then reads
 * numbers. Linear maps are turned from [out, in] to [in, out] and experts stacked, once, here; saving does the reverse.
 */
import * as tf from "@tensorflow/tfjs";
import { host } from "../host";
import type { ModelConfig } from "../model/config";
import { DeepSeekV3 } from "../model/model";
import { readConfig, writeConfig } from "./config-json";
import { fp8Tensors, isFp8Weight, scaledWeight, scaleName, scaleShape } from "./fp8-weights";
import { eachParameterShape, isTransposed, releasedTensors } from "./parameter-shapes";
import { FilesAside } from "./files-aside";
import { folderSource, type ByteSource } from "./byte-source";
import { readJsonOf } from "./json-file";
import { writeJson } from "./json-write";
import { checkFolder } from "./regular-file";
import { TensorFiles } from "./safetensors-read";
import type { WrittenFormat } from "./safetensors-formats";
import { tensorBytes, writeSafetensors, type WrittenTensor } from "./safetensors-write";
import { buildWeights, isCorrectionBias, namedTensors, weightShapes, type ModelWeights } from "../model/weights";

export interface Checkpoint {
  /** As config.json says, but with numNextnPredictLayers as many modules as the files hold. */
  config: ModelConfig;
  weights: ModelWeights;
}

/**
 * Loads a folder, or any other source of files whose bytes are at hand. Multi-token prediction modules are loaded where the files hold them: transformers saves a model
 * without them and leaves the config as it was.
 *
 * @throws if config.json is missing or asks for something else than this library does; if a tensor is missing or has
 *   another shape than the config gives it, or holds NaN; if a file is missing or damaged. Nothing stays allocated then.
 */
export function loadCheckpoint(from: string | ByteSource): Checkpoint {
  if (typeof from === "string") checkFolder(from);
  const source = typeof from === "string" ? folderSource(from) : from;
  const config = inFile(source.at("config.json"), () => readConfig(readJsonOf(source, "config.json")));
  const files = TensorFiles.open(source);
  const numNextnPredictLayers = countMtpModules(files, config);
  checkTensors(files, config, numNextnPredictLayers);
  const weights = buildWeights(config, numNextnPredictLayers, (name, shape) => loadTensor(files, name, shape));
  return { config: { ...config, numNextnPredictLayers }, weights };
}

/**
 * The model in a folder of the released layout: config.json and model.safetensors, or its index.
 *
 * @throws as loadCheckpoint
 */
export function loadModel(from: string | ByteSource): DeepSeekV3 {
  const { config, weights } = loadCheckpoint(from);
  return new DeepSeekV3(config, weights);
}

/** Adds the file to the message of what goes wrong with its content. */
function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(message.startsWith(path) ? message : `${path}: ${message}`);
  }
}

/**
 * A module is stored as one more layer after the model's own.
 *
 * @throws if config.json draws the line between the two elsewhere than the files do
 */
function countMtpModules(files: TensorFiles, { numHiddenLayers: layers }: ModelConfig): number {
  const all = new Set<number>();
  const modules = new Set<number>(); // those layers that have what only a module has
  for (const name of files.names) {
    all.add(layerOf(name));
    if (/\.(eh_proj|enorm|hnorm|shared_head\.norm)\.weight$/.test(name)) modules.add(layerOf(name));
  }
  for (const layer of all) {
    if (layer < 0 || layer >= layers === modules.has(layer)) continue;
    const [is, place] = layer < layers ? ["a", "within"] : ["no", "after"];
    throw new Error(
      `${files.path}: layer ${layer} is ${is} multi-token prediction module, and it comes ${place} the ${layers} layers ` +
        "that num_hidden_layers in config.json says",
    );
  }
  return Math.max(0, ...[...all].map((layer) => layer + 1 - layers));
}

/** The number of the layer that a tensor belongs to, -1 for those outside the layers. */
function layerOf(name: string): number {
  return Number(/^model\.layers\.(\d+)\./.exec(name)?.[1] ?? -1);
}

/** Compares names and shapes with the config; whatever else the files hold is left alone. */
function checkTensors(files: TensorFiles, config: ModelConfig, mtp: number): void {
  const { numHiddenLayers: layers, vocabSize: V, hiddenSize: D } = config;
  for (const { name, shape } of eachParameterShape(config, { mtp })) {
    if (!files.has(name)) {
      const layer = layerOf(name);
      const beyond =
        layer >= layers
          ? `; layer ${layer} comes after the ${layers} of config.json, as a multi-token prediction module`
          : "";
      throw new Error(`${files.path}: tensor ${name} is missing; config.json makes it [${shape}]${beyond}`);
    }
    checkShape(files, name, shape);
    checkFloats(files, name);
    if (files.info(name).dtype === "F8_E4M3") checkScales(files, name, shape);
  }
  // The released file repeats embedding and head within each module. They are the main model's, so nothing is loaded.
  for (let layer = layers; layer < layers + mtp; layer++) {
    for (const copy of ["embed_tokens.weight", "shared_head.head.weight"]) {
      const name = `model.layers.${layer}.${copy}`;
      if (files.has(name)) checkShape(files, name, [V, D]);
    }
  }
}

function checkShape(files: TensorFiles, name: string, wanted: number[]): void {
  const { shape } = files.info(name);
  if (shape.join() !== wanted.join()) {
    throw new Error(`${files.path}: tensor ${name} has shape [${shape}]; config.json makes it [${wanted}]`);
  }
}

/** Whole numbers are codes of some quantisation that is not known here. */
function checkFloats(files: TensorFiles, name: string): void {
  const { dtype } = files.info(name);
  if (dtype.startsWith("I"))
    throw new Error(`${files.path}: tensor ${name} is ${dtype}; weights must be floating-point`);
}

/** Codes of eight bits mean nothing without their scales. */
function checkScales(files: TensorFiles, name: string, shape: number[]): void {
  const scales = scaleName(name);
  if (!files.has(scales)) throw new Error(`${files.path}: tensor ${name} is F8_E4M3, and ${scales} is missing`);
  if (shape.length !== 2) throw new Error(`${files.path}: tensor ${name} is F8_E4M3; only matrices can be`);
  checkShape(files, scales, scaleShape(shape));
  checkFloats(files, scales);
}

function readWeight(files: TensorFiles, name: string): Float32Array {
  const { shape, values } = files.read(name) as { shape: number[]; values: Float32Array };
  const scaled =
    files.info(name).dtype === "F8_E4M3"
      ? scaledWeight(values, shape, files.read(scaleName(name)).values as Float32Array)
      : values;
  const odd = placeOfNaN(scaled);
  if (odd >= 0) throw new Error(`${files.path}: tensor ${name} holds NaN, first at number ${odd} of ${scaled.length}`);
  return scaled;
}

/** Where the first NaN is, -1 if nowhere. */
function placeOfNaN(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (values[i] !== values[i]) return i;
  return -1;
}

/** One tensor as it is held in memory, from one tensor of the files or one an expert. */
function loadTensor(files: TensorFiles, name: string, shape: number[]): tf.Tensor {
  const parts = releasedTensors({ name, shape });
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  parts.forEach((part, i) => {
    const read = readWeight(files, part.name);
    const target = values.subarray(i * read.length, (i + 1) * read.length);
    if (isTransposed(name, shape)) transpose(read, part.shape, target);
    else target.set(read);
  });
  return tf.tensor(values, shape);
}

/** target[c, r] = source[r, c] */
function transpose(source: Float32Array | Int32Array, [rows, columns]: number[], target: Float32Array): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) target[c * rows + r] = source[r * columns + c];
  }
}

export interface SaveOptions {
  /** How numbers are stored. Router correction biases are F32 in any case, as in the released files; F8_E4M3 is as the
   * release has it: linear maps in FP8 with scales, the rest BF16 (fp8-weights.ts). */
  dtype: WrittenFormat;
  /** Files grow no larger than this many bytes, a single tensor excepted; then there is an index beside them. */
  maxShardBytes?: number;
}

/**
 * Saves a model in the released layout; loadCheckpoint and transformers read it. Replaces a checkpoint that is already
 * in the folder, and other files there stay.
 *
 * @throws if the weights are not of that config
 */
export async function saveCheckpoint(
  dir: string,
  config: ModelConfig,
  weights: ModelWeights,
  { dtype, maxShardBytes = Infinity }: SaveOptions,
): Promise<void> {
  checkWeights(config, weights);
  const shards = splitIntoShards(writtenTensors(weights, dtype), maxShardBytes);
  const numbered = (i: number) => [i + 1, shards.length].map((n) => String(n).padStart(5, "0")).join("-of-");
  const names = shards.map((_, i) => (shards.length === 1 ? "model.safetensors" : `model-${numbered(i)}.safetensors`));
  const files = new FilesAside();
  try {
    for (const [i, shard] of shards.entries()) {
      await writeSafetensors(files.aside(host.paths.join(dir, names[i])), shard, { format: "pt" });
    }
    if (shards.length > 1)
      writeJson(files.aside(host.paths.join(dir, "model.safetensors.index.json")), indexOf(shards, names));
    const saved = { ...config, numNextnPredictLayers: weights.mtp.length };
    const json = writeConfig(saved, dtype === "F32" ? "float32" : "bfloat16", { fp8: dtype === "F8_E4M3" });
    writeJson(files.aside(host.paths.join(dir, "config.json")), json);
    files.commit();
  } finally {
    files.discard();
  }
  removeOlder(dir, names);
}

function checkWeights(config: ModelConfig, weights: ModelWeights): void {
  const wanted = weightShapes(config, weights.mtp.length).map(({ name, shape }) => `${name} [${shape}]`);
  const found = namedTensors(weights).map(({ name, tensor }) => `${name} [${tensor.shape}]`);
  const at = Array.from({ length: Math.max(wanted.length, found.length) }, (_, i) => i).find(
    (i) => wanted[i] !== found[i],
  );
  if (at !== undefined) {
    throw new Error(
      `saveCheckpoint: the config asks for ${wanted[at] ?? "nothing more"}, ` +
        `the weights have ${found[at] ?? "nothing more"}`,
    );
  }
}

/** The tensors of the file; the numbers of one tensor in memory are fetched once, however many the file makes of it. */
function writtenTensors(weights: ModelWeights, dtype: WrittenFormat): WrittenTensor[] {
  let latest: { tensor?: tf.Tensor; values: Float32Array } = { values: new Float32Array() };
  const valuesOf = async (tensor: tf.Tensor) => {
    if (latest.tensor !== tensor) latest = { tensor, values: (await tensor.data()) as Float32Array };
    return latest.values;
  };
  return namedTensors(weights).flatMap(({ name, tensor }) =>
    releasedTensors({ name, shape: tensor.shape }).flatMap((part, i) => {
      const values = async () => {
        const length = tf.util.sizeFromShape(part.shape);
        const values = (await valuesOf(tensor)).subarray(i * length, (i + 1) * length);
        if (!isTransposed(name, tensor.shape)) return values;
        const turned = new Float32Array(length);
        transpose(values, [...part.shape].reverse(), turned);
        return turned;
      };
      if (isCorrectionBias(name)) return [{ ...part, format: "F32" as const, values }];
      if (dtype !== "F8_E4M3") return [{ ...part, format: dtype, values }];
      return isFp8Weight(name) ? fp8Tensors({ ...part, values }) : [{ ...part, format: "BF16" as const, values }];
    }),
  );
}

function splitIntoShards(tensors: WrittenTensor[], maxBytes: number): WrittenTensor[][] {
  const shards: WrittenTensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    bytes += tensorBytes(tensor);
    if (bytes > maxBytes && shards[shards.length - 1].length > 0) {
      shards.push([]);
      bytes = tensorBytes(tensor);
    }
    shards[shards.length - 1].push(tensor);
  }
  return shards;
}

function indexOf(shards: WrittenTensor[][], names: string[]): object {
  const bytes = shards.flat().reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
  const places = shards.flatMap((shard, i) => shard.map(({ name }) => [name, names[i]]));
  return { metadata: { total_size: bytes }, weight_map: Object.fromEntries(places) };
}

/** Removes an earlier checkpoint's files; left there, model.safetensors would be taken for the newer files. */
function removeOlder(dir: string, names: string[]): void {
  const current = names.length > 1 ? [...names, "model.safetensors.index.json"] : names;
  for (const file of host.list(dir)) {
    const ours = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/.test(file);
    if (ours && !current.includes(file)) host.remove(host.paths.join(dir, file));
  }
}
