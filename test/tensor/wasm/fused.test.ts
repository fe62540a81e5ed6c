/** The fused kernels of nn.ts on wasm, each with its gradients, held to the same names on the cpu backend. */
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { crossEntropy } from "../../../lib/tensor/cross-entropy";
import { causalSoftmax, MINUS_INFINITY, rmsNorm, rotate, swiGlu } from "../../../lib/tensor/nn";
import { compiledKernels } from "../../../lib/tensor/wasm/compiled-module";
import { expectClose } from "../../support/close";
import {
  computedOn,
  expectMemoryStays,
  toTensor,
  valueAndGradients,
  valuesOf,
  wasmBackend,
  type Values,
} from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

/** Sizes on both sides of a vector of four, and of two. */
const size = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(15, 16, 17, 33));

/** Numbers that the four arithmetic operations and exp treat in a way of their own. */
const ODD = [NaN, Infinity, -Infinity, MINUS_INFINITY, 3e38, 100, -100, 0, -0];
const odd = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...ODD)), { maxLength: 2 });

function withOdd({ shape, values }: Values, places: [number, number][]): Values {
  const changed = values.slice();
  for (const [place, value] of places) changed[place % changed.length] = value;
  return { shape, values: changed };
}

/** Holds a function's value and gradients on wasm to those on cpu. */
async function expectGradientsLikeCpu(operands: Values[], f: (...tensors: tf.Tensor[]) => tf.Tensor): Promise<void> {
  const [actual, expected] = [
    await computedOn("wasm", operands, valueAndGradients(f)),
    await computedOn("cpu", operands, valueAndGradients(f)),
  ];
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  actual.forEach(({ values }, i) => expectClose(values, expected[i].values, { rtol: 1e-5, atol: 1e-5 }));
}

describe.each(["plain", "fused"] as const)("exponentials of the build %s", (build) => {
  /** What the compiled function makes of each number. */
  function exponentials(xs: Float32Array): Float32Array {
    const { wasm } = wasmBackend().backend;
    const [from, to] = [wasm._malloc(4 * xs.length), wasm._malloc(4 * xs.length)];
    wasm.HEAPF32.set(xs, from / 4);
    compiledKernels(wasm.asm.memory, build).exponentials(from, to, xs.length);
    const out = wasm.HEAPF32.slice(to / 4, to / 4 + xs.length);
    [from, to].forEach((offset) => wasm._free(offset));
    return out;
  }

  it("have a relative error below 2e-7 over the whole range of full precision, beside float64", () => {
    const [least, most] = [-87.33, 88.72];
    const xs = Float32Array.from({ length: 400_001 }, (_, i) => least + ((most - least) * i) / 400_000);
    const near0 = Float32Array.from({ length: 2001 }, (_, i) => (i - 1000) * 1e-5);
    for (const points of [xs, near0]) {
      const worst = exponentials(points).reduce(
        (most, y, i) => Math.max(most, Math.abs(y / Math.exp(points[i]) - 1)),
        0,
      );
      expect(worst).toBeLessThan(2e-7);
    }
  });

  it("go to 0 within the last bit of what float32 can hold, and to infinity", () => {
    const xs = Float32Array.from({ length: 20_000 }, (_, i) => -87.33 - i * 1e-3);
    const off = exponentials(xs).reduce((most, y, i) => Math.max(most, Math.abs(y - Math.exp(xs[i]))), 0);
    expect(off).toBeLessThanOrEqual(1.5 * 2 ** -149);
    const at = (x: number) => exponentials(Float32Array.of(x))[0];
    expect([-104, -1000, -3e38, -Infinity].map(at)).toEqual([0, 0, 0, 0]);
    expect([88.73, 89, 1000, 3e38, Infinity].map(at)).toEqual(new Array(5).fill(Infinity));
    expect(at(88.72)).toBeLessThan(Infinity);
    expect([0, -0].map(at)).toEqual([1, 1]);
    expect(at(NaN)).toBeNaN();
  });
});

