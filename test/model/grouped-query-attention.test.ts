import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import { rotaryTables, type RotaryTables } from "../../lib/model/rotary";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";
import { groupedQueryAttention, type GroupedQueryWeights } from "./grouped-query-attention";

const [B, T, D, H, d] = [2, 5, 12, 4, 8];
const random = new Random(21);
let still: RotaryTables; // every token at position 0: nothing is turned
let x: tf.Tensor3D;

beforeAll(async () => {
  await useBackend("wasm");
  still = rotaryTables(tinyConfig({ qkRopeHeadDim: d, ropeScaling: null }), [new Array<number>(T).fill(0)]);
  x = random.normalTensor([B, T, D]) as tf.Tensor3D;
});

function weightsFor(keyValueHeads: number): GroupedQueryWeights {
  const matrix = (rows: number, columns: number) => random.normalTensor([rows, columns], 0.5) as tf.Tensor2D;
  return {
    qProj: matrix(D, H * d),
    kProj: matrix(D, keyValueHeads * d),
    vProj: matrix(D, keyValueHeads * d),
    oProj: matrix(H * d, D),
  };
}

/** Attention by its definition, in loops over plain arrays, for the second sequence. */
async function byDefinition(weights: GroupedQueryWeights, keyValueHeads: number): Promise<number[]> {
  const rows = ((await x.array()) as number[][][])[1];
  const [q, k, v] = await Promise.all(
    [weights.qProj, weights.kProj, weights.vProj].map(async (w) => {
      const matrix = (await w.array()) as number[][];
      return rows.map((row) => matrix[0].map((_, c) => row.reduce((sum, value, i) => sum + value * matrix[i][c], 0)));
    }),
  );
  const heads = rows.map(() => new Array<number>(H * d).fill(0));
  for (let h = 0; h < H; h++) {
    const at = Math.floor((h * keyValueHeads) / H) * d; // the key-value head of head h
    for (let t = 0; t < T; t++) {
      const scores = Array.from({ length: t + 1 }, (_, s) => {
        let product = 0;
        for (let i = 0; i < d; i++) product += q[t][h * d + i] * k[s][at + i];
        return Math.exp(product / Math.sqrt(d));
      });
      const total = scores.reduce((a, b) => a + b, 0);
      for (let i = 0; i < d; i++)
        heads[t][h * d + i] = scores.reduce((sum, e, s) => sum + (e / total) * v[s][at + i], 0);
    }
  }
  const out = (await weights.oProj.array()) as number[][];
  return heads.flatMap((row) => out[0].map((_, c) => row.reduce((sum, value, i) => sum + value * out[i][c], 0)));
}

describe("groupedQueryAttention", () => {
  it.each([
    ["multi-head", 4],
    ["grouped-query", 2],
    ["multi-query", 1],
  ])("is %s attention by its definition with %i key-value heads", async (_, keyValueHeads) => {
    const weights = weightsFor(keyValueHeads);
    const out = tf.tidy(() =>
      groupedQueryAttention(x, weights, { heads: H, keyValueHeads, rotary: still }).slice([1, 0, 0]).flatten(),
    );
    expectClose(out, await byDefinition(weights, keyValueHeads), { rtol: 1e-4, atol: 1e-4 });
  });
});
