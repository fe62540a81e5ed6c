import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadCheckpoint, saveCheckpoint } from "../../lib/checkpoint/checkpoint";
import { DEEPSEEK_V3, tinyConfig, type ModelConfig } from "../../lib/model/config";
import { isFp8Weight } from "../../lib/checkpoint/fp8-weights";
import { parameterShapes, releasedTensors } from "../../lib/checkpoint/parameter-shapes";
import { TensorFiles } from "../../lib/checkpoint/safetensors-read";
import { writeSafetensors, type WrittenTensor } from "../../lib/checkpoint/safetensors-write";
import { disposeWeights, initWeights, isMoe, namedTensors, type ModelWeights } from "../../lib/model/weights";
import { dequantise, quantise } from "../../lib/numerics/fp8-quantise";
import { BLOCKS } from "../../lib/numerics/scaling";
import { useBackend } from "../../lib/tensor/backend";
import { expectClose } from "../support/close";
import { temporaryFolder } from "../support/folder";

/** How the release cuts and scales its weights. */
const IN_SQUARES = { format: "E4M3", block: BLOCKS.square, clamp: 2 ** -100 } as const;
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

describe("a checkpoint in FP8, as released", () => {
  const sized = tinyConfig({
    hiddenSize: 200,
    intermediateSize: 300,
    moeIntermediateSize: 136,
    nRoutedExperts: 4,
    nGroup: 2,
    topkGroup: 1,
    numExpertsPerTok: 2,
  });

  it("holds what the released one holds: 680,571,043,840 numbers in FP8, and no others", () => {
    const fp8 = parameterShapes(DEEPSEEK_V3, { mtp: 1 }).filter(({ name }) => isFp8Weight(name));
    expect(fp8.reduce((sum, { shape }) => sum + shape[0] * shape[1], 0)).toBe(680_571_043_840);
  });

  it("has codes and one scale for each begun block of 128 × 128; the rest as in BF16", async () => {
    const files = TensorFiles.openFolder(await saved(sized, { dtype: "F8_E4M3" }));
    expect(files.info("model.layers.0.mlp.down_proj.weight")).toMatchObject({ dtype: "F8_E4M3", shape: [200, 300] });
    expect(files.info("model.layers.0.mlp.down_proj.weight_scale_inv")).toMatchObject({ dtype: "F32", shape: [2, 3] });
    expect(files.info("model.layers.1.mlp.experts.3.up_proj.weight_scale_inv")).toMatchObject({ shape: [2, 2] });
    for (const name of [
      "model.embed_tokens.weight",
      "lm_head.weight",
      "model.layers.1.mlp.gate.weight",
      "model.norm.weight",
      "model.layers.3.eh_proj.weight",
    ]) {
      expect(files.info(name).dtype).toBe("BF16");
      expect(files.has(`${name}_scale_inv`)).toBe(false);
    }
    expect(files.info("model.layers.1.mlp.gate.e_score_correction_bias").dtype).toBe("F32");
  });

  it("is loaded by the same loader, as codes times scales", async () => {
    const original = initWeights(sized, 1);
    const { weights } = loadCheckpoint(await saved(sized, { dtype: "F8_E4M3" }));
    const before = namedTensors(original);
    for (const [i, { name, tensor }] of namedTensors(weights).entries()) {
      const released = releasedTensors({ name, shape: tensor.shape })[0];
      if (!isFp8Weight(released.name)) continue;
      tf.tidy(() => {
        const first = (t: tf.Tensor) => (t.rank === 3 ? t.slice([0], [1]).squeeze([0]) : t).transpose() as tf.Tensor2D;
        const values = first(before[i].tensor).dataSync<"float32">();
        const expected = dequantise(quantise(values, released.shape as [number, number], IN_SQUARES));
        expect(Array.from(first(tensor).dataSync())).toEqual(Array.from(expected));
      });
    }
    [original, weights].forEach(disposeWeights);
  });

  it("saved again is the same to the last bit but one of a scale", async () => {
    const dir = await saved(sized, { dtype: "F8_E4M3" });
    const { weights } = loadCheckpoint(dir);
    const again = temporary();
    await saveCheckpoint(again, sized, weights, { dtype: "F8_E4M3" });
    disposeWeights(weights);
    const [a, b] = [dir, again].map((folder) => TensorFiles.openFolder(folder));
    const name = "model.layers.1.self_attn.q_b_proj.weight";
    expect(b.read(name).values).toEqual(a.read(name).values);
    expectClose(b.read(`${name}_scale_inv`).values, a.read(`${name}_scale_inv`).values, { rtol: 2 ** -22, atol: 0 });
  });

  it("says so in config.json, which is refused where blocks or format are others", async () => {
    const dir = await saved(sized, { dtype: "F8_E4M3" });
    const file = path.join(dir, "config.json");
    const json = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, unknown>>;
    expect(json.quantization_config).toEqual({
      activation_scheme: "dynamic",
      fmt: "e4m3",
      quant_method: "fp8",
      weight_block_size: [128, 128],
    });
    for (const [key, value] of [
      ["quant_method", "gptq"],
      ["fmt", "e5m2"],
      ["weight_block_size", [64, 64]],
    ] as const) {
      const changed = { ...json, quantization_config: { ...json.quantization_config, [key]: value } };
      writeFileSync(file, JSON.stringify(changed));
      expect(() => loadCheckpoint(dir)).toThrow(`quantization_config.${key} ${JSON.stringify(value)} is not supported`);
    }
  });

  it("is refused without its scales, or with too few", async () => {
    const dir = await saved(sized, { dtype: "F8_E4M3" });
    const file = path.join(dir, "model.safetensors");
    const whole = readFileSync(file, "latin1");
    const name = "model.layers.0.self_attn.o_proj.weight_scale_inv";
    writeFileSync(file, whole.replace(name, name.replace("inv", "int")), "latin1");
    expect(() => loadCheckpoint(dir)).toThrow(`is F8_E4M3, and ${name} is missing`);
    const { shape } = TensorFiles.openFolder(await saved(sized, { dtype: "F8_E4M3" })).info(name);
    writeFileSync(
      file,
      whole.replace(
        `"${name}":{"dtype":"F32","shape":[${shape}]`,
        `"${name}":{"dtype":"F32","shape":[${[...shape].reverse()}]`,
      ),
      "latin1",
    );
    expect(() => loadCheckpoint(dir)).toThrow(/weight_scale_inv has shape .* config.json makes it/);
  });
});
