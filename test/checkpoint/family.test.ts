/** Models of DeepSeek-V3's family, from their configurations, held to what their makers publish. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../lib/checkpoint/config-json";
import { componentOf } from "../../lib/checkpoint/inspect/components";
import { readFamily } from "../../lib/checkpoint/inspect/family";
import { parameterShapes } from "../../lib/checkpoint/parameter-shapes";
import { activeParameters, countParameters, totalParameters } from "../../lib/economics/parameters";

const fixtures = path.join(__dirname, "..", "fixtures");
const read = (file: string) => JSON.parse(readFileSync(path.join(fixtures, file), "utf8")) as Record<string, unknown>;
const V3 = "hf_config_671B.json";
const WHOLE = { head: true, embedding: true };

describe("a config of the family is read, and its counts are those published", () => {
  it.each<[string, string, number, number]>([
    ["DeepSeek-V3, V3-0324, R1", V3, 671e9, 37e9],
    ["DeepSeek-V3.1", "family/deepseek-v3.1.json", 671e9, 37e9],
    ["Moonlight", "family/moonlight.json", 16e9, 3e9],
    ["Kimi K2", "family/kimi-k2.json", 1e12, 32e9],
  ])("%s", (_, file, total, active) => {
    const config = readConfig(read(file));
    expect(readFamily(read(file))).toEqual({ config, refused: null });
    const unit = (count: number) => (count >= 1e12 ? 1e11 : 1e9); // published to so many figures
    expect(Math.abs(totalParameters(config) - total)).toBeLessThan(unit(total));
    expect(Math.abs(activeParameters(config, WHOLE) - active)).toBeLessThan(1e9);
  });

  it("Moonlight's without its embedding and head too: 15.29 billion, 2.24 at work", () => {
    const config = readConfig(read("family/moonlight.json"));
    const tables = countParameters(config).filter(({ component }) => ["embedding", "head"].includes(component));
    const without = totalParameters(config) - tables.reduce((sum, { total }) => sum + total, 0);
    expect((without / 1e9).toFixed(2)).toBe("15.29");
    expect((activeParameters(config, { head: false, embedding: false }) / 1e9).toFixed(2)).toBe("2.24");
    expect((totalParameters(config) / 1e9).toFixed(2)).toBe("15.96");
  });
});

describe("DeepSeek-V3.2", () => {
  const json = read("family/deepseek-v3.2.json");

  it("is not loaded, for its indexer, and inspected by what it has of V3", () => {
    const refusal =
      /index_topk 2048 is not supported; .*the indexer of DeepSeek-V3\.2's sparse attention is not implemented/;
    expect(() => readConfig(json)).toThrow(refusal);
    const { config, refused } = readFamily(json);
    expect(config).toEqual(readConfig(read(V3)));
    expect(refused).toMatch(refusal);
  });

  it("has its indexer as a component of its own", () => {
    expect(componentOf("model.layers.7.self_attn.indexer.wq_b.weight", 61)).toBe("indexer");
    expect(componentOf("model.layers.7.self_attn.indexer.wq_b.weight_scale_inv", 61)).toBe("block scales");
  });
});

describe("what a tensor belongs to", () => {
  it("is told of all that the release has, and adds up to what formulas say", () => {
    const config = readConfig(read(V3));
    const { numHiddenLayers: layers } = config;
    const counts = new Map<string, number>();
    for (const { name, shape } of parameterShapes(config, { mtp: 1 })) {
      const component = componentOf(name, layers);
      counts.set(component, (counts.get(component) ?? 0) + shape.reduce((a, b) => a * b, 1));
    }
    for (const { component, total } of countParameters(config))
      expect([component, counts.get(component)]).toEqual([component, total]);
    expect(counts.has("other")).toBe(false);
  });

  it("is not guessed", () => {
    const names = ["model.layers.1.self_attn.k_proj.weight", "model.layers.1.mlp.experts.0.w1.weight", "golden.logits"];
    expect(names.map((name) => componentOf(name, 61))).toEqual(["other", "other", "other"]);
    expect(readFamily({ model_type: "llama" })).toMatchObject({
      config: null,
      refused: expect.stringMatching(/llama/),
    });
  });
});
