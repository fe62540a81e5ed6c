/*
 * Chromium writes plots as 24- or 32-bit png: some 70 KB for a few lines on white. With 256 colours the same picture
 * takes less than a third, so a lesson stays small and a rebuild adds little to the repository. Colours that lie close
 * together share an entry, the more frequent one's. (upng-js can choose colours itself, but goes further astray.)
 */
import UPNG from "upng-js";

const COLOURS = 256;

/** The colour 0xRRGGBB of each pixel, on white where it is transparent. */
function colours(rgba: Uint8Array): Uint32Array {
  const out = new Uint32Array(rgba.length / 4);
  for (let i = 0; i < out.length; i++) {
    const alpha = rgba[4 * i + 3] / 255;
    const over = (byte: number) => Math.round(byte * alpha + 255 * (1 - alpha));
    const [red, green, blue] = [0, 1, 2].map((channel) => over(rgba[4 * i + channel]));
    out[i] = (red << 16) | (green << 8) | blue;
  }
  return out;
}

function distance(a: number, b: number): number {
  const red = (a >> 16) - (b >> 16);
  const green = ((a >> 8) & 255) - ((b >> 8) & 255);
  const blue = (a & 255) - (b & 255);
  return red * red + green * green + blue * blue;
}

/** Leaves out colours closer to a more frequent one than the tolerance; stops when there are too many anyway. */
function thinOut(byCount: number[], tolerance: number): number[] {
  const kept: number[] = [];
  for (const colour of byCount) {
    if (kept.length > COLOURS) break;
    if (!kept.some((known) => distance(known, colour) <= tolerance)) kept.push(colour);
  }
  return kept;
}

/** For each colour of the picture the one to draw it with: 256 at most. */
function choosePalette(pixels: Uint32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  let palette = byCount;
  for (let tolerance = 8; palette.length > COLOURS; tolerance *= 2) palette = thinOut(byCount, tolerance);
  const nearest = (colour: number) =>
    palette.reduce((best, entry) => (distance(entry, colour) < distance(best, colour) ? entry : best));
  return new Map(byCount.map((colour) => [colour, nearest(colour)]));
}

/**
 * The same picture as a png with a palette of at most 256 colours.
 * @throws if it is no png
 */
export function toPalettePng(png: Buffer): Buffer {
  const picture = UPNG.decode(new Uint8Array(png).buffer);
  const rgba = new Uint8Array(UPNG.toRGBA8(picture)[0]);
  const pixels = colours(rgba);
  const palette = choosePalette(pixels);
  pixels.forEach((pixel, i) => {
    const colour = palette.get(pixel) ?? pixel;
    rgba.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], 4 * i);
  });
  // 0: all colours that are left, which makes a palette of them.
  return Buffer.from(UPNG.encode([rgba.buffer], picture.width, picture.height, 0));
}
