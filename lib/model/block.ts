/** One transformer block: attention and feed-forward, each on normalised input, each added to the residual stream. */
import * as tf from "@tensorflow/tfjs";
import { rmsNorm } from "../tensor/nn";
import type { ModelConfig } from "./config";
import { moe, type Dispatch } from "./experts";
import { mla, type MlaOptions } from "./mla";
import { mlp } from "./mlp";
import { isMultiHead, multiHead } from "./multi-head";
import { FLOAT32 } from "./arithmetic";
import { isMoe, type BlockWeights } from "./weights";

/** Is shown values by name, for as long as the call lasts: read or clone them. */
export interface Observer {
  (name: string, value: tf.Tensor): void;
  /** Set where it looks at the routing only: attention then shows it nothing, and need not write out its probabilities. */
  routingOnly?: boolean;
}

/** The observer of one block, whose name it puts before that of each value. */
export function observerOf(block: string, observe?: Observer): Observer | undefined {
  if (observe === undefined) return undefined;
  const named: Observer = (name, value) => observe(`${block}.${name}`, value);
  named.routingOnly = observe.routingOnly;
  return named;
}

export interface BlockOptions extends Omit<MlaOptions, "observe"> {
  dispatch: Dispatch;
  observe?: Observer;
}

/** The block's own weights: those of its two norms. */
export type BlockNorms = Pick<BlockWeights, "inputLayernorm" | "postAttentionLayernorm">;

/** What a block puts together. */
export interface BlockSteps {
  /** RMSNorm with the model's epsilon: x [B, T, D], weight [D]. */
  norm: (x: tf.Tensor3D, weight: tf.Tensor1D) => tf.Tensor3D;
  /** Attention of the layer, [B, T, D] → [B, T, D]; call it once: with a cache, each call keeps what it is given. */
  attention: (x: tf.Tensor3D) => tf.Tensor3D;
  /** The dense network or the experts of the layer, [B, T, D] → [B, T, D]. */
  feedForward: (x: tf.Tensor3D) => tf.Tensor3D;
}

/** h + attention(norm(h)), and to that the same with the feed-forward network. */
export function addBranches(h: tf.Tensor3D, weights: BlockNorms, steps: BlockSteps): tf.Tensor3D {
  return tf.tidy(() => {
    const middle = h.add<tf.Tensor3D>(steps.attention(steps.norm(h, weights.inputLayernorm)));
    return middle.add<tf.Tensor3D>(steps.feedForward(steps.norm(middle, weights.postAttentionLayernorm)));
  });
}

/**
 * h ← h + MLA(RMSNorm(h)), then h ← h + FFN(RMSNorm(h)), where FFN is dense or a mixture of experts.
 *
 * @param h [B, T, D]
 * @returns [B, T, D]
 */
export function block(h: tf.Tensor3D, weights: BlockWeights, config: ModelConfig, options: BlockOptions): tf.Tensor3D {
  const { observe, dispatch, arithmetic = FLOAT32, parts = {} } = options;
  const [B, T, D] = h.shape;
  const normalise = parts.rmsNorm ?? rmsNorm;
  const feed = (rows: tf.Tensor2D) =>
    isMoe(weights.mlp)
      ? moe(rows, weights.mlp, config, {
          dispatch,
          arithmetic,
          parts,
          observe: (routing) => {
            observe?.("router_affinity", routing.affinity);
            observe?.("router_indices", routing.expertIndices);
            observe?.("router_gates", routing.gates);
            observe?.("router_mask", routing.mask);
          },
        })
      : mlp(rows, weights.mlp, arithmetic.linear("denseMlp"));
  return tf.tidy(() => {
    const out = (parts.block ?? addBranches)(h, weights, {
      norm: (x, gain) => normalise(arithmetic.input(x, "norms"), gain, config.rmsNormEps),
      attention: (x) => {
        const attended = isMultiHead(weights.selfAttn)
          ? multiHead(x, weights.selfAttn, config, options)
          : mla(x, weights.selfAttn, config, { ...options, observe: observe?.routingOnly ? undefined : observe });
        observe?.("attn_out", attended);
        return attended;
      },
      feedForward: (x) => feed(x.reshape<tf.Tensor2D>([B * T, D])).reshape([B, T, D]),
    });
    observe?.("hidden_out", out);
    return out;
  });
}
