/** The drawings say what the configuration says, and their texts stay inside their boxes and inside the picture. */
import { describe, expect, it } from "vitest";
import {
  latentAttentionDrawing,
  layerDrawing,
  modelPartsDrawing,
  multiTokenPredictionDrawing,
} from "../../lib/drawings";
import { DEEPSEEK_V3, tinyConfig, type ModelConfig } from "../../lib/model/config";
import { toSvg, type Drawing } from "../../lib/notebook/drawing/drawing";

const DRAWINGS = {
  layer: layerDrawing,
  "latent-attention": latentAttentionDrawing,
  "multi-token-prediction": multiTokenPredictionDrawing,
};
const CONFIGS: Record<string, ModelConfig> = {
  "DeepSeek-V3": DEEPSEEK_V3,
  "a tiny model": tinyConfig(),
  "direct queries, one group, no dense layer, no shared expert": tinyConfig({
    qLoraRank: null,
    nGroup: 1,
    topkGroup: 1,
    firstKDenseReplace: 0,
    nSharedExperts: 0,
  }),
  "two modules": tinyConfig({ numNextnPredictLayers: 2 }),
};

/** The lines of text in a picture, with where they stand and about how wide they are. */
function texts(svg: string) {
  return [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*text-anchor="(\w+)"[^>]*>(.*)<\/text>/g)].map(
    ([, x, y, anchor, inside]) => {
      const spans = [...inside.matchAll(/<tspan([^>]*)>([^<]*)<\/tspan>/g)];
      const width = spans.reduce((sum, [, how, words]) => {
        return sum + words.replace(/&\w+;/g, "x").length * (how.includes("font-size") ? 5.6 : 7.1);
      }, 0);
      const left = Number(x) - (anchor === "start" ? 0 : anchor === "end" ? width : width / 2);
      return {
        text: spans.map(([, , words]) => words).join(""),
        x: Number(x),
        y: Number(y),
        left,
        right: left + width,
      };
    },
  );
}

/** The same for boxes that hold text. */
function boxes(svg: string) {
  return [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="6" fill="#/g)].map(
    (match) => {
      const [x, y, width, height] = match.slice(1).map(Number);
      return { x, y, width, height };
    },
  );
}

/** Texts that leave the picture, or the box in whose middle they stand. */
function tooWide(drawing: Drawing): string[] {
  const svg = toSvg(drawing);
  const all = boxes(svg);
  return texts(svg).flatMap(({ text, x, y, left, right }) => {
    const around = all.find(
      (it) => Math.abs(it.x + it.width / 2 - x) < 1 && y > it.y && y < it.y + it.height && it.height < 60,
    );
    const [from, to] = around === undefined ? [0, drawing.width] : [around.x, around.x + around.width];
    return left < from || right > to ? [text] : [];
  });
}

describe.each(Object.entries(DRAWINGS))("%s", (name, drawn) => {
  it.each(Object.entries(CONFIGS))("has its texts where there is room: %s", (_, config) => {
    const drawing = drawn(config);
    expect(texts(toSvg(drawing)).length).toBeGreaterThan(8);
    expect(tooWide(drawing)).toEqual([]);
  });

  it("is the picture in docs/images", async () => {
    // After a change: npx vitest run test/drawings -u, and look at the pictures.
    await expect(toSvg(drawn(DEEPSEEK_V3))).toMatchFileSnapshot(`../../docs/images/${name}.svg`);
  });

  it("follows the configuration", () => {
    expect(toSvg(drawn(tinyConfig()))).not.toBe(toSvg(drawn(tinyConfig({ hiddenSize: 96 }))));
    expect(toSvg(drawn(tinyConfig({ hiddenSize: 96 })))).not.toMatch(/7,168/);
  });
});

it("a text that is too wide is found", () => {
  const drawing = latentAttentionDrawing({ ...DEEPSEEK_V3, numAttentionHeads: 128_000_000 });
  expect(tooWide(drawing)).toContain("128000000 heads × 128");
});

it("a layer shows every routed expert, and fills as many as a token uses", () => {
  for (const config of [
    ...Object.values(CONFIGS),
    tinyConfig({ nRoutedExperts: 24, nGroup: 3, numExpertsPerTok: 7 }),
  ]) {
    const squares = [
      ...toSvg(layerDrawing(config)).matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="\1" /g),
    ];
    const sizes = squares.map(([, side]) => Number(side));
    expect(sizes).toHaveLength(config.nRoutedExperts);
    expect(sizes.filter((side) => side === Math.max(...sizes))).toHaveLength(config.numExpertsPerTok);
  }
});

it("the latent's and the shared key's widths are marked as cached, and their sum stands beside them", () => {
  const svg = toSvg(latentAttentionDrawing(tinyConfig({ kvLoraRank: 20, qkRopeHeadDim: 6 })));
  expect(texts(svg).map(({ text }) => text)).toContain("20 + 6 = 26 numbers a layer.");
  expect(svg.match(/stroke-width="1.5"/g)).toHaveLength(2);
});

it("each module predicts one token further", () => {
  const words = (config: ModelConfig) => texts(toSvg(multiTokenPredictionDrawing(config))).map(({ text }) => text);
  expect(words(DEEPSEEK_V3).filter((text) => text.startsWith("predicts"))).toEqual(["predicts ti+1", "predicts ti+2"]);
  expect(words(tinyConfig({ numNextnPredictLayers: 2 }))).toContain("predicts ti+3");
});

describe("the parts of a model", () => {
  const names = [
    "rmsNorm",
    "rotate",
    "remember",
    "naive",
    "absorbed",
    "route",
    "experts",
    "block",
    "mtp",
    "distribution",
  ];

  it.each(Object.entries(CONFIGS))("have their texts where there is room, whosever they are: %s", (_, config) => {
    for (const own of [[], names]) expect(tooWide(modelPartsDrawing(config, own))).toEqual([]);
  });

  it("say in words which are the reader's own", () => {
    const drawing = modelPartsDrawing(tinyConfig(), ["rotate", "block"]);
    const yours = texts(toSvg(drawing)).flatMap(({ text }) => (text.endsWith(": yours") ? [text] : []));
    expect(yours.sort()).toEqual(["✔ block: yours", "✔ rotary positions: yours"]);
    expect(drawing.title).toContain("2 of 10");
    expect(drawing.description).toContain("Yours: rotary positions, block.");
  });
});
