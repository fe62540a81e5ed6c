import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { expectClose, expectNoLeak } from "../../support/close";
import { computedOn, expectAllClose, expectLikeCpu, expectMemoryStays, valuesOf, type Values } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

const SIZES: Record<string, number> = { a: 2, b: 3, c: 1, d: 4, e: 2 };

interface Equation {
  operands: string[];
  output: string;
}

/** Some of the letters, in any order. */
const some = (from: string, least: number) =>
  fc.shuffledSubarray([...from], { minLength: least }).map((chosen) => chosen.join(""));

/** The output is any part of the operands' letters in any order, or no letter at all. */
const withOutput = (operands: string[]): fc.Arbitrary<Equation> =>
  fc.record({ operands: fc.constant(operands), output: some([...new Set(operands.join(""))].join(""), 0) });

const oneOperand = some("abcd", 1).chain((a) => withOutput([a]));
const twoOperands = fc.tuple(some("abcde", 1), some("abcde", 1)).chain(withOutput);

const shapeOf = (labels: string) => [...labels].map((label) => SIZES[label]);

/** The definition: for every value of every label, the product of the operands' numbers is added to its place. */
function byDefinition({ operands, output }: Equation, values: Values[]): Values {
  const labels = [...new Set(operands.join(""))];
  const out = new Float32Array(tf.util.sizeFromShape(shapeOf(output)));
  const placeOf = (axes: string, at: Map<string, number>) =>
    [...axes].reduce((place, label) => place * SIZES[label] + at.get(label)!, 0);
  const visit = (at: Map<string, number>): void => {
    const label = labels[at.size];
    if (label === undefined) {
      out[placeOf(output, at)] += operands.reduce(
        (product, axes, i) => product * values[i].values[placeOf(axes, at)],
        1,
      );
      return;
    }
    for (let i = 0; i < SIZES[label]; i++) visit(new Map(at).set(label, i));
  };
  visit(new Map());
  return { shape: shapeOf(output), values: out };
}

describe("einsum on wasm", () => {
  // Not held to cpu: tfjs's kernel there leaves out the sums of, say, "bca,e->".
  it.each<[string, fc.Arbitrary<Equation>]>([
    ["one operand", oneOperand],
    ["two operands", twoOperands],
  ])("follows the definition with %s", async (_, equations) => {
    await fc.assert(
      fc.asyncProperty(equations, async (equation) => {
        const values = equation.operands.map((labels, i) => valuesOf(shapeOf(labels), i));
        const text = `${equation.operands.join(",")}->${equation.output}`;
        const actual = await computedOn("wasm", values, (...tensors) => [tf.einsum(text, ...tensors)]);
        expectAllClose(actual, [byDefinition(equation, values)]);
      }),
      { numRuns: 120 },
    );
  });

  it("computes attention scores and their use, with the heads among the axes", async () => {
    const [q, k, v] = [1, 2, 3].map((seed) => valuesOf([2, 5, 3, 4], seed)); // [B, T, H, D]
    await expectLikeCpu([q, k, v], (q, k, v) => {
      const scores = tf.einsum("bthd,bshd->bhts", q, k);
      return [scores, tf.einsum("bhts,bshd->bthd", scores, v)];
    });
  });

  it("makes zeros of a sum over nothing", async () => {
    await expectNoLeak(() => {
      const [a, b] = [tf.ones([2, 0]), tf.ones([0, 3])];
      const zeros = tf.einsum("ij,jk->ik", a, b);
      expect(zeros.shape).toEqual([2, 3]);
      expectClose(zeros, new Float32Array(6));
      tf.dispose([a, b, zeros]);
    });
  });

  it("gives a tensor of its own, whose numbers outlive the operand's", async () => {
    await expectNoLeak(() => {
      const x = tf.tensor2d([
        [1, 2],
        [3, 4],
      ]);
      const same = tf.einsum("ij->ij", x);
      x.dispose();
      expectClose(same, [1, 2, 3, 4]);
      same.dispose();
    });
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    expectMemoryStays(() => {
      tf.einsum("ij,kj->ki", tf.ones([9, 17]), tf.ones([5, 17]));
      tf.einsum("ij->", tf.ones([9, 17]));
    });
  });

  it("throws for sizes that differ and for what it does not know", async () => {
    await expectNoLeak(() => {
      const [a, b] = [tf.ones([2, 3]), tf.ones([2, 3])];
      expect(() => tf.einsum("ij,jk->ik", a, b)).toThrow("Expected dimension 3 at axis 0");
      expect(() => tf.einsum("ii->i", a)).toThrow("duplicate axes");
      tf.dispose([a, b]);
    });
  });
});
