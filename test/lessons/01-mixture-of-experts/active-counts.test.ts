import { describe, expect, it } from "vitest";
import { activeCounts, countsThatRoundTo } from "../../../lib/lessons/01-mixture-of-experts";
import { DEEPSEEK_V3 } from "../../../lib/model/config";

describe("the counts of active parameters", () => {
  it("differ by the head, and by the embedding, which is as large", () => {
    const [layers, withHead, withBoth] = activeCounts(DEEPSEEK_V3).map(({ parameters }) => parameters);
    const matrix = DEEPSEEK_V3.vocabSize * DEEPSEEK_V3.hiddenSize;
    expect([withHead - layers, withBoth - withHead]).toEqual([matrix, matrix]);
  });

  it("round to V3's announced figure in one way only: layers and head", () => {
    expect(countsThatRoundTo(DEEPSEEK_V3, 37e9)).toEqual(["the layers and the head, all matrices that are multiplied"]);
  });

  it("follow the configuration: with more experts at work, none rounds to it", () => {
    expect(countsThatRoundTo({ ...DEEPSEEK_V3, numExpertsPerTok: 16 }, 37e9)).toEqual([]);
  });
});
