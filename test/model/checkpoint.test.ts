import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadCheckpoint, saveCheckpoint } from "../../lib/model/checkpoint";
import { tinyConfig, type ModelConfig } from "../../lib/model/config";
import { TensorFiles } from "../../lib/model/safetensors";
import { writeSafetensors, type WrittenTensor } from "../../lib/model/safetensors-write";
import { disposeWeights, initWeights, isMoe, namedTensors, type ModelWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { temporaryFolder } from "../support/folder";

const temporary = temporaryFolder();
const fixtures = path.join(__dirname, "..", "fixtures");
const config = tinyConfig({ vocabSize: 20, hiddenSize: 12, nRoutedExperts: 8 });
let before: number;

beforeAll(async () => {
  await useBackend("cpu");
});
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(before);
});

/** A folder with a checkpoint of the config. */
async function saved(
  of: ModelConfig = config,
  options: Partial<Parameters<typeof saveCheckpoint>[3]> = {},
): Promise<string> {
  const dir = temporary();
  const weights = initWeights(of, 1);
  await saveCheckpoint(dir, of, weights, { dtype: "F32", ...options });
  disposeWeights(weights);
  return dir;
}

/** Rewrites the one file of a folder with other tensors. */
async function rewrite(dir: string, change: (tensors: WrittenTensor[]) => WrittenTensor[]): Promise<void> {
  const file = path.join(dir, "model.safetensors");
  const files = TensorFiles.openFile(file);
  const all = files.names.map((name): WrittenTensor => {
    const { shape, values } = files.read(name);
    return { name, shape, format: "F32", values: () => values as Float32Array };
  });
  await writeSafetensors(file, change(all));
}

const numbers = (dir: string) => readFileSync(path.join(dir, "model.safetensors"));
const valuesOf = (weights: ModelWeights) =>
  namedTensors(weights).map(({ name, tensor }) => [name, tensor.shape, [...tensor.dataSync()]]);

