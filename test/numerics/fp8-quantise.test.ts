import { describe, expect, it } from "vitest";
import { fromCodes } from "../../lib/numerics/codec";
import { matrixErrors } from "../../lib/lessons/04-fp8-training/rounding-errors";
import { FORMATS, largest } from "../../lib/numerics/formats";
import { exactProduct, quantisedProduct } from "../../lib/numerics/product";
import { dequantise, quantise, runOfRows, turned } from "../../lib/numerics/fp8-quantise";
import { roundInBlocks } from "../../lib/numerics/round-blocks";
import { BLOCKS, type Block, type Scaling } from "../../lib/numerics/scaling";
import { arrayFixture, bitsOf, flushedShare, jsonFixture, normalValues } from "./support";

const TILE: Scaling = { format: "E4M3", block: BLOCKS.tile };
const SQUARE: Scaling = { format: "E4M3", block: BLOCKS.square };
const [M, K, N] = [256, 512, 384];
const gemm = arrayFixture("fp8-gemm-256x512x384");
const A = fromCodes(gemm["plain.A_bf16bits"] as Uint16Array, "BF16");
const W = fromCodes(gemm["plain.W_bf16bits"] as Uint16Array, "BF16");

describe("the reference's product of 256 × 512 and 512 × 384", () => {
  const a = quantise(A, [M, K], TILE);
  const w = quantise(W, [N, K], SQUARE);

  it("has the same codes and scales, bit for bit", () => {
    expect(a.codes).toEqual(gemm["plain.qA"]);
    expect(w.codes).toEqual(gemm["plain.qW"]);
    expect(bitsOf(a.scales)).toEqual(bitsOf(gemm["plain.sA"] as Float32Array));
    expect(bitsOf(w.scales)).toEqual(bitsOf(gemm["plain.sW"] as Float32Array));
  });

  it("has the same scales that are powers of two", () => {
    const scalesOf = (values: Float32Array, shape: [number, number], scaling: Scaling) =>
      quantise(values, shape, { ...scaling, scale: "power-of-two" }).scales;
    expect(scalesOf(A, [M, K], TILE)).toEqual(gemm["plain.sA_ue8m0"]);
    expect(scalesOf(W, [N, K], SQUARE)).toEqual(gemm["plain.sW_ue8m0"]);
  });

  it("has the same output, bit for bit", () => {
    expect(bitsOf(quantisedProduct(a, w))).toEqual(bitsOf(gemm["plain.C"] as Float32Array));
  });

  interface Reported {
    row_rel_median: number;
    row_rel_max: number;
    rel_fro: number;
    max_abs: number;
    max_abs_over_max_ref: number;
  }
  const report = jsonFixture<{ plain: Record<string, Reported | number> }>("fp8-gemm-report").plain;
  const exact = exactProduct(A, W, [M, K, N]);
  const product = (activations: Scaling, weights: Scaling) =>
    quantisedProduct(quantise(A, [M, K], activations), quantise(W, [N, K], weights));
  const perTensor: Scaling = { format: "E4M3", block: BLOCKS.tensor };
  const inPowers = (scaling: Scaling): Scaling => ({ ...scaling, scale: "power-of-two" });
  const inBf16 = (values: Float32Array) =>
    roundInBlocks(values, [M, N], { format: "BF16", block: BLOCKS.tensor, scale: "none" });
  it.each([
    ["fp8 1x128 / 128x128, fp32 scales", () => product(TILE, SQUARE)],
    ["same, power-of-2 (ue8m0, ceil) scales", () => product(inPowers(TILE), inPowers(SQUARE))],
    ["fp8 1x128 activations / per-tensor weight", () => product(TILE, perTensor)],
    ["fp8 per-tensor scale", () => product(perTensor, perTensor)],
    ["bf16 output, fp32 accumulate (inputs already bf16)", () => inBf16(Float32Array.from(exact))],
    ["fp8 block result rounded to bf16", () => inBf16(product(TILE, SQUARE))],
  ])("has the reported errors to three digits: %s", (name, compute) => {
    const errors = matrixErrors(compute(), exact, [M, N]);
    const reported = report[name] as Reported;
    const digits = (value: number) => Number(value.toPrecision(3));
    expect(digits(errors.rowMedian)).toBe(digits(reported.row_rel_median));
    expect(digits(errors.rowWorst)).toBe(digits(reported.row_rel_max));
    expect(digits(errors.global)).toBe(digits(reported.rel_fro));
    expect(digits(errors.largest)).toBe(digits(reported.max_abs));
    expect(digits(errors.largestRelative)).toBe(digits(reported.max_abs_over_max_ref));
  });

  it("differs by the reported number of codes from a kernel that multiplies by a rounded 1/s", () => {
    const differing = a.codes.filter((code, i) => {
      const scale = a.scales[Math.floor(i / K) * (K / 128) + Math.floor((i % K) / 128)];
      const other = quantise(Float32Array.of(Math.fround(A[i] * Math.fround(1 / scale))), [1, 1], {
        ...TILE,
        scale: "none",
      });
      return other.codes[0] !== code;
    });
    expect(differing.length).toBe(report["activation codes differing x/s vs x*(1/s)"]);
  });

  it("loses nothing to zero on such data", () => {
    expect(flushedShare(dequantise(a), A)).toBe(report["1x128: fraction of activations flushed to zero"]);
  });
});

