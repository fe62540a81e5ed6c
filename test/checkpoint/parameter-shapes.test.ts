import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../lib/checkpoint/config-json";
import { DEEPSEEK_V3 } from "../../lib/model/config";
import { isTransposed, parameterShapes, releasedTensors } from "../../lib/checkpoint/parameter-shapes";
import { TensorFiles } from "../../lib/checkpoint/safetensors-read";

const fixtures = path.join(__dirname, "..", "fixtures");

/** "name shape" of every weight in the files, sorted. */
function listed(files: TensorFiles): string[] {
  return files.names
    .filter((name) => !name.startsWith("golden."))
    .map((name) => `${name} ${files.info(name).shape}`)
    .sort();
}

describe("parameterShapes", () => {
  it.each([
    ["golden-a-group", 139],
    ["golden-d-mtp", 95],
  ])("lists just the tensors of %s, multi-token prediction included", (name, count) => {
    const { config: json } = JSON.parse(readFileSync(path.join(fixtures, `${name}.json`), "utf8")) as {
      config: unknown;
    };
    const config = readConfig(json);
    const shapes = parameterShapes(config, { mtp: config.numNextnPredictLayers });
    expect(shapes.map(({ name, shape }) => `${name} ${shape}`).sort()).toEqual(
      listed(TensorFiles.openFile(path.join(fixtures, `${name}.safetensors`))),
    );
    expect(shapes).toHaveLength(count);
  });

  it.each(["direct-queries", "one-group", "two-shared-experts", "tied-embeddings", "sharded"])(
    "lists just the tensors that transformers saves of %s",
    (name) => {
      const config = readConfig(JSON.parse(readFileSync(path.join(fixtures, name, "config.json"), "utf8")));
      expect(
        parameterShapes(config, { mtp: 0 })
          .map(({ name, shape }) => `${name} ${shape}`)
          .sort(),
      ).toEqual(listed(TensorFiles.openFolder(path.join(fixtures, name))));
    },
  );

  it("lists 671,026,404,352 parameters of DeepSeek-V3, and its 58 · 256 correction biases beside them", () => {
    const count = (wanted: (name: string) => boolean) =>
      parameterShapes(DEEPSEEK_V3, { mtp: 0 })
        .filter(({ name }) => wanted(name))
        .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(count((name) => !name.endsWith("_bias"))).toBe(671_026_404_352);
    expect(count((name) => name.endsWith("_bias"))).toBe(58 * 256);
  });
});

describe("releasedTensors", () => {
  it("turns linear maps round, takes stacks of experts apart and leaves the rest", () => {
    expect(releasedTensors({ name: "model.layers.0.self_attn.o_proj.weight", shape: [48, 64] })).toEqual([
      { name: "model.layers.0.self_attn.o_proj.weight", shape: [64, 48] },
    ]);
    expect(releasedTensors({ name: "model.layers.1.mlp.experts.*.down_proj.weight", shape: [2, 24, 64] })).toEqual([
      { name: "model.layers.1.mlp.experts.0.down_proj.weight", shape: [64, 24] },
      { name: "model.layers.1.mlp.experts.1.down_proj.weight", shape: [64, 24] },
    ]);
    expect(releasedTensors({ name: "model.embed_tokens.weight", shape: [160, 64] })[0].shape).toEqual([160, 64]);
    expect(isTransposed("model.embed_tokens.weight", [160, 64])).toBe(false);
    expect(isTransposed("model.norm.weight", [64])).toBe(false);
  });
});