describe("a saved checkpoint", () => {
  it.each<[string, Partial<ModelConfig>]>([
    ["with every mechanism", {}],
    ["without the query's latent", { qLoraRank: null }],
    ["with a tied head", { tieWordEmbeddings: true }],
    ["without shared experts", { nSharedExperts: 0 }],
    ["with two modules of multi-token prediction", { numNextnPredictLayers: 2 }],
    ["without YaRN", { ropeScaling: null }],
  ])("is loaded as it was, %s", async (_, overrides) => {
    const changed = { ...config, ...overrides };
    const weights = initWeights(changed, 7);
    const dir = temporary();
    await saveCheckpoint(dir, changed, weights, { dtype: "F32" });
    const loaded = loadCheckpoint(dir);
    expect(loaded.config).toEqual(changed);
    expect(valuesOf(loaded.weights)).toEqual(valuesOf(weights));
    [weights, loaded.weights].forEach(disposeWeights);
  });

  it("keeps linear maps [out, in] and each expert by itself, as released", async () => {
    const weights = initWeights(config, 7);
    const dir = temporary();
    await saveCheckpoint(dir, config, weights, { dtype: "F32" });
    const files = TensorFiles.openFolder(dir);
    const [, { selfAttn, mlp }] = weights.layers;
    if (!isMoe(mlp)) throw new Error("the second layer must be a mixture of experts");
    const same = (name: string, tensor: tf.Tensor) => {
      const { shape, values } = files.read(name);
      expect(shape).toEqual(tensor.shape);
      expect(values).toEqual(tensor.dataSync());
    };
    tf.tidy(() => {
      same("model.layers.1.self_attn.q_b_proj.weight", selfAttn.qBProj!.transpose());
      same("model.layers.1.mlp.experts.5.down_proj.weight", mlp.experts.downProj.gather(5).transpose());
      same("model.embed_tokens.weight", weights.embedTokens);
    });
    disposeWeights(weights);
  });

  it("in BF16 is rounded once, and keeps the correction biases in F32", async () => {
    const dir = await saved(config, { dtype: "BF16" });
    const files = TensorFiles.openFolder(dir);
    const formats = (wanted: boolean) =>
      new Set(files.names.filter((name) => name.endsWith("_bias") === wanted).map((name) => files.info(name).dtype));
    expect([formats(true), formats(false)]).toEqual([new Set(["F32"]), new Set(["BF16"])]);
    const { weights } = loadCheckpoint(dir);
    const again = temporary();
    await saveCheckpoint(again, config, weights, { dtype: "BF16" });
    disposeWeights(weights);
    expect(numbers(again).equals(numbers(dir))).toBe(true);
    expect(readFileSync(path.join(dir, "config.json"), "utf8")).toContain('"torch_dtype": "bfloat16"');
  });

  it("is split into files no larger than asked, with an index, and loaded the same", async () => {
    const whole = loadCheckpoint(await saved());
    const dir = await saved(config, { maxShardBytes: 16384 });
    const files = readdirSync(dir);
    expect(files).toContain("model.safetensors.index.json");
    const shards = files.filter((file) => file.endsWith(".safetensors"));
    expect(shards[0]).toBe(`model-00001-of-${String(shards.length).padStart(5, "0")}.safetensors`);
    for (const shard of shards) {
      const opened = TensorFiles.openFile(path.join(dir, shard));
      const bytes = opened.names.reduce((sum, name) => sum + opened.info(name).end - opened.info(name).begin, 0);
      expect(bytes).toBeLessThanOrEqual(16384);
    }
    const split = loadCheckpoint(dir);
    expect(valuesOf(split.weights)).toEqual(valuesOf(whole.weights));
    [whole.weights, split.weights].forEach(disposeWeights);
  });

  it("replaces an older one, in however many files, and leaves other files alone", async () => {
    const dir = await saved(config, { maxShardBytes: 16384 });
    writeFileSync(path.join(dir, "tokens.txt"), "mine");
    const weights = initWeights(config, 2);
    await saveCheckpoint(dir, config, weights, { dtype: "F32" });
    expect(readdirSync(dir).sort()).toEqual(["config.json", "model.safetensors", "tokens.txt"]);
    await saveCheckpoint(dir, config, weights, { dtype: "F32", maxShardBytes: 30000 });
    expect(existsSync(path.join(dir, "model.safetensors"))).toBe(false);
    const loaded = loadCheckpoint(dir);
    expect(valuesOf(loaded.weights)).toEqual(valuesOf(weights));
    [weights, loaded.weights].forEach(disposeWeights);
  });

  it("leaves the older one as it was when saving fails, and nothing half-written", async () => {
    const dir = await saved();
    const files = readdirSync(dir);
    const old = numbers(dir);
    const weights = initWeights(config, 2);
    weights.norm.dispose(); // its numbers cannot be fetched any more
    await expect(saveCheckpoint(dir, config, weights, { dtype: "F32" })).rejects.toThrow();
    expect(readdirSync(dir)).toEqual(files);
    expect(numbers(dir).equals(old)).toBe(true);
    disposeWeights(weights);
  });

  it("is refused when the weights are not of the config", async () => {
    const weights = initWeights(config, 1);
    const other = { ...config, kvLoraRank: 17 };
    await expect(saveCheckpoint(temporary(), other, weights, { dtype: "F32" })).rejects.toThrow(
      /asks for \S+\.0\.self_attn\.kv_a_proj_with_mqa\.weight \[12,25\], the weights have \S+_with_mqa\.weight \[12,24\]/,
    );
    disposeWeights(weights);
  });
});

