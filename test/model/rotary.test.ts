import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { DEEPSEEK_V3, tinyConfig } from "../../lib/model/config";
import { inverseFrequencies, rotaryTables, softmaxScale } from "../../lib/model/rotary";
import { useBackend } from "../../lib/tensor/backend";
import { rotate } from "../../lib/tensor/nn";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";

const config = tinyConfig({ qkRopeHeadDim: 8, ropeScaling: null });

describe("rotary position embedding", () => {
  beforeAll(async () => {
    await useBackend("wasm");
  });

  it("turns each pair of neighbouring channels by position times frequency", async () => {
    const random = new Random(3);
    const [positions, width] = [[0, 1, 7, 4000], 8];
    const x = random.normalTensor([1, 4, 1, width]) as tf.Tensor4D;
    const turned = await rotate(x, rotaryTables(config, [positions])).data();
    const before = await x.data();
    positions.forEach((p, t) => {
      for (let j = 0; j < width / 2; j++) {
        const angle = p * 10000 ** ((-2 * j) / width);
        const [a, b] = [before[t * width + 2 * j], before[t * width + 2 * j + 1]];
        const wanted = [a * Math.cos(angle) - b * Math.sin(angle), a * Math.sin(angle) + b * Math.cos(angle)];
        expectClose(turned.slice(t * width + 2 * j, t * width + 2 * j + 2), wanted, { rtol: 1e-3, atol: 1e-3 });
      }
    });
  });

  it("makes the product of a query and a key depend on their distance only", async () => {
    const random = new Random(4);
    const q = random.normalTensor([1, 1, 1, 8]) as tf.Tensor4D;
    const k = random.normalTensor([1, 1, 1, 8]) as tf.Tensor4D;
    const product = async (at: number, distance: number) => {
      const turned = [rotate(q, rotaryTables(config, [[at + distance]])), rotate(k, rotaryTables(config, [[at]]))];
      return (await turned[0].mul(turned[1]).sum().data())[0];
    };
    expectClose([await product(900, 5)], [await product(0, 5)], { rtol: 1e-3, atol: 1e-3 });
    expect(Math.abs((await product(0, 6)) - (await product(0, 5)))).toBeGreaterThan(0.01);
  });

  it("leaves the fast pairs of DeepSeek-V3 alone, stretches the slow ones 40-fold, and ramps between pair 10 and 23", () => {
    const stretched = inverseFrequencies(DEEPSEEK_V3);
    const original = inverseFrequencies({ ...DEEPSEEK_V3, ropeScaling: null });
    for (let j = 0; j <= 10; j++) expect(stretched[j]).toBe(original[j]);
    for (let j = 23; j < 32; j++) expect(original[j] / stretched[j]).toBeCloseTo(40, 4);
    for (let j = 11; j < 23; j++) {
      expect(original[j] / stretched[j]).toBeGreaterThan(1);
      expect(original[j] / stretched[j]).toBeLessThan(40);
    }
  });

  it("scales the scores of DeepSeek-V3 by 0.13523378, of which the plain part is 192^-0.5", () => {
    expect(softmaxScale(DEEPSEEK_V3)).toBeCloseTo(0.13523378, 8);
    expect(softmaxScale({ ...DEEPSEEK_V3, ropeScaling: null })).toBe(192 ** -0.5);
  });
});
