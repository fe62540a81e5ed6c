import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FilesAside } from "../../lib/checkpoint/files-aside";
import { TensorFiles } from "../../lib/checkpoint/safetensors-read";
import { toCodes } from "../../lib/numerics/codec";
import { writeSafetensors, type WrittenTensor } from "../../lib/checkpoint/safetensors-write";
import { temporaryFolder } from "../support/folder";

const temporary = temporaryFolder();

/** A file of that header and so many bytes after it; `headerLength` may lie. */
function fileOf(header: object | string, data: Uint8Array | number, headerLength?: number): string {
  const file = temporary("model.safetensors");
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerLength ?? text.length));
  writeFileSync(file, Buffer.concat([length, text, typeof data === "number" ? Buffer.alloc(data) : data]));
  return file;
}

function entry(dtype: string, shape: unknown, begin: number, end: number): object {
  return { dtype, shape, data_offsets: [begin, end] };
}

const f32 = (name: string, shape: number[], values: number[]): WrittenTensor => ({
  name,
  shape,
  format: "F32",
  values: () => Float32Array.from(values),
});

describe("reading", () => {
  it("decodes F32, BF16, F16 and I32", () => {
    const data = Buffer.alloc(4 + 4 + 8 + 8);
    data.writeFloatLE(-1.5, 0);
    [0x3fc0, 0xc2f7].forEach((half, i) => data.writeUInt16LE(half, 4 + 2 * i)); // 1.5, -123.5
    // 1, -2, the smallest subnormal 2^-24, infinity
    [0x3c00, 0xc000, 0x0001, 0x7c00].forEach((half, i) => data.writeUInt16LE(half, 8 + 2 * i));
    [7, -8].forEach((value, i) => data.writeInt32LE(value, 16 + 4 * i));
    const files = TensorFiles.openFile(
      fileOf(
        {
          __metadata__: { format: "pt" },
          a: entry("F32", [], 0, 4),
          b: entry("BF16", [1, 2], 4, 8),
          c: entry("F16", [4], 8, 16),
          d: entry("I32", [2], 16, 24),
          none: entry("F32", [0, 3], 24, 24),
        },
        data,
      ),
    );
    expect(files.names).toEqual(["a", "b", "c", "d", "none"]);
    expect(files.metadata).toEqual({ format: "pt" });
    expect(files.read("a")).toEqual({ shape: [], values: Float32Array.of(-1.5) });
    expect(files.read("b")).toEqual({ shape: [1, 2], values: Float32Array.of(1.5, -123.5) });
    expect(files.read("c")).toEqual({ shape: [4], values: Float32Array.of(1, -2, 2 ** -24, Infinity) });
    expect(files.read("d")).toEqual({ shape: [2], values: Int32Array.of(7, -8) });
    expect(files.read("none")).toEqual({ shape: [0, 3], values: new Float32Array() });
  });

  it("decodes every F16 as the number that sign, exponent and fraction make", () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const file = fileOf({ all: entry("F16", [65536], 0, 131072) }, new Uint8Array(halves.buffer));
    const { values } = TensorFiles.openFile(file).read("all");
    const wrong = [...halves].filter((half) => {
      const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half % 1024];
      const special = fraction === 0 ? sign * Infinity : NaN;
      const normal = sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
      const expected = exponent === 31 ? special : exponent === 0 ? sign * 2 ** -14 * (fraction / 1024) : normal;
      return !Object.is(values[half], expected);
    });
    expect(wrong).toEqual([]);
  });

  it.each<[string, () => string, RegExp]>([
    ["a file that is not there", () => temporary("model.safetensors"), /model\.safetensors: there is no such file/],
    [
      "an empty file",
      () => {
        const file = temporary("a");
        writeFileSync(file, "");
        return file;
      },
      /at least 8 bytes, this one 0/,
    ],
    ["a header that is cut off", () => fileOf("{}", 0, 500), /its header should take 500 bytes, 2 are there/],
    ["a file of another kind", () => fileOf("PK zip", 0, 6), /its header is not a JSON object; it begins "PK zip"/],
    ["a header that is an array", () => fileOf("[1]", 0), /its header is not a JSON object/],
    [
      "an entry without offsets",
      () => fileOf({ a: { dtype: "F32", shape: [1] } }, 4),
      /tensor a needs dtype, shape and data_offsets/,
    ],
    [
      "a negative shape",
      () => fileOf({ a: entry("F32", [-1], 0, 4) }, 4),
      /tensor a needs dtype, shape and data_offsets/,
    ],
    [
      "an end before the start",
      () => fileOf({ a: entry("F32", [1], 8, 4) }, 8),
      /tensor a ends at 4, before its start at 8/,
    ],
    [
      "numbers that are cut off",
      () => fileOf({ a: entry("F32", [2, 3], 0, 24) }, 10),
      /tensor a needs 24 bytes, 10 are there/,
    ],
    [
      "a tensor beyond the end",
      () => fileOf({ a: entry("F32", [1], 100, 104) }, 8),
      /tensor a needs 4 bytes, 0 are there/,
    ],
    [
      "a shape that does not fit",
      () => fileOf({ a: entry("F32", [3], 0, 8) }, 8),
      /tensor a, F32 \[3\], needs 12 bytes; its data_offsets span 8/,
    ],
    [
      "overlapping tensors",
      () => fileOf({ a: entry("F32", [2], 0, 8), b: entry("F32", [1], 4, 8) }, 8),
      /tensors a and b overlap by 4 bytes/,
    ],
  ])("refuses %s and names it", (_, make, message) => {
    const file = make();
    expect(() => TensorFiles.openFile(file)).toThrow(message);
    expect(() => TensorFiles.openFile(file)).toThrow(file);
  });

  it("names a tensor that is missing, and a format that it cannot read, when asked for them", () => {
    const files = TensorFiles.openFile(fileOf({ a: entry("F8_E5M2", [4], 0, 4), b: entry("F32", [1], 4, 8) }, 8));
    expect(files.read("b").values).toEqual(Float32Array.of(0));
    expect(() => files.read("c")).toThrow("model.safetensors: tensor c is missing");
    expect(() => files.read("a")).toThrow(
      "tensor a has format F8_E5M2, which cannot be read; supported: F32, BF16, F16, F8_E4M3, I32",
    );
  });
});