describe("loading", () => {
  it("takes a model without its module of multi-token prediction, whatever config.json says", async () => {
    const dir = await saved();
    await rewrite(dir, (tensors) => tensors.filter(({ name }) => !name.startsWith("model.layers.3.")));
    const { config: loaded, weights } = loadCheckpoint(dir);
    expect(loaded).toEqual({ ...config, numNextnPredictLayers: 0 });
    expect(weights.mtp).toEqual([]);
    disposeWeights(weights);
  });

  it("takes a module that config.json does not mention, and released copies of embedding and head in it", async () => {
    const dir = await saved();
    const file = path.join(dir, "config.json");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace('"num_nextn_predict_layers": 1', '"num_nextn_predict_layers": 0'),
    );
    const copy = (name: string, shape: number[]): WrittenTensor => ({
      name: `model.layers.3.${name}`,
      shape,
      format: "F32",
      values: () => new Float32Array(shape[0] * shape[1]),
    });
    await rewrite(dir, (tensors) => [
      ...tensors,
      copy("embed_tokens.weight", [20, 12]),
      copy("shared_head.head.weight", [20, 12]),
    ]);
    const { config: loaded, weights } = loadCheckpoint(dir);
    expect(loaded.numNextnPredictLayers).toBe(1);
    disposeWeights(weights);
    await rewrite(dir, (tensors) => [...tensors.slice(0, -1), copy("shared_head.head.weight", [20, 13])]);
    expect(() => loadCheckpoint(dir)).toThrow(
      "model.layers.3.shared_head.head.weight has shape [20,13]; config.json makes it [20,12]",
    );
  });

  it("refuses a module of which a part is missing, and says what the layer is taken for", async () => {
    const dir = await saved();
    await rewrite(dir, (tensors) => tensors.filter(({ name }) => name !== "model.layers.3.eh_proj.weight"));
    expect(() => loadCheckpoint(dir)).toThrow(
      "model.layers.3.eh_proj.weight is missing; config.json makes it [12,24]; layer 3 comes after the 3",
    );
  });

  it("leaves tensors alone that the model does not have", () => {
    const dir = temporary();
    const { config: json } = JSON.parse(readFileSync(path.join(fixtures, "golden-a-group.json"), "utf8")) as {
      config: object;
    };
    writeFileSync(path.join(dir, "config.json"), JSON.stringify(json));
    copyFileSync(path.join(fixtures, "golden-a-group.safetensors"), path.join(dir, "model.safetensors"));
    disposeWeights(loadCheckpoint(dir).weights); // its golden values lie beside the weights
  });

  it("names the folder, config.json or key that is wrong", async () => {
    const dir = temporary();
    expect(() => loadCheckpoint(path.join(dir, "nowhere"))).toThrow(/nowhere: there is no such folder/);
    const file = path.join(dir, "config.json");
    expect(() => loadCheckpoint(dir)).toThrow(`${file}: there is no such file`);
    writeFileSync(file, "{ not json");
    expect(() => loadCheckpoint(dir)).toThrow(`${file}: not JSON`);
    writeFileSync(file, '{ "model_type": "llama" }');
    expect(() => loadCheckpoint(dir)).toThrow(`${file}: config: model_type "llama" is not supported`);
    copyFileSync(path.join(await saved(), "config.json"), file);
    expect(() => loadCheckpoint(dir)).toThrow(`${dir}: there is neither model.safetensors nor`);
  });

  it("names a tensor that is missing or has another shape", async () => {
    const dir = await saved();
    const name = "model.layers.2.mlp.experts.7.up_proj.weight";
    await rewrite(dir, (tensors) =>
      tensors.map((tensor) => (tensor.name === name ? { ...tensor, shape: [12, 32] } : tensor)),
    );
    expect(() => loadCheckpoint(dir)).toThrow(`tensor ${name} has shape [12,32]; config.json makes it [32,12]`);
    await rewrite(dir, (tensors) => tensors.filter((tensor) => tensor.name !== name));
    expect(() => loadCheckpoint(dir)).toThrow(
      `model.safetensors: tensor ${name} is missing; config.json makes it [32,12]`,
    );
  });

  it("names the tensor at which a file is cut off, before it reads any", async () => {
    const dir = await saved();
    const file = path.join(dir, "model.safetensors");
    writeFileSync(file, readFileSync(file).subarray(0, -5));
    expect(() => loadCheckpoint(dir)).toThrow(
      /cut off: tensor model\.layers\.3\.shared_head\.norm\.weight needs 48 bytes, 43 are there/,
    );
  });

  it("frees what it has loaded when reading fails on the way", async () => {
    const dir = temporary();
    cpSync(path.join(fixtures, "sharded"), dir, { recursive: true });
    // The headers stay, so that the fault shows only when the numbers are read.
    const read = TensorFiles.prototype.read;
    TensorFiles.prototype.read = function (name) {
      if (name === "model.norm.weight") throw new Error("the disk is gone");
      return read.call(this, name);
    };
    try {
      expect(() => loadCheckpoint(dir)).toThrow("the disk is gone");
    } finally {
      TensorFiles.prototype.read = read;
    }
  });

  it("names a folder that is a file", () => {
    const dir = temporary();
    writeFileSync(path.join(dir, "file"), "");
    expect(() => loadCheckpoint(path.join(dir, "file"))).toThrow("file: there is no such folder");
  });
});
