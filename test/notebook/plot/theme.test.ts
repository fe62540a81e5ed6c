import { describe, expect, it } from "vitest";
import { BAD, GOOD, NEUTRAL } from "../../../lib/notebook/html";
import { AXIS_LINE, COLOURS, GRID, SCALE, TEXT } from "../../../lib/notebook/plot/theme";
import { contrast, DARK, LIGHT, linear, luminance, type Rgb } from "../contrast";

const onBoth = (colour: string) => Math.min(contrast(colour, LIGHT), contrast(colour, DARK));

/** CIE L*a*b* of linear sRGB. */
function lab([r, g, b]: Rgb): Rgb {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = [
    f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505),
    f(luminance([r, g, b])),
    f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089),
  ];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Machado, Oliveira and Fernandes 2009: complete colour blindness of each kind, for linear sRGB. */
const SEEN_WITH: Record<string, Rgb[]> = {
  "all three kinds of cones": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function seen(hex: string, matrix: Rgb[]): Rgb {
  const [r, g, b] = linear(hex);
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  return matrix.map((row) => clip(row[0] * r + row[1] * g + row[2] * b)) as Rgb;
}

function pairs<T>(items: T[]): [T, T][] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b): [T, T] => [a, b]));
}

/** A colour written as rgba(…), seen on a background. */
function over(rgba: string, background: string): string {
  const [r, g, b, alpha] = (rgba.match(/[\d.]+/g) ?? []).map(Number);
  const mixed = [r, g, b].map((value, i) => {
    const behind = parseInt(background.slice(1 + 2 * i, 3 + 2 * i), 16);
    return Math.round(alpha * value + (1 - alpha) * behind);
  });
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

const least = (values: number[]) => Math.min(...values);

describe("text", () => {
  it.each([
    ["titles and labels", TEXT],
    ["not solved yet", NEUTRAL],
    ["right", GOOD],
    ["wrong", BAD],
  ])("%s: the contrast is at least 4:1 on the light and on the dark theme", (_, colour) => {
    expect(onBoth(colour)).toBeGreaterThanOrEqual(4);
  });
});

describe("lines of the plot", () => {
  it.each([LIGHT, DARK])(
    "on %s the grid is visible but fainter than the axes, and these fainter than text",
    (background) => {
      const [grid, line] = [GRID, AXIS_LINE].map((colour) => contrast(over(colour, background), background));
      expect(grid).toBeGreaterThan(1.2);
      expect(line).toBeGreaterThan(grid);
      expect(contrast(TEXT, background)).toBeGreaterThan(line);
    },
  );
});

describe("colours of series", () => {
  it("stand out from both backgrounds, the first four clearly", () => {
    expect(least(COLOURS.slice(0, 4).map(onBoth))).toBeGreaterThan(2);
    expect(least(COLOURS.map(onBoth))).toBeGreaterThan(1.8);
  });

  it("differ in lightness in every pair, so that they differ in a print without colours", () => {
    const lightness = COLOURS.map((colour) => lab(linear(colour))[0]);
    expect(least(pairs(lightness).map(([a, b]) => Math.abs(a - b)))).toBeGreaterThan(6);
  });

  it.each(Object.entries(SEEN_WITH))("stay apart for eyes with %s", (_, matrix) => {
    const distances = pairs(COLOURS.map((colour) => lab(seen(colour, matrix)))).map(([a, b]) =>
      Math.hypot(...a.map((v, i) => v - b[i])),
    );
    expect(least(distances)).toBeGreaterThan(10);
  });
});

describe("the scale of values", () => {
  it("goes from light to dark in even steps", () => {
    const lightness = SCALE.map(([, colour]) => lab(linear(colour))[0]);
    const steps = lightness.slice(1).map((value, i) => lightness[i] - value);
    expect(least(steps)).toBeGreaterThan(0);
    expect(Math.max(...steps)).toBeLessThan(3 * least(steps));
  });

  it("can be told from both backgrounds everywhere", () => {
    expect(least(SCALE.map(([, colour]) => onBoth(colour)))).toBeGreaterThan(1.4);
  });

  it("begins at 0 and ends at 1", () => {
    expect([SCALE[0][0], SCALE.at(-1)?.[0]]).toEqual([0, 1]);
  });
});
