import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodePng, toPalettePng } from "../../tools/course/build/palette-png";

/** A png as a browser writes it: one filter type for all rows. */
function png(width: number, height: number, channels: 3 | 4, filter: number, pixel: (x: number, y: number) => number[]): Buffer {
  const rows = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => pixel(x, y)).flat());
  const at = (y: number, i: number): number => (y < 0 || i < 0 ? 0 : rows[y][i]);
  const bytes = rows.flatMap((row, y) => [filter, ...row.map((value, i) => {
    const [left, above, corner] = [at(y, i - channels), at(y - 1, i), at(y - 1, i - channels)];
    const p = left + above - corner;
    const nearest = [left, above, corner].sort((a, b) => Math.abs(p - a) - Math.abs(p - b))[0];
    return (value - [0, left, above, Math.floor((left + above) / 2), nearest][filter] + 256) % 256;
  })]);
  const chunk = (type: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 3 ? 2 : 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", header),
    chunk("IDAT", zlib.deflateSync(Buffer.from(bytes))), chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Reads a palette png back: the colours of its pixels. */
function readPalette(file: Buffer): number[][] {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    chunks.set(file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const [header, palette] = [chunks.get("IHDR"), chunks.get("PLTE")];
  if (header === undefined || palette === undefined) throw new Error("not a palette png");
  const width = header.readUInt32BE(0);
  const rows = zlib.inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  return [...rows].filter((_, i) => i % (width + 1) > 0).map((i) => [...palette.subarray(3 * i, 3 * i + 3)]);
}

describe("decodePng", () => {
  it.each([0, 1, 2, 3, 4])("undoes filter type %i", (filter) => {
    const pixel = (x: number, y: number): number[] => [(x * 37 + y * 11) % 256, (x * y * 5) % 256, 200 - 9 * y];
    const { width, height, bytes } = decodePng(png(9, 7, 3, filter, pixel));
    expect([...bytes]).toEqual(Array.from({ length: height * width }, (_, i) => pixel(i % width, Math.floor(i / width))).flat());
  });

  it("refuses what it cannot read", () => {
    expect(() => decodePng(Buffer.from("GIF89a..."))).toThrow("not a png");
  });
});

describe("toPalettePng", () => {
  it("keeps the colours of a simple picture exactly, transparent pixels on white", () => {
    const file = toPalettePng(png(4, 2, 4, 1, (x) => (x < 2 ? [10, 20, 30, 255] : [0, 0, 0, 0])));
    expect(readPalette(file)).toEqual([0, 0, 1, 1, 0, 0, 1, 1].map((white) => (white ? [255, 255, 255] : [10, 20, 30])));
  });

  it("stays close to the colours of a picture that has too many", () => {
    const pixel = (x: number, y: number): number[] => [x * 4, y * 4, 128];
    const colours = readPalette(toPalettePng(png(64, 64, 3, 0, pixel)));
    expect(new Set(colours.map(String)).size).toBeLessThanOrEqual(256);
    const worst = Math.max(...colours.map((c, i) => Math.hypot(c[0] - (i % 64) * 4, c[1] - Math.floor(i / 64) * 4)));
    expect(worst).toBeLessThan(40);
  });
});