describe("several files and their index", () => {
  /** A folder with shard-1 (a, b) and shard-2 (c), and an index with that map. */
  async function folderOf(weight_map: unknown): Promise<string> {
    const dir = temporary();
    await writeSafetensors(path.join(dir, "shard-1.safetensors"), [f32("a", [1], [1]), f32("b", [1], [2])]);
    await writeSafetensors(path.join(dir, "shard-2.safetensors"), [f32("c", [1], [3])]);
    writeFileSync(path.join(dir, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map }));
    return dir;
  }
  const map = { a: "shard-1.safetensors", b: "shard-1.safetensors", c: "shard-2.safetensors" };

  it("are read as one", async () => {
    const files = TensorFiles.openFolder(await folderOf(map));
    expect(files.names.map((name) => files.read(name).values[0])).toEqual([1, 2, 3]);
  });

  it.each<[unknown, RegExp]>([
    [
      { ...map, c: "shard-3.safetensors" },
      /index\.json: it places tensor c in shard-3\.safetensors, which is not there/,
    ],
    [
      { ...map, d: "shard-2.safetensors" },
      /index\.json: it places tensor d in shard-2\.safetensors, which does not hold it/,
    ],
    [{ a: 1 }, /index\.json: it has no weight_map of file names/],
    [undefined, /index\.json: it has no weight_map of file names/],
  ])("are refused with the map %o", async (wrong, message) => {
    const dir = await folderOf(wrong);
    expect(() => TensorFiles.openFolder(dir)).toThrow(message);
  });

  it("are refused when the index is not JSON, and when there is nothing", () => {
    const dir = temporary();
    expect(() => TensorFiles.openFolder(dir)).toThrow(
      "there is neither model.safetensors nor model.safetensors.index.json",
    );
    writeFileSync(path.join(dir, "model.safetensors.index.json"), "{");
    expect(() => TensorFiles.openFolder(dir)).toThrow(/index\.json: not JSON/);
  });
});

