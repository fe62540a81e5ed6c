/** A block: two branches, each on a normalised stream, each added to it. */
import * as tf from "@tensorflow/tfjs";
import type { BlockNorms, BlockSteps } from "../../model/block";
import { moe } from "../../model/experts";
import { mla } from "../../model/mla";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import type { MoeWeights } from "../../model/weights";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rmsNorm } from "../../tensor/nn";
import { Golden, type GoldenName } from "./golden";
import { caseTensors, tidily } from "./shared";

type Block = ModelParts["block"];

/** What a block of a golden model computes with. */
export function goldenSteps(name: GoldenName, layer: number | "mtp", tokens: number): BlockSteps & BlockNorms {
  const golden = new Golden(name);
  const { config } = golden;
  const { selfAttn, mlp, ...norms } = golden.block(layer);
  const rotary = golden.rotary(tokens);
  const rowsOf = (x: tf.Tensor3D) => x.reshape<tf.Tensor2D>([-1, config.hiddenSize]);
  return {
    ...norms,
    norm: (x, weight) => rmsNorm(x, weight, config.rmsNormEps),
    attention: (x) => mla(x, selfAttn, config, { rotary, method: "naive" }),
    feedForward: (x) =>
      tf.tidy(() => moe(rowsOf(x), mlp as MoeWeights, config, { dispatch: "grouped" }).reshape(x.shape)),
  };
}

function golden(): Parameters<Block> {
  const h = new Golden("d-mtp").entering(1);
  const { inputLayernorm, postAttentionLayernorm, ...steps } = goldenSteps("d-mtp", 1, h.shape[1]);
  return [h, { inputLayernorm, postAttentionLayernorm }, steps];
}

/** Attention that does not stand being called twice: with a cache, each call keeps what it is given. */
function once(attention: BlockSteps["attention"]): BlockSteps["attention"] {
  let called = false;
  return (x) => {
    if (called)
      throw new Error("attention was called twice; with a cache, each call keeps the tokens that it is given");
    called = true;
    return attention(x);
  };
}

/** Two branches that are no attention and no experts, so that only their place counts. */
function small(seed: number, [B, T, D] = [1, 3, 4]): Parameters<Block> {
  const made = caseTensors(seed);
  const [a, b] = [made<tf.Tensor2D>(D, D), made<tf.Tensor2D>(D, D)];
  const branch = (w: tf.Tensor2D) => (x: tf.Tensor3D) =>
    tf.tidy(() =>
      tf
        .matMul(x.reshape<tf.Tensor2D>([-1, D]), w)
        .tanh()
        .reshape<tf.Tensor3D>(x.shape),
    );
  return [
    made(B, T, D),
    { inputLayernorm: made(D), postAttentionLayernorm: made(D) },
    { norm: (x, weight) => rmsNorm(x, weight, 1e-6), attention: once(branch(a)), feedForward: branch(b) },
  ];
}

const wrong = (answer: Block): Block => tidily(answer);

export const blockExercise = defineExercise<Block>({
  id: "09-block",
  reference: LIB_PARTS.block,
  cases: [
    {
      name: "the reference's second layer",
      args: golden,
      expected: () => new Golden("d-mtp").value("layer1.hidden_out"),
    },
    { name: "two small branches", args: () => small(1) },
  ],
  draw: fromSeed((random) =>
    small(seedFrom(random), [wholeBetween(random, 1, 3), wholeBetween(random, 1, 4), wholeBetween(random, 3, 6)]),
  ),
  misconceptions: [
    {
      name: "the stream not added",
      answer: wrong((h, w, { norm, attention, feedForward }) =>
        feedForward(norm(attention(norm(h, w.inputLayernorm)), w.postAttentionLayernorm)),
      ),
      message: "You replace the stream by what the branches give. Each is added to it: that is the residual stream.",
    },
    {
      name: "both branches on the same input",
      answer: wrong((h, w, { norm, attention, feedForward }) =>
        h.add<tf.Tensor3D>(attention(norm(h, w.inputLayernorm))).add(feedForward(norm(h, w.postAttentionLayernorm))),
      ),
      message:
        "Your feed-forward network reads the stream as it was before attention. It gets what attention has added, too.",
    },
    {
      name: "norms behind the branches",
      answer: wrong((h, w, { norm, attention, feedForward }) => {
        const middle = norm(h.add<tf.Tensor3D>(attention(h)), w.inputLayernorm);
        return norm(middle.add<tf.Tensor3D>(feedForward(middle)), w.postAttentionLayernorm);
      }),
      message:
        "You normalise the stream behind each branch. V3 normalises what enters a branch; the stream itself never is.",
    },
    {
      name: "no norms",
      answer: wrong((h, _, { attention, feedForward }) => {
        const middle = h.add<tf.Tensor3D>(attention(h));
        return middle.add(feedForward(middle));
      }),
      message: "The norms are missing: what enters each branch is normalised, with a weight of its own.",
    },
    {
      name: "norms exchanged",
      answer: wrong((h, w, steps) =>
        LIB_PARTS.block(
          h,
          { inputLayernorm: w.postAttentionLayernorm, postAttentionLayernorm: w.inputLayernorm },
          steps,
        ),
      ),
      message:
        "The norms' weights are exchanged: `inputLayernorm` is attention's, `postAttentionLayernorm` the other's.",
    },
    {
      name: "the normalised stream added",
      answer: wrong((h, w, { norm, attention, feedForward }) => {
        const normed = norm(h, w.inputLayernorm);
        const middle = normed.add<tf.Tensor3D>(attention(normed));
        const again = norm(middle, w.postAttentionLayernorm);
        return again.add(feedForward(again));
      }),
      message: "You add the branch to the normalised stream. It is added to the stream as it came.",
    },
    {
      name: "attention alone",
      answer: wrong((h, w, { norm, attention }) => h.add(attention(norm(h, w.inputLayernorm)))),
      message: "The second half is missing: norm, feed-forward network, and its output added as well.",
    },
    {
      name: "both added to the stream as it came",
      answer: wrong((h, w, { norm, attention, feedForward }) => {
        const middle = h.add<tf.Tensor3D>(attention(norm(h, w.inputLayernorm)));
        return h.add(feedForward(norm(middle, w.postAttentionLayernorm)));
      }),
      message:
        "You add the second branch to the old stream, so that attention's output is lost from it. Add it to the new.",
    },
    {
      name: "one norm for both",
      answer: wrong((h, w, { norm, attention, feedForward }) => {
        const middle = h.add<tf.Tensor3D>(attention(norm(h, w.inputLayernorm)));
        return middle.add(feedForward(norm(middle, w.inputLayernorm)));
      }),
      message: "You use `inputLayernorm` twice. The second branch has a gain of its own, `postAttentionLayernorm`.",
    },
    {
      name: "the second branch not added",
      answer: wrong((h, w, { norm, attention, feedForward }) => {
        const middle = h.add<tf.Tensor3D>(attention(norm(h, w.inputLayernorm)));
        return feedForward(norm(middle, w.postAttentionLayernorm));
      }),
      message: "You return the second branch alone. It is added to the stream, as the first one is.",
    },
    {
      name: "what the branches give normalised",
      answer: wrong((h, w, { norm, attention, feedForward }) => {
        const middle = h.add<tf.Tensor3D>(norm(attention(h), w.inputLayernorm));
        return middle.add(norm(feedForward(middle), w.postAttentionLayernorm));
      }),
      message: "You normalise what comes out of a branch. The norm stands at its entrance.",
    },
  ],
});
