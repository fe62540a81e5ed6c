import { describe, expect, it } from "vitest";
import {
  describeHeads,
  measureHeads,
  preferences,
  type AttentionMaps,
} from "../../../lib/lessons/03-multi-head-latent-attention";
import { Random } from "../../../lib/tensor/random";

const T = 24;
const random = new Random(7);
const texts = Array.from({ length: 12 }, () => Array.from({ length: T }, () => random.integer(5)));

/** A head that gives `share` of its attention to the target and the rest to all tokens alike, with some noise. */
function head(text: number[], target: (t: number, s: number) => boolean, share: number): number[][] {
  return text.map((_, t) => {
    const seen = text.slice(0, t + 1);
    const hits = seen.filter((_, s) => target(t, s)).length;
    const row = seen.map((_, s) => {
      const noise = 1 + 0.1 * random.normal();
      return noise * (hits > 0 && target(t, s) ? share / hits + (1 - share) / seen.length : (1 - share) / seen.length);
    });
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((p) => p / sum);
  });
}

const looks = (share: number): AttentionMaps[] =>
  texts.map((text) => [
    head(text, (t, s) => s === t - 1, share),
    head(text, (_, s) => s === 0, share),
    head(text, (t, s) => s > 0 && s < t - 3 && text[s] === text[t], share),
  ]);

describe("heads", () => {
  it("are described by what exceeds uniform attention", () => {
    const measures = measureHeads(looks(0.6), texts);
    expect(preferences(measures).map((one) => one?.target)).toEqual([
      "1 back",
      "the first token",
      "an earlier same byte",
    ]);
    const text = describeHeads(measures);
    expect(text).toContain(
      "What exceeds uniform attention by most is **1 back** in head 0, **the first token** in head 1, **an earlier same byte** in head 2.",
    );
    expect(text).toContain("No head can be shown to look more at itself or 2 back or 3 back than");
  });

  it("get no description where attention is uniform", () => {
    const uniform = texts.map((text) => [text.map((_, t) => Array.from({ length: t + 1 }, () => 1 / (t + 1)))]);
    const measures = measureHeads(uniform, texts);
    expect(preferences(measures)).toEqual([null]);
    expect(describeHeads(measures)).toBe("No head exceeds uniform attention at any target.");
  });

  it("lose the same byte when the bytes are shuffled", () => {
    const maps = looks(0.6);
    const shuffled = texts.map((text) => random.shuffle(text));
    const found = (some: number[][]) =>
      measureHeads(maps, some).find((one) => one.head === 2 && one.target.startsWith("an earlier"))!;
    const excess = ({ attention, uniform }: { attention: number; uniform: number }) => attention - uniform;
    expect(found(texts).comparison.order).toBe("higher");
    expect(excess(found(shuffled))).toBeLessThan(0.3 * excess(found(texts)));
  });

  it("have uniform shares of 1 / (t + 1) at each offset", () => {
    const { uniform } = measureHeads(looks(0.6), texts).find(({ target }) => target === "2 back")!;
    const expected = Array.from({ length: T - 5 }, (_, i) => 1 / (i + 6)).reduce((a, b) => a + b, 0) / (T - 5);
    expect(uniform).toBeCloseTo(expected, 12);
  });
});