describe("writing", () => {
  it("writes what reading gives back, any shape and any float32", async () => {
    const tensors = fc.uniqueArray(
      fc.tuple(fc.string({ minLength: 1 }), fc.array(fc.float({ noNaN: true }), { maxLength: 20 })),
      { selector: ([name]) => name },
    );
    const file = temporary("a.safetensors");
    await fc.assert(
      fc.asyncProperty(tensors, async (list) => {
        const named = list.filter(([name]) => !["__metadata__", "__proto__"].includes(name));
        await writeSafetensors(
          file,
          named.map(([name, values]) => f32(name, [1, values.length], values)),
          { note: "ä" },
        );
        const files = TensorFiles.openFile(file);
        expect(files.metadata).toEqual({ note: "ä" });
        expect([...files.names].sort()).toEqual(named.map(([name]) => name).sort());
        for (const [name, values] of named) {
          expect(files.read(name)).toEqual({ shape: [1, values.length], values: Float32Array.from(values) });
        }
      }),
      { seed: 5, numRuns: 50 },
    );
  });

  it("begins the numbers at a multiple of 8 bytes", async () => {
    const file = temporary("a.safetensors");
    for (const name of ["a", "ab", "abc", "abcd"]) {
      await writeSafetensors(file, [f32(name, [1], [1])]);
      expect(readFileSync(file).length % 8).toBe(4);
    }
  });

  it("refuses as many values as do not fit the shape", async () => {
    const file = temporary("a.safetensors");
    await expect(writeSafetensors(file, [f32("a", [2, 2], [1, 2, 3])])).rejects.toThrow(
      "a [2,2] takes 16 bytes, got 12",
    );
  });

  it("leaves what was there until everything is written, and removes what was not committed", () => {
    const dir = temporary();
    const target = path.join(dir, "a");
    writeFileSync(target, "old");
    const files = new FilesAside();
    writeFileSync(files.aside(target), "new");
    expect(readFileSync(target, "utf8")).toBe("old");
    files.commit();
    expect(readFileSync(target, "utf8")).toBe("new");
    writeFileSync(files.aside(target), "never");
    files.discard();
    expect(readFileSync(target, "utf8")).toBe("new");
    expect(existsSync(`${target}.partial`)).toBe(false);
  });
});

describe("bfloat16", () => {
  /** The bfloat16 below or above x that is nearest, found by trying both. */
  function nearest(x: number): number {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, x);
    const low = view.getUint16(0);
    const value = (half: number) => {
      view.setUint32(0, half * 65536);
      return view.getFloat32(0);
    };
    const above = value(low + 1);
    // Rounding treats infinity as the number that would come next, 2^128.
    const [down, up] = [
      Math.abs(x - value(low)),
      Math.abs((Number.isFinite(above) ? above : Math.sign(x) * 2 ** 128) - x),
    ];
    return down < up || (down === up && low % 2 === 0) ? low : low + 1;
  }

  it("rounds to the nearest, ties to even", () => {
    // 1 + 2^-8 lies between 1 (even) and 1 + 2^-7 (odd); 1 + 3·2^-8 between 1 + 2^-7 (odd) and 1 + 2^-6 (even).
    const values = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -1 - 2 ** -8, 3.4e38);
    expect([...toCodes(values, "BF16")]).toEqual([0x3f80, 0x3f82, 0x3f81, 0xbf80, 0x7f80]);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(toCodes(Float32Array.of(x), "BF16")[0]).toBe(nearest(x));
      }),
      { seed: 6, numRuns: 2000 },
    );
  });

  it("keeps infinities and NaN, whose lower bits could round it to infinity", () => {
    const bits = Uint32Array.of(0x7f800000, 0xff800000, 0x7f800001, 0xffffffff);
    const halves = toCodes(new Float32Array(bits.buffer), "BF16");
    expect([...halves.subarray(0, 2)]).toEqual([0x7f80, 0xff80]);
    for (const half of halves.subarray(2)) expect(half & 0x7fff).toBeGreaterThan(0x7f80);
  });
});