describe("blocks", () => {
  /** The definition, element by element, in the plainest way. */
  function slow(
    values: Float32Array,
    [rows, columns]: [number, number],
    { format, block, clamp = 1e-4 }: Scaling,
  ): Float32Array {
    const [height, width] = [Math.min(rows, block[0]), Math.min(columns, block[1])];
    return values.map((value, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const inBlock = values.filter(
        (_, j) =>
          Math.floor(Math.floor(j / columns) / height) === Math.floor(row / height) &&
          Math.floor((j % columns) / width) === Math.floor(column / width),
      );
      const amax = inBlock.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const scale = Math.fround(Math.max(amax, Math.fround(clamp)) / largest(FORMATS[format]));
      const one = quantise(Float32Array.of(Math.fround(value / scale)), [1, 1], {
        format,
        block: [1, 1],
        scale: "none",
      });
      return Math.fround(fromCodes(one.codes, format)[0] * scale);
    });
  }

  const shapes: [number, number][] = [
    [1, 1],
    [3, 5],
    [2, 128],
    [2, 129],
    [130, 3],
    [5, 300],
  ];
  const blocks = Object.entries(BLOCKS) as [string, Block][];
  it.each(shapes.flatMap((shape) => blocks.map(([name, block]) => [shape, name, block] as const)))(
    "of %s by %s are the definition's, at the edges too",
    (shape, _, block) => {
      const values = normalValues(shape[0] * shape[1], 7, 0.01);
      for (const format of ["E4M3", "E5M2", "E5M6"] as const) {
        const quantised = quantise(values, shape, { format, block });
        expect(bitsOf(dequantise(quantised))).toEqual(bitsOf(slow(values, shape, { format, block })));
        expect(bitsOf(roundInBlocks(values, shape, { format, block }))).toEqual(bitsOf(dequantise(quantised)));
      }
    },
  );

  it.each([
    [0, 0],
    [0, 5],
    [5, 0],
  ] as [number, number][])("takes a matrix of %s × %s", (rows, columns) => {
    for (const [, block] of blocks) {
      expect(dequantise(quantise(new Float32Array(), [rows, columns], { format: "E4M3", block }))).toEqual(
        new Float32Array(),
      );
      expect(roundInBlocks(new Float32Array(), [rows, columns], { format: "E4M3", block })).toEqual(new Float32Array());
    }
  });

  it("keeps the clamp's scale below 1e-4, and so loses small blocks bit by bit", () => {
    const scale = Math.fround(Math.fround(1e-4) / 448);
    const block = (size: number) => quantise(new Float32Array(128).fill(size), [1, 128], TILE);
    expect(block(1e-4).scales[0]).toBe(scale);
    expect(block(1e-7).scales[0]).toBe(scale);
    expect(block(0).scales[0]).toBe(scale);
    const error = (size: number) => Math.abs(dequantise(block(size))[0] - size) / size;
    expect(error(1e-5)).toBeLessThan(2 ** -4);
    expect(error(1.1e-9)).toBeGreaterThan(2 ** -4); // subnormal: fewer bits
    expect(dequantise(block(1e-10))[0]).toBe(0);
    expect(quantise(new Float32Array(128).fill(1e-10), [1, 128], { ...TILE, clamp: 1e-30 }).codes[0]).toBe(0x7e);
  });

  it("lets NaN and infinity spoil their own block and no other", () => {
    for (const spoiler of [NaN, Infinity, -Infinity]) {
      const values = new Float32Array(256).fill(1);
      values[5] = spoiler;
      const { codes, scales } = quantise(values, [1, 256], TILE);
      expect(Number.isFinite(scales[0])).toBe(false);
      expect(scales[1]).toBe(Math.fround(1 / 448));
      expect(Array.from(codes.subarray(128))).toEqual(new Array(128).fill(0x7e));
      const back = dequantise(quantise(values, [1, 256], TILE));
      expect(back.subarray(0, 128).every((value) => Number.isNaN(value))).toBe(true);
      expect(bitsOf(roundInBlocks(values, [1, 256], TILE)).length).toBe(256);
      expect(
        roundInBlocks(values, [1, 256], TILE)
          .subarray(0, 128)
          .every((value) => Number.isNaN(value)),
      ).toBe(true);
    }
  });

  it("keeps −0", () => {
    expect(quantise(Float32Array.of(-0, 1), [1, 2], TILE).codes[0]).toBe(0x80);
  });

  it.each([
    ["wrong length", () => quantise(new Float32Array(5), [2, 3], TILE), "needs 6 values; got 5"],
    [
      "no block",
      () => quantise(new Float32Array(6), [2, 3], { format: "E4M3", block: [0, 1] }),
      "positive whole sides",
    ],
    ["scaled BF16", () => quantise(new Float32Array(6), [2, 3], { format: "BF16", block: [1, 1] }), "takes no scale"],
    ["no clamp", () => quantise(new Float32Array(6), [2, 3], { ...TILE, clamp: 0 }), "clamp must be a positive number"],
  ])("refuses %s", (_, call, message) => expect(call).toThrow(message));
});

