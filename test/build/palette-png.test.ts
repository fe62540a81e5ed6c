import UPNG from "upng-js";
import { describe, expect, it } from "vitest";
import { toPalettePng } from "../../tools/course/build/palette-png";

const PALETTE = 3; // the colour type of a png that has one

/** A png that loses nothing. */
function png(width: number, height: number, pixel: (x: number, y: number) => number[]): Buffer {
  const rows = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => pixel(x, y)));
  return Buffer.from(UPNG.encode([Uint8Array.from(rows.flat(2)).buffer], width, height, 0));
}

/** What a png says of itself, and its pixels' colours with their opacity. */
function read(file: Buffer): { width: number; height: number; type: number; colours: number[][] } {
  const { width, height, ctype: type, ...rest } = UPNG.decode(new Uint8Array(file).buffer);
  const bytes = new Uint8Array(UPNG.toRGBA8({ width, height, ctype: type, ...rest })[0]);
  const colours = Array.from({ length: width * height }, (_, i) => [...bytes.subarray(4 * i, 4 * i + 4)]);
  return { width, height, type, colours };
}

describe("toPalettePng", () => {
  it("keeps the colours of a simple picture exactly, transparent pixels on white", () => {
    const pixel = (x: number): number[] => (x < 2 ? [10, 20, 30, 255] : [0, 0, 0, 0]);
    const { width, height, type, colours } = read(toPalettePng(png(4, 2, pixel)));
    expect([width, height, type]).toEqual([4, 2, PALETTE]);
    expect(colours).toEqual(
      [0, 0, 1, 1, 0, 0, 1, 1].map((white) => (white ? [255, 255, 255, 255] : [10, 20, 30, 255])),
    );
  });

  it("mixes half-transparent pixels with white", () => {
    const { colours } = read(toPalettePng(png(2, 2, (x) => (x === 0 ? [0, 100, 255, 51] : [9, 9, 9, 255]))));
    expect(colours[0]).toEqual([204, 224, 255, 255]);
  });

  it("stays close to the colours of a picture that has too many", () => {
    const before = png(64, 64, (x, y) => [x * 4, y * 4, 128, 255]);
    expect(read(before).type).not.toBe(PALETTE);
    const { type, colours } = read(toPalettePng(before));
    expect(type).toBe(PALETTE);
    expect(new Set(colours.map(String)).size).toBeLessThanOrEqual(256);
    const worst = Math.max(...colours.map((c, i) => Math.hypot(c[0] - (i % 64) * 4, c[1] - Math.floor(i / 64) * 4)));
    expect(worst).toBeLessThan(40);
  });

  it("refuses what it cannot read", () => {
    expect(() => toPalettePng(Buffer.from("GIF89a..."))).toThrow();
  });
});
