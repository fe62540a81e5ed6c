/** Causal attention in one kernel, with its gradients, held to the same in operations on the cpu backend. */
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { causalAttention, causalSoftmax } from "../../../lib/tensor/nn";
import { causalAttentionOnWasm } from "../../../lib/tensor/wasm/attention";
import * as compiledModule from "../../../lib/tensor/wasm/compiled-module";
import { expectClose, expectNoLeak } from "../../support/close";
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
afterEach(() => {
  vi.restoreAllMocks();
});

interface Sizes {
  B: number;
  H: number;
  T: number;
  past: number;
  nope: number;
  R: number;
  V: number;
  scale: number;
}

const few = fc.integer({ min: 1, max: 3 });
/** On both sides of a vector, of a tile's rows in either build, and of a panel. */
const rows = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(12, 13, 17));
const sizes: fc.Arbitrary<Sizes> = fc.record({
  B: few,
  H: few,
  T: rows,
  past: fc.nat(9),
  nope: rows,
  R: fc.constantFrom(0, 2, 4, 8),
  V: rows,
  scale: fc.constantFrom(1, 0.3),
});

/** qC, qR, kv and kR. */
function operandsOf({ B, H, T, past, nope, R, V }: Sizes): Values[] {
  const S = T + past;
  return [
    [B, H, T, nope],
    [B, H, T, R],
    [B, S, H * (nope + V)],
    [B, S, R],
  ].map((shape, i) => valuesOf(shape, i + 1));
}

type Four = [tf.Tensor4D, tf.Tensor4D, tf.Tensor3D, tf.Tensor3D];

const inOneKernel =
  ({ scale }: Sizes) =>
  (...inputs: tf.Tensor[]) =>
    causalAttentionOnWasm(...(inputs as Four), scale);

/** The definition: keys of all heads, their scores, a softmax, a mixture of values. */
const inOperations =
  ({ B, H, T, past, nope, R, V, scale }: Sizes) =>
  (...inputs: tf.Tensor[]): tf.Tensor3D => {
    const [qC, qR, kv, kR] = inputs as Four;
    const byHead = kv.reshape<tf.Tensor4D>([B, T + past, H, nope + V]).transpose<tf.Tensor4D>([0, 2, 1, 3]);
    const [kC, v] = tf.split(byHead, [nope, V], 3);
    const queries = R === 0 ? qC : tf.concat([qC, qR], 3);
    const keys = R === 0 ? kC : tf.concat([kC, kR.expandDims(1).tile([1, H, 1, 1])], 3);
    const probabilities = causalSoftmax(tf.matMul(queries, keys, false, true), null, scale);
    return tf
      .matMul(probabilities, v)
      .transpose([0, 2, 1, 3])
      .reshape([B, T, H * V]);
  };

