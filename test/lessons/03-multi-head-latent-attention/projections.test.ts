import { expect, it } from "vitest";
import { layerParameters, plainAttentionParameters } from "../../../lib/economics/parameters";
import { keptForBackward, projectionsOf } from "../../../lib/lessons/03-multi-head-latent-attention";
import { DEEPSEEK_V3, tinyConfig } from "../../../lib/model/config";
import { weightShapes } from "../../../lib/model/weights";

it("are V3's five matrices: 11.0, 37.7, 4.1, 16.8 and 117.4 million", () => {
  const millions = projectionsOf(DEEPSEEK_V3).map(({ parameters }) => (parameters / 1e6).toFixed(1));
  expect(millions).toEqual(["11.0", "37.7", "4.1", "16.8", "117.4"]);
});

it.each([DEEPSEEK_V3, tinyConfig(), tinyConfig({ qLoraRank: null })])(
  "are all that a layer has, beside its norms",
  (config) => {
    const shapes = weightShapes({ ...config, numHiddenLayers: 1, firstKDenseReplace: 1 }, 0);
    const found = shapes.filter(({ name, shape }) => name.includes("self_attn") && shape.length === 2);
    expect(projectionsOf(config).map(({ inputs, outputs }) => [inputs, outputs])).toEqual(
      found.map(({ shape }) => shape),
    );
    const names = projectionsOf(config).map(({ name }) => `model.layers.0.self_attn.${name}.weight`);
    expect(names).toEqual(found.map(({ name }) => name));
    const norms = (config.qLoraRank ?? 0) + config.kvLoraRank;
    const sum = projectionsOf(config).reduce((all, { parameters }) => all + parameters, 0);
    expect(sum + norms).toBe(layerParameters(config).attention);
  },
);

it("plain attention has a matrix each for queries, keys, values and the output", () => {
  expect(plainAttentionParameters(DEEPSEEK_V3)).toBe(7168 * 128 * (192 + 192 + 128 + 128));
});

it("keeps for the backward pass 1,536 numbers for 24,576, and 576 for 32,832", () => {
  expect(keptForBackward(DEEPSEEK_V3)).toEqual({
    queries: { whole: 24576, latent: 1536 },
    keysAndValues: { whole: 32832, latent: 576 },
  });
  const direct = keptForBackward({ ...DEEPSEEK_V3, qLoraRank: null }).queries;
  expect(direct.latent).toBe(direct.whole);
});
