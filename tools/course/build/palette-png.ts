/*
 * Chromium writes plots as 24- or 32-bit png: some 50 KB for a few lines on white. With 256 colours and full compression
 * the same picture takes about a quarter, so a lesson stays small and a rebuild adds little to the repository. Colours that
 * lie close together share an entry, the more frequent one's.
 * The format: https://www.w3.org/TR/png-3/
 */
import zlib from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

interface Pixels {
  width: number;
  height: number;
  /** Bytes per pixel: 3 for RGB, 4 for RGBA. */
  channels: number;
  /** Rows of pixels without padding. */
  bytes: Buffer;
}

/** The predictor of filter type 4: of left, above and upper left, the one nearest to left + above - upper left. */
function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const toLeft = Math.abs(estimate - left);
  const toAbove = Math.abs(estimate - above);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** What a filter type expects of a byte; the file holds the difference. */
function predict(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 1: return left;
    case 2: return above;
    case 3: return (left + above) >> 1;
    case 4: return paeth(left, above, corner);
    default: return 0;
  }
}

/** Undoes the filter of each row. */
function unfilter(raw: Buffer, width: number, height: number, channels: number): Buffer {
  const stride = width * channels;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= channels ? out[at - channels] : 0;
      const above = y > 0 ? out[at - stride] : 0;
      const corner = x >= channels && y > 0 ? out[at - stride - channels] : 0;
      out[at] = raw[y * (stride + 1) + 1 + x] + predict(filter, left, above, corner);
    }
  }
  return out;
}

/**
 * Reads a png of 8-bit RGB or RGBA without interlacing, the kind that Chromium writes.
 * @throws for any other kind
 */
export function decodePng(png: Buffer): Pixels {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error("decodePng: not a png");
  const chunks: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") chunks.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const [depth, type, interlace] = [png[24], png[25], png[28]];
  if (depth !== 8 || (type !== 2 && type !== 6) || interlace !== 0) {
    throw new Error(`decodePng: depth ${depth}, colour type ${type}, interlace ${interlace}; expected 8, 2 or 6, 0`);
  }
  const channels = type === 2 ? 3 : 4;
  return { width, height, channels, bytes: unfilter(zlib.inflateSync(Buffer.concat(chunks)), width, height, channels) };
}

/** The colour 0xRRGGBB of each pixel, on white where it is transparent. */
function colours({ channels, bytes }: Pixels): Uint32Array {
  const out = new Uint32Array(bytes.length / channels);
  for (let i = 0; i < out.length; i++) {
    const at = i * channels;
    const alpha = channels === 4 ? bytes[at + 3] / 255 : 1;
    const over = (byte: number): number => Math.round(byte * alpha + 255 * (1 - alpha));
    out[i] = (over(bytes[at]) << 16) | (over(bytes[at + 1]) << 8) | over(bytes[at + 2]);
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

/** At most 256 colours, and for each colour of the picture its place among them. */
function choosePalette(pixels: Uint32Array): { palette: number[]; place: Map<number, number> } {
  const counts = new Map<number, number>();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  let palette = byCount;
  for (let tolerance = 8; palette.length > COLOURS; tolerance *= 2) palette = thinOut(byCount, tolerance);
  const place = new Map<number, number>();
  for (const colour of byCount) {
    let best = 0;
    for (let i = 1; i < palette.length; i++) {
      if (distance(palette[i], colour) < distance(palette[best], colour)) best = i;
    }
    place.set(colour, best);
  }
  return { palette, place };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** The same picture as a png with a palette of at most 256 colours. */
export function toPalettePng(png: Buffer): Buffer {
  const picture = decodePng(png);
  const { width, height } = picture;
  const pixels = colours(picture);
  const { palette, place } = choosePalette(pixels);
  const rows = Buffer.alloc((width + 1) * height); // each row begins with filter type 0, best for a palette
  pixels.forEach((colour, i) => {
    rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = place.get(colour) ?? 0;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, palette, the standard compression and filters, no interlacing
  const entries = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", entries),
    chunk("IDAT", zlib.deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
