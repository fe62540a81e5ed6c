import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose, expectNoLeak } from "../support/close";
import "./support"; // the seed of the generated cases

beforeAll(async () => {
  await useBackend("cpu");
});

const seeds = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

const deviation = (values: ArrayLike<number>) => {
  const middle = mean(values);
  return Math.sqrt(mean(Array.from(values, (x) => (x - middle) ** 2)));
};

describe("Random", () => {
  it("is xoshiro128**, as the recurrence in exact integers has it", () => {
    const random = new Random(12);
    const s = Array.from((random as unknown as { state: Uint32Array }).state, BigInt);
    const word = (x: bigint) => BigInt.asUintN(32, x);
    const rotate = (x: bigint, k: bigint) => word((x << k) | (x >> (32n - k)));
    const drawn = draw(1000, () => random.uniform() * 2 ** 32);
    const expected = draw(1000, () => {
      const result = word(rotate(word(s[1] * 5n), 7n) * 9n);
      const shifted = word(s[1] << 9n);
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= shifted;
      s[3] = rotate(s[3], 11n);
      return Number(result);
    });
    expect(drawn).toEqual(expected);
  });

  it("draws the same for the same seed, in every way of drawing", async () => {
    await expectNoLeak(() => {
      const everything = (seed: number) => {
        const random = new Random(seed);
        return tf.tidy(() =>
          [
            random.uniform(),
            random.normal(),
            random.integer(1000),
            random.normal(),
            ...random.shuffle([1, 2, 3, 4, 5]),
            ...random.normalTensor([2, 3]).dataSync(),
          ].map(String),
        );
      };
      fc.assert(
        fc.property(seeds, (seed) => {
          expect(everything(seed)).toEqual(everything(seed));
        }),
      );
    });
  });

  it("draws unrelated numbers for neighbouring seeds", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [a, b] = [new Random(seed), new Random(seed + 1)];
        const pairs = draw(200, () => Math.sign(a.uniform() - 0.5) * Math.sign(b.uniform() - 0.5));
        expect(Math.abs(mean(pairs))).toBeLessThan(0.3); // 4.2 standard errors
      }),
    );
    const first = new Set(draw(10_000, () => 0).map((_, seed) => new Random(seed).uniform()));
    expect(first.size).toBe(10_000);
  });

  it("draws uniform numbers from 0 up to but not including 1, evenly", () => {
    const random = new Random(1);
    const values = draw(100_000, () => random.uniform());
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(mean(values)).toBeCloseTo(1 / 2, 2);
    expect(deviation(values)).toBeCloseTo(Math.sqrt(1 / 12), 2);
    expect(new Set(values.map((x) => Math.floor(x * 64))).size).toBe(64);
  });

  it("draws normal numbers: mean 0, deviation 1, tails as they should be, successive ones unrelated", () => {
    const random = new Random(2);
    const values = draw(100_000, () => random.normal());
    expect(values.every(Number.isFinite)).toBe(true);
    expect(Math.abs(mean(values))).toBeLessThan(0.01);
    expect(Math.abs(deviation(values) - 1)).toBeLessThan(0.01);
    const beyond = (limit: number) => values.filter((x) => Math.abs(x) > limit).length / values.length;
    expect(Math.abs(beyond(1) - 0.3173)).toBeLessThan(0.006);
    expect(Math.abs(beyond(2) - 0.0455)).toBeLessThan(0.003);
    expect(Math.abs(mean(values.slice(1).map((x, i) => x * values[i])))).toBeLessThan(0.015);
  });

  it("draws whole numbers that cover their range evenly", () => {
    const random = new Random(3);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]++;
    expect(counts.length).toBe(7);
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500); // 5.4 standard errors
  });

  it("shuffles a copy: a permutation, with the given array as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), seeds, (items, seed) => {
        const before = [...items];
        const shuffled = new Random(seed).shuffle(items);
        expect(items).toEqual(before);
        const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);
        expect(sorted(shuffled)).toEqual(sorted(items));
      }),
    );
  });

  it("brings all orders with the same frequency", () => {
    const random = new Random(4);
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const order = random.shuffle(["a", "b", "c"]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it("fills tensors of the shape with the same numbers as one by one", async () => {
    await expectNoLeak(() => {
      const [tensors, numbers] = [new Random(5), new Random(5)];
      const normal = tensors.normalTensor([2, 3, 4], 0.02);
      const empty = tensors.normalTensor([0, 4]);
      expect([normal.shape, empty.shape]).toEqual([
        [2, 3, 4],
        [0, 4],
      ]);
      expectClose(
        normal,
        draw(24, () => 0.02 * numbers.normal()),
      );
      tf.dispose([normal, empty]);
    });
  });

  it("takes whole numbers only as a seed", () => {
    for (const seed of [0.5, NaN, Infinity]) {
      expect(() => new Random(seed)).toThrow(`Random: the seed must be a whole number, not ${seed}`);
    }
  });

  it("takes no seed whose numbers are those of a smaller one", () => {
    for (const seed of [2 ** 32, 2 ** 32 + 1, -(2 ** 31) - 1, 1e300]) {
      expect(() => new Random(seed)).toThrow(`the seed is ${seed}; it must be from -2147483648 to 4294967295`);
    }
    expect(new Random(2 ** 32 - 1).uniform()).toBeLessThan(1);
  });
});