describe("quantising again along the other dimension", () => {
  it("is free where both scales are powers of two and codes stay normal; with other scales it rounds twice", () => {
    const values = normalValues(128 * 128, 4).map((value) => Math.sign(value) * (1 + (Math.abs(value) % 1))); // one binade
    const lost = (scale: "power-of-two" | "float32") => {
      const kept = dequantise(quantise(values, [128, 128], { ...TILE, scale }));
      const again = quantise(kept, [128, 128], { format: "E4M3", block: BLOCKS.columnTile, scale });
      return matrixErrors(dequantise(again), kept, [128, 128]).global;
    };
    expect(lost("power-of-two")).toBe(0);
    expect(lost("float32")).toBeGreaterThan(0.005);
  });
});

describe("products", () => {
  const [m, k, n] = [9, 520, 7];
  const a = quantise(normalValues(m * k, 11), [m, k], TILE);
  const w = quantise(normalValues(n * k, 12), [n, k], SQUARE);

  it("add up what codes and scales stand for", () => {
    const expected = exactProduct(dequantise(a), dequantise(w), [m, k, n]);
    const { global } = matrixErrors(quantisedProduct(a, w), expected, [m, n]);
    expect(global).toBeLessThan(1e-6);
  });

  it("lose more the longer the sum runs without promotion", () => {
    const K = 4096;
    const plain: Scaling = { format: "E4M3", block: BLOCKS.tensor };
    const positive = (seed: number) => normalValues(4 * K, seed).map(Math.abs); // sums that grow
    const [x, y] = [quantise(positive(15), [4, K], plain), quantise(positive(16), [4, K], plain)];
    const exact = quantisedProduct(x, y);
    const error = (promoteEvery: number) =>
      matrixErrors(quantisedProduct(x, y, { bits: 14, promoteEvery }), exact, [4, 4]).rowWorst;
    const [never, at1024, at128] = [error(Infinity), error(1024), error(128)];
    expect(never).toBeGreaterThan(2 * at1024);
    expect(at1024).toBeGreaterThan(2 * at128);
    expect(at128).toBeLessThan(1e-3);
  });

  it("propagate NaN, and give zeros where there is nothing to sum", () => {
    const bad = quantise(Float32Array.of(1, NaN), [1, 2], TILE);
    const good = quantise(Float32Array.of(1, 1), [1, 2], TILE);
    expect(quantisedProduct(bad, good)[0]).toBeNaN();
    expect(quantisedProduct(bad, good, { bits: 14, promoteEvery: 128 })[0]).toBeNaN();
    const empty = quantise(new Float32Array(), [2, 0], TILE);
    expect(quantisedProduct(empty, empty)).toEqual(new Float32Array(4));
  });

  it("refuse what does not fit", () => {
    expect(() => quantisedProduct(a, quantise(new Float32Array(4), [2, 2], SQUARE))).toThrow(
      "need the same last dimension",
    );
    expect(() => quantisedProduct(a, w, { bits: 14, promoteEvery: 96 })).toThrow(
      "does not meet scales that change every 128",
    );
    expect(() => quantisedProduct(a, w, { bits: 14, promoteEvery: Infinity })).toThrow("does not meet scales");
    expect(() => quantisedProduct(a, w, { bits: 0, promoteEvery: 128 })).toThrow("keeps 2 to 32 bits");
  });
});

