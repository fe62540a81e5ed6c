import { describe, expect, it } from "vitest";
import { decodeFlops, forwardFlops } from "../../lib/economics/flops";
import { activeParameters, layerParameters } from "../../lib/economics/parameters";
import {
  attainable,
  decodeOperations,
  intensity,
  leastTime,
  machine,
  phaseTime,
  prefillOperations,
  product,
  ridge,
  rowsPerExpert,
  type Operation,
} from "../../lib/economics/roofline";
import { DEEPSEEK_V3 } from "../../lib/model/config";

const chip = { name: "a chip", peaks: { fp8: 2000, bf16: 1000 }, bandwidth: 10 };
const flops = (operations: Operation[]) => operations.reduce((sum, { flop }) => sum + flop, 0);

describe("the roofline", () => {
  it("rises with the intensity up to the ridge, and is flat from there", () => {
    expect(ridge(chip, "bf16")).toBe(100);
    expect(attainable(chip, "bf16", 50)).toBe(500);
    expect(attainable(chip, "bf16", 100)).toBe(1000);
    expect(attainable(chip, "bf16", 400)).toBe(1000);
    expect(attainable(chip, "fp8", 400)).toBe(2000);
  });

  it("says what an operation waits for", () => {
    const operation = { name: "x", format: "bf16", flop: 3000, bytes: 10 } as const;
    expect(leastTime(operation, chip)).toEqual({ seconds: 3, bound: "arithmetic" });
    expect(leastTime({ ...operation, bytes: 100 }, chip)).toEqual({ seconds: 10, bound: "memory" });
    expect(phaseTime([operation, { ...operation, bytes: 90 }], chip)).toEqual({ seconds: 12, memoryShare: 0.75 });
  });

  it("has the H800's ridges from its data sheet", () => {
    expect(ridge(machine("h800"), "bf16")).toBeCloseTo(295.2, 1);
    expect(ridge(machine("h800"), "fp8")).toBeCloseTo(590.7, 1);
    expect(machine("a100").peaks.fp8).toBe(machine("a100").peaks.bf16); // it has no FP8
  });
});

describe("a product", () => {
  it("counts two FLOPs for each number of the weights and row, and every operand once", () => {
    expect(product([2, 3, 5], [1, 1, 2])).toEqual({ flop: 60, bytes: 6 + 15 + 20 });
  });

  it("has an intensity of about two FLOPs a byte of FP8 weights with one row, and grows with the rows", () => {
    expect(intensity(product([1, 7168, 2048], [1, 1, 2]))).toBeCloseTo(2, 2);
    expect(intensity(product([4096, 7168, 2048], [1, 1, 2]))).toBeGreaterThan(1500);
  });
});

describe("V3's operations", () => {
  const sparse = layerParameters(DEEPSEEK_V3);
  const attentionFlopsOf = (context: number) =>
    (forwardFlops(DEEPSEEK_V3, context) - 2 * activeParameters(DEEPSEEK_V3, { head: true, embedding: false })) / 61;

  it("prefill: the FLOPs of a layer's active parameters and of causal attention", () => {
    const perToken = flops(prefillOperations(DEEPSEEK_V3, { tokens: 8192, context: 4096, gpus: 32 })) / 8192;
    expect(perToken / (2 * sparse.moeLayerActive + attentionFlopsOf(2048))).toBeCloseTo(1, 4);
  });

  it("decode: the same as decodeFlops says for the absorbed form", () => {
    const perToken = flops(decodeOperations(DEEPSEEK_V3, { batch: 16, context: 5000, gpus: 8 })) / 16;
    const attention = decodeFlops(DEEPSEEK_V3, 5000, "absorbed") - decodeFlops(DEEPSEEK_V3, 0, "absorbed");
    expect(perToken / (2 * sparse.moeLayerActive + attention / 61)).toBeCloseTo(1, 4);
  });

  it("decode at batch 1 on one GPU reads eight experts, the shared one, and attention's weights", () => {
    const bytes = decodeOperations(DEEPSEEK_V3, { batch: 1, context: 1, gpus: 1 }).reduce((sum, o) => sum + o.bytes, 0);
    const weights = sparse.moeLayerActive + sparse.router; // FP8, the router in BF16
    expect(bytes / weights).toBeCloseTo(1, 2);
  });

  it("decode waits for memory at every usual batch; prefill does not", () => {
    const h800 = machine("h800");
    for (const batch of [1, 32, 64])
      expect(phaseTime(decodeOperations(DEEPSEEK_V3, { batch, context: 4096, gpus: 144 }), h800).memoryShare).toBe(1);
    expect(
      phaseTime(prefillOperations(DEEPSEEK_V3, { tokens: 8192, context: 4096, gpus: 32 }), h800).memoryShare,
    ).toBeLessThan(0.1);
  });

  it("gives each expert 256 rows where the report says so: 320 GPUs with about 26 tokens each", () => {
    expect(rowsPerExpert(DEEPSEEK_V3, { batch: 25.6, gpus: 320 })).toBe(256);
  });
});
