/** The multi-token prediction module. */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../model/arithmetic";
import { addBranches } from "../../model/block";
import type { MtpNorms, MtpSteps } from "../../model/mtp";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { embeddingRows, rmsNorm } from "../../tensor/nn";
import { goldenSteps } from "./exercise-8-block";
import { Golden } from "./golden";
import { caseTensors, tidily } from "./shared";

type Mtp = ModelParts["mtp"];

/** The reference's module on its own text: states at all tokens but the last, and the embeddings behind them. */
function golden(): Parameters<Mtp> {
  const golden = new Golden("d-mtp");
  const { config, ids } = golden;
  const [B, T, D] = [ids.length, ids[0].length - 1, config.hiddenSize];
  const { embedTokens, mtp } = golden.rest();
  const next = tf.tensor1d(
    ids.flatMap((row) => row.slice(1)),
    "int32",
  );
  const embedding = embeddingRows(embedTokens, next).reshape<tf.Tensor3D>([B, T, D]);
  const hidden = golden.value<tf.Tensor3D>("final_norm").slice([0, 0, 0], [B, T, D]);
  const { inputLayernorm, postAttentionLayernorm, ...steps } = goldenSteps("d-mtp", "mtp", T);
  const { enorm, hnorm, ehProj, sharedHeadNorm } = mtp[0];
  const block = (h: tf.Tensor3D) => addBranches(h, { inputLayernorm, postAttentionLayernorm }, steps);
  return [hidden, embedding, { enorm, hnorm, ehProj, sharedHeadNorm }, { norm: steps.norm, project, block }];
}

function small(seed: number, [B, T, D] = [2, 3, 4]): Parameters<Mtp> {
  const made = caseTensors(seed);
  const mixing = made<tf.Tensor2D>(D, D);
  const weights = { enorm: made(D), hnorm: made(D), ehProj: made(2 * D, D), sharedHeadNorm: made(D) } as MtpNorms;
  const steps: MtpSteps = {
    norm: (x, weight) => rmsNorm(x, weight, 1e-6),
    project,
    block: (h) => tf.tidy(() => h.add<tf.Tensor3D>(project(h, mixing).tanh())),
  };
  return [made(B, T, D), made(B, T, D), weights, steps];
}

/** The module with what goes in side by side, or what comes out, made in another way. */
const mtpWith = (
  inputs: (hidden: tf.Tensor3D, embedding: tf.Tensor3D, w: MtpNorms, norm: MtpSteps["norm"]) => tf.Tensor3D[],
  output: (h: tf.Tensor3D, w: MtpNorms, steps: MtpSteps) => tf.Tensor3D = (h, w, { norm, block }) =>
    norm(block(h), w.sharedHeadNorm),
): Mtp =>
  tidily((hidden: tf.Tensor3D, embedding: tf.Tensor3D, w: MtpNorms, steps: MtpSteps) =>
    output(steps.project(tf.concat(inputs(hidden, embedding, w, steps.norm), 2), w.ehProj), w, steps),
  );
const right = (hidden: tf.Tensor3D, embedding: tf.Tensor3D, w: MtpNorms, norm: MtpSteps["norm"]) => [
  norm(embedding, w.enorm),
  norm(hidden, w.hnorm),
];

export const mtpExercise = defineExercise<Mtp>({
  id: "09-mtp",
  reference: LIB_PARTS.mtp,
  cases: [
    {
      name: "the reference's module",
      args: golden,
      expected: () => new Golden("d-mtp").value("mtp.hidden_out_postnorm"),
    },
    { name: "two sequences of three tokens", args: () => small(1) },
  ],
  draw: fromSeed((random) =>
    small(seedFrom(random), [wholeBetween(random, 1, 3), wholeBetween(random, 1, 4), wholeBetween(random, 3, 6)]),
  ),
  misconceptions: [
    {
      name: "the state first",
      answer: mtpWith((...args) => right(...args).reverse()),
      message:
        "You put the state first, as equation 21 writes it. The released `ehProj` (e before h) expects the embedding first.",
    },
    {
      name: "norms exchanged",
      answer: mtpWith((hidden, embedding, w, norm) => [norm(embedding, w.hnorm), norm(hidden, w.enorm)]),
      message: "The two norms are exchanged: `enorm` is for the embedding, `hnorm` for the state.",
    },
    {
      name: "the embedding not normalised",
      answer: mtpWith((hidden, embedding, w, norm) => [embedding, norm(hidden, w.hnorm)]),
      message: "The embedding goes in as it is. It has a norm of its own, `enorm`.",
    },
    {
      name: "the state not normalised",
      answer: mtpWith((hidden, embedding, w, norm) => [norm(embedding, w.enorm), hidden]),
      message:
        "The state goes in as it is. It has been through the main model's last norm, and goes through the module's `hnorm` as " +
        "well.",
    },
    {
      name: "no norm at the end",
      answer: mtpWith(right, (h, _, { block }) => block(h)),
      message:
        "The module's last norm is missing. The head expects a normalised state: `sharedHeadNorm` comes behind the block.",
    },
    {
      name: "the block forgotten",
      answer: mtpWith(right, (h, w, { norm }) => norm(h, w.sharedHeadNorm)),
      message:
        "The block is missing: the module has attention and experts of its own between projection and last norm.",
    },
    {
      name: "the state added to what comes out",
      answer: tidily((hidden: tf.Tensor3D, embedding: tf.Tensor3D, w: MtpNorms, steps: MtpSteps) =>
        LIB_PARTS.mtp(hidden, embedding, w, steps).add(hidden),
      ),
      message:
        "You add the main model's state at the end. The module has no such shortcut; its block has residuals inside.",
    },
    {
      name: "neither normalised",
      answer: mtpWith((hidden, embedding) => [embedding, hidden]),
      message:
        "Both go in as they are. Each has a norm of its own first: `enorm` for the embedding, `hnorm` for the state.",
    },
    {
      name: "the last norm before the block",
      answer: mtpWith(right, (h, w, { norm, block }) => block(norm(h, w.sharedHeadNorm))),
      message: "You normalise before the block. `sharedHeadNorm` is the last step: it makes what the head reads.",
    },
  ],
});
