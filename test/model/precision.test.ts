import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import { createModel, DeepSeekV3 } from "../../lib/model/model";
import {
  ALL_FP8_PRECISION,
  arithmeticFor,
  BF16_PRECISION,
  V3_PRECISION,
  V3_TABLE,
  type Level,
  type Precision,
} from "../../lib/model/precision";
import { FLOAT32, MODULES, type Arithmetic, type Module } from "../../lib/model/arithmetic";
import { useBackend } from "../../lib/tensor/backend";
import { expectNoLeak } from "../support/close";

const config = tinyConfig();
const ids = [
  [1, 5, 9, 200, 3, 77],
  [4, 4, 8, 1, 90, 12],
];
let plain: DeepSeekV3;

beforeAll(async () => {
  await useBackend("wasm");
  plain = createModel(config, 3);
});

/** The same weights under another precision. */
const under = (arithmetic: Arithmetic) => new DeepSeekV3(config, plain.weights, arithmetic);
const logits = (arithmetic: Arithmetic) =>
  tf.tidy(() => {
    const observe = () => undefined; // with it, attention goes step by step in float32 too
    const { logits, mtpLogits } = under(arithmetic).forwardTraining(ids, { observe });
    return [...logits.dataSync(), ...mtpLogits!.dataSync()];
  });
const distance = (a: number[], b: number[]) =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / b.reduce((sum, x) => sum + x * x, 0));
const only = (module: Module, level: Level): Precision => ({
  ...V3_PRECISION,
  table: Object.fromEntries(MODULES.map((name) => [name, name === module ? level : "FP32"])) as Precision["table"],
});

describe("precision by module", () => {
  it("of FP32 everywhere is the model as it is, bit for bit", () => {
    const arithmetic = arithmeticFor({
      ...V3_PRECISION,
      table: Object.fromEntries(MODULES.map((name) => [name, "FP32"])) as Precision["table"],
    });
    expect(logits(arithmetic)).toEqual(logits(FLOAT32));
  });

  it.each(MODULES)("reaches %s, and changes what the model computes", (module) => {
    const change = distance(logits(arithmeticFor(only(module, "FP8"))), logits(FLOAT32));
    expect(change).toBeGreaterThan(0);
    expect(change).toBeLessThan(0.2);
  });

  it("asks for every module by name", () => {
    const asked = new Set<Module>();
    const seen = <T>(module: Module, value: T): T => (asked.add(module), value);
    logits({
      linear: (module) => seen(module, FLOAT32.linear(module)),
      grouped: (x, w, counts, module) => seen(module, FLOAT32.grouped(x, w, counts, module)),
      input: (x, module) => seen(module, x),
    });
    expect([...asked].sort()).toEqual([...MODULES].sort());
  });

  it("ranks as it should: BF16 is nearest, then V3's table, then FP8 everywhere", () => {
    const [bf16, v3, all] = [BF16_PRECISION, V3_PRECISION, ALL_FP8_PRECISION].map((p) =>
      distance(logits(arithmeticFor(p)), logits(FLOAT32)),
    );
    expect(bf16).toBeLessThan(v3 / 2);
    expect(v3).toBeLessThan(all);
  });

  it("follows the report: linear maps in FP8; embedding, head, router, norms and attention operator high", () => {
    const high = MODULES.filter((module) => V3_TABLE[module] !== "FP8");
    expect(high).toEqual(["embedding", "norms", "attentionOperator", "router", "mtpProjection", "head"]);
  });

  it("lets gradients reach every trainable weight, and leaves nothing behind", async () => {
    const model = under(arithmeticFor(ALL_FP8_PRECISION));
    await expectNoLeak(() => {
      tf.tidy(() => {
        const loss = (w: tf.Tensor) => {
          const changed = { ...plain.weights, embedTokens: w as tf.Tensor2D };
          return new DeepSeekV3(config, changed, model.arithmetic).forward(ids).square().mean() as tf.Scalar;
        };
        const gradient = tf.grad(loss)(plain.weights.embedTokens);
        expect(gradient.abs().sum().dataSync()[0]).toBeGreaterThan(0);
      });
    });
  });

  it("computes absorbed attention too, and refuses masked dispatch", () => {
    const model = under(arithmeticFor(V3_PRECISION));
    tf.tidy(() => {
      const [naive, absorbed] = (["naive", "absorbed"] as const).map((attention) =>
        Array.from(model.forward(ids, { attention }).dataSync()),
      );
      expect(distance(absorbed, naive)).toBeLessThan(0.1);
      expect(() => model.forward(ids, { dispatch: "masked" })).toThrow("masked dispatch is float32 only");
    });
  });

  it.each([
    ["a missing module", { ...V3_TABLE, head: undefined }, 'head is undefined; it can be "FP8", "BF16" or "FP32"'],
    ["an unknown module", { ...V3_TABLE, heads: "FP8" }, "see heads"],
    ["an unknown level", { ...V3_TABLE, head: "FP4" }, 'head is "FP4"'],
  ])("refuses %s", (_, table, message) => {
    expect(() => arithmeticFor({ ...V3_PRECISION, table: table as never })).toThrow(message);
  });
});