describe("rmsNorm on wasm", () => {
  it("is that of the cpu backend, with gradients in x and in the weight", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, fc.constantFrom(1e-6, 0.1), odd, async (rows, width, epsilon, places) => {
        // Huge numbers have no square in float32; what rounding makes of them is no matter.
        const plain = places.filter(([, value]) => !(Math.abs(value) > 1e20 && Number.isFinite(value)));
        const operands = [withOdd(valuesOf([rows, width], 1), plain), valuesOf([width], 2)];
        await expectGradientsLikeCpu(operands, (x, w) => rmsNorm(x, w, epsilon));
      }),
    );
  });

  it("takes any rank, and a row of zeros", async () => {
    const x = valuesOf([2, 3, 5], 1);
    x.values.fill(0, 5, 10);
    await expectGradientsLikeCpu([x, valuesOf([5], 2)], (x, w) => rmsNorm(x, w, 1e-6));
  });
});

describe("swiGlu on wasm", () => {
  it("is that of the cpu backend, with gradients in both", async () => {
    const far = fc.array(fc.tuple(fc.nat(), fc.constantFrom(100, -100, 0)), { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(size, far, far, async (size, inA, inB) => {
        const operands = [withOdd(valuesOf([size], 1), inA), withOdd(valuesOf([size], 2), inB)];
        await expectGradientsLikeCpu(operands, (a, b) => swiGlu(a, b));
      }),
    );
  });

  it("passes infinities and NaN on as the cpu backend does", async () => {
    await fc.assert(
      fc.asyncProperty(size, odd, odd, async (size, inA, inB) => {
        const operands = [withOdd(valuesOf([size], 1), inA), withOdd(valuesOf([size], 2), inB)];
        const compute = (a: tf.Tensor, b: tf.Tensor) => [swiGlu(a, b)];
        const [actual] = await computedOn("wasm", operands, compute);
        const [expected] = await computedOn("cpu", operands, compute);
        expectClose(actual.values, expected.values);
      }),
    );
  });

  it("computes by operations where one side is repeated", async () => {
    await expectGradientsLikeCpu([valuesOf([3, 1], 1), valuesOf([3, 4], 2)], (a, b) => swiGlu(a, b));
  });
});

describe("causalSoftmax on wasm", () => {
  const shapes = fc.record({
    B: fc.integer({ min: 1, max: 2 }),
    H: fc.integer({ min: 1, max: 2 }),
    T: size,
    past: fc.nat(6),
    scale: fc.constantFrom(1, 0.3),
  });

  it("is that of the cpu backend, with gradients in both parts or in the one there is", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.boolean(), async ({ B, H, T, past, scale }, two) => {
        const parts = [1, 2].slice(two ? 0 : 1).map((seed) => valuesOf([B, H, T, T + past], seed));
        await expectGradientsLikeCpu(parts, (a, b) =>
          causalSoftmax(a as tf.Tensor4D, two ? (b as tf.Tensor4D) : null, scale),
        );
      }),
    );
  });

  it("is 0 for keys that come later, whatever their scores are, and follows the cpu backend in all others", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.constantFrom(...ODD), fc.nat(), async ({ B, H, T, past, scale }, value, place) => {
        const S = T + past;
        const scores = withOdd(valuesOf([B, H, T, S], 1), [[place, value]]);
        const [row, key] = [Math.floor((place % scores.values.length) / S) % T, (place % scores.values.length) % S];
        const compute = (a: tf.Tensor) => [causalSoftmax(a as tf.Tensor4D, null, scale)];
        const [{ values: actual }] = await computedOn("wasm", [scores], compute);
        // cpu adds to later keys what stands for −∞, so a NaN there would spoil the row: it gets a number instead.
        const isLater = key > row + past;
        const given = isLater ? withOdd(scores, [[place, 1]]) : scores;
        const [{ values: expected }] = await computedOn("cpu", [given], compute);
        for (let i = 0; i < actual.length; i++) {
          if (i % S > (Math.floor(i / S) % T) + past) expect(actual[i]).toBe(0);
          else if (!(row === 0 && past === 0 && value === -Infinity)) expectClose([actual[i]], [expected[i]]);
        }
      }),
      { numRuns: 80 },
    );
  });

  it("has no distribution where all that a query sees is −∞", () => {
    tf.tidy(() => {
      const p = causalSoftmax(tf.fill([1, 1, 1, 3], -Infinity) as tf.Tensor4D);
      expect([...p.dataSync()]).toEqual([NaN, NaN, NaN]);
    });
  });
});