describe("a quantised matrix", () => {
  const values = normalValues(6 * 5, 7, 1).map((value, i) => value * 4 ** (i % 5));
  const blocks: Block[] = [BLOCKS.tensor, [1, 2], [2, 1], [4, 2]];
  it.each(blocks)("turned is the transposed one, blocks %i × %i", (...block) => {
    const q = quantise(values, [6, 5], { format: "E4M3", block });
    const back = dequantise(q);
    expect(dequantise(turned(q))).toEqual(back.map((_, i) => back[(i % 6) * 5 + Math.floor(i / 6)]));
  });

  it("gives runs of its rows, where no block is cut", () => {
    for (const block of [BLOCKS.tensor, [1, 2] as const]) {
      const q = quantise(values, [6, 5], { format: "E4M3", block });
      expect(dequantise(runOfRows(q, 2, 3))).toEqual(dequantise(q).subarray(10, 25));
    }
    expect(() => runOfRows(quantise(values, [6, 5], { format: "E4M3", block: [4, 2] }), 2, 3)).toThrow("taken apart");
  });
});

describe("outliers", () => {
  /** Like activations: a few channels far larger than the rest, and tokens of very different size. */
  const [rows, columns] = [64, 512];
  const values = normalValues(rows * columns, 21).map((value, i) => {
    const channel = i % columns;
    const token = Math.floor(i / columns);
    return value * (channel % 101 === 7 ? 100 : 1) * 2 ** ((token % 13) - 6);
  });
  const weights = normalValues(32 * columns, 22, 0.02);
  const exact = exactProduct(values, weights, [rows, columns, 32]);
  const errorsWith = (block: Block) => {
    const a = quantise(values, [rows, columns], { format: "E4M3", block });
    return {
      ...matrixErrors(quantisedProduct(a, quantise(weights, [32, columns], SQUARE)), exact, [rows, 32]),
      flushed: flushedShare(dequantise(a), values),
    };
  };

  it("ruin rows under one scale a tensor, which the global norm hides", () => {
    const [tensor, tile] = [errorsWith(BLOCKS.tensor), errorsWith(BLOCKS.tile)];
    expect(tensor.rowWorst).toBeGreaterThan(3 * tile.rowWorst);
    expect(tensor.global).toBeLessThan(1.5 * tile.global);
    expect(tensor.flushed).toBeGreaterThan(20 * tile.flushed);
  });
});
