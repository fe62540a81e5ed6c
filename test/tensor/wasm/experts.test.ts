/** The routed experts in one kernel on wasm, with all gradients, held to the same in operations on the cpu backend. */
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { routedExperts, sortByExpert } from "../../../lib/model/experts";
import { useBackend } from "../../../lib/tensor/backend";
import { Random } from "../../../lib/tensor/random";
import { compiledKernels } from "../../../lib/tensor/wasm/compiled-module";
import { runCompiled } from "../../../lib/tensor/wasm/run-compiled";
import { expectClose } from "../../support/close";
import {
  computedOn,
  expectAllClose,
  expectMemoryStays,
  toTensor,
  valueAndGradients,
  valuesOf,
  wasmBackend,
} from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

interface Sizes {
  N: number;
  D: number;
  I: number;
  E: number;
  K: number;
  seed: number;
}

/** K different experts for each of N tokens. */
function choices({ N, E, K, seed }: Sizes): number[] {
  const random = new Random(seed);
  return Array.from({ length: N }, () => {
    const first = random.integer(E);
    return Array.from({ length: K }, (_, k) => (first + k) % E);
  }).flat();
}

/** x, gates and the three weights, which keep the numbers' size as a trained layer's do. */
const operandsOf = ({ N, D, I, E, seed }: Sizes) =>
  [
    [N, D],
    [N, E],
    [E, D, I],
    [E, D, I],
    [E, I, D],
  ].map((shape, i) => {
    const { values } = valuesOf(shape, 5 * seed + i);
    return { shape, values: shape.length === 2 ? values : values.map((x) => x / Math.sqrt(shape[1])) };
  });

const layer = (sizes: Sizes) => {
  const chosen = choices(sizes);
  return (...[x, gates, gateProj, upProj, downProj]: tf.Tensor[]) =>
    tf.tidy(() => {
      const expertIndices = tf.tensor2d(chosen, [sizes.N, sizes.K], "int32");
      const weights = { gateProj, upProj, downProj } as Parameters<typeof routedExperts>[2];
      return routedExperts(x as tf.Tensor2D, { expertIndices, gates: gates as tf.Tensor2D }, weights, "grouped");
    });
};

async function expectLikeOperations(sizes: Sizes): Promise<void> {
  const operands = operandsOf(sizes);
  const compute = valueAndGradients(layer(sizes));
  expectAllClose(await computedOn("wasm", operands, compute), await computedOn("cpu", operands, compute));
}

describe("routed experts on wasm", () => {
  it("are those of the cpu backend, with gradients in x, the gates and all weights", async () => {
    const width = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 17, 33));
    const cases = fc.record({
      N: fc.integer({ min: 1, max: 40 }),
      D: width,
      I: width,
      E: fc.integer({ min: 1, max: 6 }),
      K: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(cases, (sizes) => expectLikeOperations({ ...sizes, K: Math.min(sizes.K, sizes.E) })),
    );
  });

  it("also where an expert has more rows than are packed at once, and others none", async () => {
    await expectLikeOperations({ N: 700, D: 130, I: 20, E: 2, K: 1, seed: 3 });
    const sizes = { N: 3, D: 8, I: 8, E: 40, K: 2, seed: 1 };
    await expectLikeOperations(sizes);
  });

  it("make nothing of no tokens", async () => {
    const sizes = { N: 0, D: 3, I: 2, E: 2, K: 1, seed: 1 };
    const [value, dx, , ...weights] = await computedOn("wasm", operandsOf(sizes), valueAndGradients(layer(sizes)));
    expect([value.shape, dx.shape]).toEqual([
      [0, 3],
      [0, 3],
    ]);
    for (const { values } of weights) expect([...values].every((x) => x === 0)).toBe(true);
  });

  it("are the same in both builds", () => {
    const sizes = { N: 90, D: 36, I: 20, E: 3, K: 2, seed: 7 };
    const { N, D, I, E, K } = sizes;
    const { counts, tokens, slots } = sortByExpert(choices(sizes), K, E);
    const numbers = [Math.max(...counts), N, E, D, I];
    const by = (build: "plain" | "fused") =>
      tf.tidy(() => {
        const kernels = compiledKernels(wasmBackend().backend.wasm.asm.memory, build);
        const operands = operandsOf(sizes).map((values) => toTensor(values));
        const places = [tokens, slots, Int32Array.from(counts)].map((list) => tf.tensor1d(list, "int32"));
        const inputs = [...operands, ...places];
        const shapes = [[N, D], [N * K, I], [N * K, I], [100_000]];
        const [value, a, b] = runCompiled(inputs, shapes, (_, ...at) => kernels.experts(...at, ...numbers));
        const dy = toTensor(valuesOf([N, D], 99));
        const gradients = runCompiled(
          [...inputs, a, b, dy],
          [...operands.map(({ shape }) => shape), [100_000]],
          (_, ...at) => kernels.expertsGradients(...at, ...numbers),
        );
        return [value, ...gradients.slice(0, -1)].map((x) => x.dataSync<"float32">());
      });
    const fused = by("fused");
    by("plain").forEach((numbers, i) => expectClose(fused[i], numbers, { rtol: 1e-4, atol: 1e-4 }));
  });

  it("keep the memory as it is", () => {
    const sizes = { N: 20, D: 8, I: 6, E: 3, K: 2, seed: 5 };
    const operands = operandsOf(sizes).map((values) => toTensor(values));
    expectMemoryStays(() => tf.grads(layer(sizes))(operands));
    tf.dispose(operands);
  });
});