describe("crossEntropy on wasm", () => {
  // The cpu backend's one-hot rows begin at two columns.
  const cases = fc.record({
    rows: size,
    V: size.map((V) => V + 1),
    seed: fc.nat(99),
    scale: fc.constantFrom(1, 30, 200),
  });

  it("is that of the cpu backend, with its gradient, also for logits whose exponentials overflow", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, V, seed, scale }) => {
        const logits = valuesOf([rows, V], seed);
        logits.values = logits.values.map((x) => x * scale);
        const targets = Array.from({ length: rows }, (_, i) => (7 * i + seed) % V);
        await expectGradientsLikeCpu([logits], (x) => crossEntropy(x as tf.Tensor2D, tf.tensor1d(targets, "int32")));
      }),
    );
  });

  it("is 0 for a certain row, counts −∞ as impossible, and passes NaN on", () => {
    tf.tidy(() => {
      const loss = (rows: number[][]) =>
        crossEntropy(
          tf.tensor2d(rows),
          tf.tensor1d(
            rows.map(() => 1),
            "int32",
          ),
        ).dataSync()[0];
      expect(loss([[-Infinity, 0, -Infinity]])).toBe(0);
      expect(loss([[0, -Infinity, 0]])).toBe(Infinity);
      expect(
        loss([
          [1, 2, 3],
          [0, 0, NaN],
        ]),
      ).toBeNaN();
    });
  });
});

describe("rotate on wasm", () => {
  it("is that of the cpu backend, with its gradient, with angles of one sequence or of each", async () => {
    const shapes = fc.record({
      B: fc.integer({ min: 1, max: 3 }),
      T: fc.integer({ min: 1, max: 5 }),
      H: fc.integer({ min: 1, max: 3 }),
      pairs: fc.integer({ min: 1, max: 5 }),
      own: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ B, T, H, pairs, own }) => {
        const angles = valuesOf([own ? B : 1, T, 1, pairs], 2);
        const table = (of: (angle: number) => number): Values => ({
          shape: [own ? B : 1, T, 1, 2 * pairs],
          values: Float32Array.from(angles.values).reduce(
            (all, angle, i) => (all.fill(of(angle), 2 * i, 2 * i + 2), all),
            new Float32Array(2 * angles.values.length),
          ),
        });
        const [cos, sin] = [table(Math.cos), table(Math.sin)];
        await expectGradientsLikeCpu([valuesOf([B, T, H, 2 * pairs], 1)], (x) =>
          rotate(x as tf.Tensor4D, {
            cos: toTensor<tf.Tensor4D>(cos),
            sin: toTensor<tf.Tensor4D>(sin),
          }),
        );
      }),
    );
  });
});

it("leaves nothing in wasm memory over hundreds of rounds", () => {
  const x = tf.ones([2, 2, 8, 8]) as tf.Tensor4D;
  const w = tf.ones([8]);
  const angles = tf.ones([1, 2, 1, 8]) as tf.Tensor4D;
  expectMemoryStays(() => {
    tf.grads((x, w) =>
      rmsNorm(swiGlu(causalSoftmax(rotate(x as tf.Tensor4D, { cos: angles, sin: angles }), null), x), w, 1),
    )([x, w]);
  });
  tf.dispose([x, w, angles]);
});
