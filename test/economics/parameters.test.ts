import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activeParameters,
  countParameters,
  layerParameters,
  mtpParameters,
  releasedCheckpoint,
  totalParameters,
  type Component,
} from "../../lib/economics/parameters";
import { DEEPSEEK_V3, tinyConfig, type ModelConfig } from "../../lib/model/config";
import { parameterShapes } from "../../lib/checkpoint/parameter-shapes";

/** Parameters in billions, rounded as a paper would. */
const billions = (count: number, digits: number) => (count / 1e9).toFixed(digits);
const total = (component: Component) => countParameters(DEEPSEEK_V3).find((row) => row.component === component)!.total;

describe("DeepSeek-V3", () => {
  it("has 671,026,404,352 parameters", () => {
    expect(totalParameters(DEEPSEEK_V3)).toBe(671_026_404_352);
  });

  it("uses 35.699 billion in the layers for one token, 36.626 with the head, 37.552 with the embedding too", () => {
    const active = (head: boolean, embedding: boolean) =>
      billions(activeParameters(DEEPSEEK_V3, { head, embedding }), 3);
    expect([active(false, false), active(true, false), active(true, true)]).toEqual(["35.699", "36.626", "37.552"]);
  });

  it("has layers of these parts", () => {
    expect(layerParameters(DEEPSEEK_V3)).toEqual({
      attention: 187_107_328,
      norms: 14_336,
      denseFeedForward: 396_361_728,
      router: 1_835_008,
      expert: 44_040_192,
      sharedExperts: 44_040_192,
      denseLayer: 583_483_392,
      moeLayer: 11_507_286_016,
      moeLayerActive: 585_318_400,
    });
    expect([total("embedding"), total("head")]).toEqual([926_679_040, 926_679_040]);
  });

  it("has 97.4% of its parameters in routed experts and 1.70% in attention, which is 32% of the active layers", () => {
    const all = totalParameters(DEEPSEEK_V3);
    expect(((100 * total("routed experts")) / all).toFixed(1)).toBe("97.4");
    expect(((100 * total("attention")) / all).toFixed(2)).toBe("1.70");
    const activeLayers = activeParameters(DEEPSEEK_V3, { head: false, embedding: false });
    expect(((100 * total("attention")) / activeLayers).toFixed(0)).toBe("32");
  });

  it("adds 11.610 billion for multi-token prediction, which is 11.5 and 2.4 active without the projection", () => {
    const mtp = mtpParameters(DEEPSEEK_V3);
    expect(billions(mtp.unique, 3)).toBe("11.610");
    expect(billions(mtp.uniqueWithoutProjection, 1)).toBe("11.5");
    expect(billions(mtp.activeWithTables, 2)).toBe("2.54");
    expect(billions(mtp.activeWithTablesWithoutProjection, 1)).toBe("2.4");
    expect(billions(mtp.stored, 3)).toBe("13.463");
    expect(mtp.activeWithTables - mtp.active).toBe(total("embedding") + total("head"));
  });

  it("is released as 684,531,386,000 numbers, most of them FP8", () => {
    const checkpoint = releasedCheckpoint(DEEPSEEK_V3);
    expect(checkpoint).toMatchObject({
      fp8: 680_571_043_840,
      bf16: 3_918_786_560,
      fp32: 41_555_600,
      total: 684_531_386_000,
    });
    expect(checkpoint.bytes).toBe(680_571_043_840 + 2 * 3_918_786_560 + 4 * 41_555_600);
  });
});

describe("for any config", () => {
  const size = fc.integer({ min: 1, max: 300 });
  const configs: fc.Arbitrary<ModelConfig> = fc
    .record({
      vocabSize: size,
      hiddenSize: size,
      intermediateSize: size,
      moeIntermediateSize: size,
      kvLoraRank: size,
      qLoraRank: fc.option(size),
      qkNopeHeadDim: size,
      vHeadDim: size,
      numAttentionHeads: size,
      numHiddenLayers: fc.integer({ min: 1, max: 5 }),
      firstKDenseReplace: fc.integer({ min: 0, max: 6 }),
      nSharedExperts: fc.integer({ min: 0, max: 3 }),
      tieWordEmbeddings: fc.boolean(),
      numNextnPredictLayers: fc.integer({ min: 0, max: 2 }),
    })
    .map(tinyConfig);

  /** Elements of the checkpoint's tensors, without the correction biases. */
  const elements = (config: ModelConfig, mtp: number) =>
    parameterShapes(config, { mtp })
      .filter(({ name }) => !name.endsWith("_bias"))
      .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

  it("the formulas count what the checkpoint holds", () => {
    fc.assert(
      fc.property(configs, (config) => {
        const { numNextnPredictLayers: mtp } = config;
        expect(totalParameters(config)).toBe(elements(config, 0));
        expect(mtp * mtpParameters(config).unique).toBe(elements(config, mtp) - elements(config, 0));
      }),
      { seed: 2 },
    );
  });

  it("the released checkpoint holds every parameter once, and the modules' copies of the tables", () => {
    fc.assert(
      fc.property(configs, (config) => {
        const { numNextnPredictLayers: mtp } = config;
        const { fp8, bf16 } = releasedCheckpoint(config);
        expect(fp8 + bf16).toBe(elements(config, mtp) + mtp * 2 * config.vocabSize * config.hiddenSize);
      }),
      { seed: 3 },
    );
  });

  it("the rows sum to the totals, and with every expert active all parameters are", () => {
    fc.assert(
      fc.property(configs, (config) => {
        const sum = (key: "total" | "active") => countParameters(config).reduce((all, row) => all + row[key], 0);
        expect(sum("total")).toBe(totalParameters(config));
        expect(sum("active")).toBe(activeParameters(config, { head: true, embedding: true }));
        const everyExpert = { ...config, numExpertsPerTok: config.nRoutedExperts };
        expect(activeParameters(everyExpert, { head: true, embedding: true })).toBe(totalParameters(config));
      }),
      { seed: 4 },
    );
  });

  it("one table that is embedding and head is counted once", () => {
    const tied = tinyConfig({ tieWordEmbeddings: true });
    const table = tied.vocabSize * tied.hiddenSize;
    const active = (head: boolean, embedding: boolean) => activeParameters(tied, { head, embedding });
    expect(active(true, true) - active(false, false)).toBe(table);
    expect(active(false, true)).toBe(active(true, false));
    expect(totalParameters(tinyConfig()) - totalParameters(tied)).toBe(table);
  });
});