/** Holds value and gradients to those of the definition. Without rotated channels, nothing has a gradient in them. */
async function expectLikeOperations(given: Sizes): Promise<void> {
  const operands = operandsOf(given);
  const actual = await computedOn("wasm", operands, valueAndGradients(inOneKernel(given)));
  const [qC, qR, kv, kR] = operands;
  const ask = given.R === 0 ? [qC, kv] : operands;
  const all = (asked: tf.Tensor[]) => (given.R === 0 ? [asked[0], toTensor(qR), asked[1], toTensor(kR)] : asked);
  const definition = (...asked: tf.Tensor[]) => inOperations(given)(...all(asked));
  const expected = await computedOn("cpu", ask, valueAndGradients(definition));
  const compared = given.R === 0 ? [actual[0], actual[1], actual[3]] : actual;
  expect(compared.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  compared.forEach(({ values }, i) => expectClose(values, expected[i].values, { rtol: 1e-5, atol: 2e-5 }));
}

describe.each(["plain", "fused"] as const)("causal attention by the build %s", (build) => {
  const useBuild = (): void => {
    const kernels = compiledModule.compiledKernels(wasmBackend().backend.wasm.asm.memory, build);
    vi.spyOn(compiledModule, "compiledFor").mockReturnValue(kernels);
  };

  it("is that of operations, with gradients in all that it is given", async () => {
    useBuild();
    await fc.assert(fc.asyncProperty(sizes, expectLikeOperations));
    expect(compiledModule.compiledFor).toHaveBeenCalled();
  });

  it("goes through more queries than it takes at once", async () => {
    useBuild();
    for (const [T, past] of [
      [48, 0],
      [97, 11],
    ]) {
      await expectLikeOperations({ B: 1, H: 2, T, past, nope: 16, R: 8, V: 12, scale: 0.2 });
    }
  });
});

describe("what a query does not see", () => {
  const given: Sizes = { B: 1, H: 2, T: 15, past: 3, nope: 5, R: 2, V: 3, scale: 0.5 };
  const [S, width] = [given.T + given.past, given.H * (given.nope + given.V)];
  /** Which queries have a result, for each head, with NaN at one place of one operand. */
  const known = async (operand: number, place: number): Promise<boolean[][]> => {
    const operands = operandsOf(given);
    operands[operand].values[place] = NaN;
    const [{ values }] = await computedOn("wasm", operands, (...inputs) => [inOneKernel(given)(...inputs)]);
    return [0, 1].map((head) =>
      Array.from({ length: given.T }, (_, t) => {
        const row = values.subarray((t * given.H + head) * given.V, (t * given.H + head + 1) * given.V);
        return row.every((x) => !Number.isNaN(x));
      }),
    );
  };
  const all = new Array<boolean>(given.T).fill(true);
  const before = (key: number) => all.map((_, t) => t + given.past < key);

  it("has no part in it: a NaN in a key spoils those that see it, and no other", async () => {
    for (let key = 0; key < S; key++) {
      expect(await known(2, key * width)).toEqual([before(key), all]); // the first head's kC
      expect(await known(3, key * given.R)).toEqual([before(key), before(key)]);
    }
  });

  it("a NaN in a query spoils its own result, one in a value all that see it", async () => {
    const place = (given.T + 4) * given.nope; // query 4 of the second head
    expect(await known(0, place)).toEqual([all, all.map((_, t) => t !== 4)]);
    for (let key = 0; key < S; key++) {
      const [first, second] = await known(2, key * width + given.nope);
      expect(first.filter((ok, t) => ok && !before(key)[t])).toEqual([]);
      expect(second).toEqual(all);
    }
  });
});

describe("causalAttention", () => {
  it("takes the kernel for several queries in float32, and operations for one query or on another backend", async () => {
    const calls = async (backend: "wasm" | "cpu", T: number): Promise<string[]> => {
      const asked: string[] = [];
      const given: Sizes = { B: 1, H: 1, T, past: 2, nope: 3, R: 2, V: 4, scale: 1 };
      await computedOn(backend, operandsOf(given), (...inputs) => {
        const [qC, qR, kv, kR] = inputs as Four;
        const makeKv = () => (asked.push("kernel"), kv.clone());
        const steps = () => (asked.push("operations"), inOperations(given)(...inputs));
        return [causalAttention({ qC, qR }, { kv: makeKv, kR }, 1, steps)];
      });
      return asked;
    };
    expect(await calls("wasm", 2)).toEqual(["kernel"]);
    expect(await calls("wasm", 1)).toEqual(["operations"]);
    expect(await calls("cpu", 2)).toEqual(["operations"]);
  });

  it("leaves nothing in wasm memory, with and without gradients", async () => {
    const given: Sizes = { B: 2, H: 2, T: 9, past: 0, nope: 4, R: 2, V: 4, scale: 1 };
    await expectNoLeak(() => {
      const inputs = operandsOf(given).map((values) => toTensor(values));
      inOneKernel(given)(...inputs).dispose();
      tf.dispose([tf.grads(inOneKernel(given))(inputs), inputs]);
    });
    const inputs = operandsOf(given).map((values) => toTensor(values));
    expectMemoryStays(() => tf.grads(inOneKernel(given))(inputs));
    tf.dispose(inputs);
  });
});
