/** One transformer block: attention and feed-forward, each on normalised input, each added to the residual stream. */
import * as tf from "@tensorflow/tfjs";
import { rmsNorm } from "../tensor/nn";
import type { ModelConfig } from "./config";
import { moe, type Dispatch } from "./experts";
import { mla, type MlaOptions } from "./mla";
import { mlp } from "./mlp";
import { FLOAT32 } from "./arithmetic";
import { isMoe, type BlockWeights } from "./weights";

/** Is shown values by name, for as long as the call lasts: read or clone them. */
export type Observer = (name: string, value: tf.Tensor) => void;

export interface BlockOptions extends Omit<MlaOptions, "observe"> {
  dispatch: Dispatch;
  observe?: Observer;
}

/**
 * h ← h + MLA(RMSNorm(h)), then h ← h + FFN(RMSNorm(h)), where FFN is dense or a mixture of experts.
 *
 * @param h [B, T, D]
 * @returns [B, T, D]
 */
export function block(h: tf.Tensor3D, weights: BlockWeights, config: ModelConfig, options: BlockOptions): tf.Tensor3D {
  const { observe, dispatch, arithmetic = FLOAT32 } = options;
  const [B, T, D] = h.shape;
  return tf.tidy(() => {
    const norm = (x: tf.Tensor3D, gain: tf.Tensor1D) => rmsNorm(arithmetic.input(x, "norms"), gain, config.rmsNormEps);
    const attended = mla(norm(h, weights.inputLayernorm), weights.selfAttn, config, options);
    observe?.("attn_out", attended);
    const middle = h.add<tf.Tensor3D>(attended);

    const normed = norm(middle, weights.postAttentionLayernorm);
    const rows = normed.reshape<tf.Tensor2D>([B * T, D]);
    const fed = isMoe(weights.mlp)
      ? moe(rows, weights.mlp, config, {
          dispatch,
          arithmetic,
          observe: (routing) => {
            observe?.("router_affinity", routing.affinity);
            observe?.("router_indices", routing.expertIndices);
            observe?.("router_gates", routing.gates);
            observe?.("router_mask", routing.mask);
          },
        })
      : mlp(rows, weights.mlp, arithmetic.linear("denseMlp"));
    const out = middle.add<tf.Tensor3D>(fed.reshape([B, T, D]));
    observe?.("hidden_out", out);
    return out;
  });
}
