/**
 * lib/model/block.ts for a few tokens at a time, in wasm memory: attention is absorbed, and no step makes a tensor. Tokens
 * that follow each other share each product, so that a pass over two of them, as verifying a draft needs, reads the
 * weights once. Each token's numbers are the same, to the last bit, with any others beside it.
 */
import type { ModelConfig } from "../../model/config";
import { LATENT_EPS } from "../../model/mla";
import { isMoe, type BlockWeights, type MoeWeights } from "../../model/weights";
import { rowOf, WasmRows, type Vector, type WasmVectors } from "../../tensor/wasm/vectors";
import { addInto, chooseExperts, normInto, rotateInPlace } from "./parts";
import { fuseAttention, numbers, type FusedAttention } from "./weights";

/** cos and sin of one position, [R] each. */
export interface Angles {
  cos: Float32Array;
  sin: Float32Array;
}

/** Tokens in one pass: the products read a matrix once for so many. */
export const TOKENS_AT_ONCE = 4;

/** Working space that all blocks share: of each vector, one a token. */
export class BlockSpace {
  readonly normed: Vector;
  readonly gathered: Vector;
  readonly delta: Vector;
  readonly queryDown: Vector;
  readonly query: Vector;
  readonly latent: Vector;
  readonly mixture: Vector;
  readonly affinity: Vector;
  readonly inner: Vector; // of a gated network, both its maps
  readonly expert: Vector;
  readonly scores: Vector;

  constructor(
    readonly vectors: WasmVectors,
    readonly config: ModelConfig,
  ) {
    const { hiddenSize: D, numAttentionHeads: H, kvLoraRank: C, qkRopeHeadDim: R } = config;
    const reserve = (size: number) => vectors.reserve(TOKENS_AT_ONCE * size);
    [this.normed, this.gathered, this.delta, this.expert] = [D, D, D, D].map(reserve);
    [this.queryDown, this.query] = [config.qLoraRank ?? 0, H * (C + R)].map(reserve);
    [this.latent, this.mixture] = [C + R, H * C].map(reserve);
    this.affinity = reserve(config.nRoutedExperts);
    this.inner = reserve(2 * widestInner(config));
    this.scores = vectors.reserve(config.maxPositionEmbeddings);
  }

  /** Numbers that it reserves. */
  static size({ hiddenSize, numAttentionHeads: H, kvLoraRank: C, qkRopeHeadDim: R, ...config }: ModelConfig): number {
    const ofToken = 4 * hiddenSize + (config.qLoraRank ?? 0) + (H + 1) * (C + R) + H * C + config.nRoutedExperts;
    return TOKENS_AT_ONCE * (ofToken + 2 * widestInner(config)) + config.maxPositionEmbeddings;
  }
}

/** Numbers between the two maps of the widest feed-forward network. */
function widestInner(config: Pick<ModelConfig, "intermediateSize" | "moeIntermediateSize" | "nSharedExperts">): number {
  return Math.max(config.intermediateSize, config.moeIntermediateSize * Math.max(1, config.nSharedExperts));
}

export class WasmBlock {
  readonly past: WasmRows; // [S, C + R]: of each token the latent, then the rotated key
  private readonly attention: FusedAttention;
  private readonly inputNorm: Float32Array;
  private readonly innerNorm: Float32Array;
  private readonly bias: Float32Array | null;

  constructor(
    private readonly space: BlockSpace,
    private readonly weights: BlockWeights,
  ) {
    const { config } = space;
    this.past = new WasmRows(config.kvLoraRank + config.qkRopeHeadDim);
    this.attention = fuseAttention(weights.selfAttn, config);
    this.inputNorm = numbers(weights.inputLayernorm);
    this.innerNorm = numbers(weights.postAttentionLayernorm);
    this.bias = isMoe(weights.mlp) ? numbers(weights.mlp.gate.eScoreCorrectionBias) : null;
  }

  /**
   * h ← h + MLA(RMSNorm(h)), then h ← h + FFN(RMSNorm(h)); the tokens' latents are appended to the past.
   *
   * @param h [T, D], of T tokens that follow the past
   * @param angles of their positions, T of them
   */
  run(h: Vector, angles: Angles[]): void {
    const { vectors, normed, inner, delta, config } = this.space;
    const T = angles.length;
    const all = { begin: h.begin, size: T * config.hiddenSize };
    this.normalise(h, this.inputNorm, T);
    this.attend(angles);
    addInto(vectors.values(all), vectors.values(delta));
    this.normalise(h, this.innerNorm, T);
    const { mlp } = this.weights;
    if (isMoe(mlp)) this.mixExperts(mlp, T);
    else vectors.gatedNetwork(normed, mlp, inner, delta, { rows: T });
    addInto(vectors.values(all), vectors.values(delta));
  }

  /**
   * Appends the tokens' latents to the past and computes no more: for tokens whose own output nobody asks for.
   *
   * @param h [T, D], as for run
   */
  remember(h: Vector, angles: Angles[]): void {
    this.normalise(h, this.inputNorm, angles.length);
    this.appendLatents(angles);
  }

  /** h → normed, [T, D] */
  private normalise(h: Vector, weight: Float32Array, T: number): void {
    const { vectors, normed, config } = this.space;
    for (let t = 0; t < T; t++) {
      const [from, to] = [h, normed].map((rows) => vectors.values(rowOf(rows, t, config.hiddenSize)));
      normInto(to, from, weight, config.rmsNormEps);
    }
  }

  /** The latents of normed [T, D] → past */
  private appendLatents(angles: Angles[]): void {
    const { vectors, config, normed, latent } = this.space;
    const { kvLoraRank: C, qkRopeHeadDim: R } = config;
    vectors.multiply(normed, this.attention.latent, latent, { rows: angles.length });
    angles.forEach(({ cos, sin }, t) => {
      const row = vectors.values(rowOf(latent, t, C + R));
      normInto(row.subarray(0, C), row.subarray(0, C), this.attention.latentNorm, LATENT_EPS);
      rotateInPlace(row, C, cos, sin);
      this.past.append(row);
    });
  }

  /** normed → delta, [T, D] */
  private attend(angles: Angles[]): void {
    const { vectors, config, normed, queryDown, query, scores, mixture, delta } = this.space;
    const { numAttentionHeads: H, kvLoraRank: C, qkRopeHeadDim: R } = config;
    const weights = this.attention;
    const rows = angles.length;
    this.appendLatents(angles);
    if (weights.queryDown === undefined) vectors.multiply(normed, weights.query, query, { rows });
    else {
      vectors.multiply(normed, weights.queryDown.weight, queryDown, { rows });
      for (let t = 0; t < rows; t++) {
        const down = vectors.values(rowOf(queryDown, t, config.qLoraRank!));
        normInto(down, down, weights.queryDown.norm, LATENT_EPS);
      }
      vectors.multiply(queryDown, weights.query, query, { rows });
    }
    angles.forEach(({ cos, sin }, t) => {
      const queries = rowOf(query, t, H * (C + R));
      const values = vectors.values(queries);
      for (let head = 0; head < H; head++) rotateInPlace(values, head * (C + R) + C, cos, sin);
      vectors.attend(queries, this.past, this.past.length - rows + t + 1, scores, rowOf(mixture, t, H * C), H);
    });
    vectors.multiply(mixture, weights.output, delta, { rows });
  }

  /** normed → delta, [T, D]: Σ gate · expert + shared experts */
  private mixExperts({ gate, experts, sharedExperts }: MoeWeights, T: number): void {
    const { vectors, config, normed, affinity, inner, expert: output, delta } = this.space;
    const { hiddenSize: D, nRoutedExperts: E } = config;
    vectors.multiply(normed, gate.weight, affinity, { rows: T });
    const chosenBy = new Map<number, { t: number; gate: number }[]>();
    for (let t = 0; t < T; t++) {
      const affinities = vectors.values(rowOf(affinity, t, E)).map((logit) => 1 / (1 + Math.exp(-logit)));
      for (const { expert, gate } of chooseExperts(affinities, this.bias!, config)) {
        chosenBy.set(expert, [...(chosenBy.get(expert) ?? []), { t, gate }]);
      }
    }
    if (sharedExperts === undefined) vectors.values(delta).fill(0);
    else vectors.gatedNetwork(normed, sharedExperts, inner, delta, { rows: T });
    // In the order of the experts, so that a token's sum does not depend on whom it shares them with.
    for (const expert of [...chosenBy.keys()].sort((a, b) => a - b)) {
      const tokens = chosenBy.get(expert)!;
      const rows = this.side(tokens.map(({ t }) => t));
      vectors.gatedNetwork(rows, experts, inner, output, { rows: tokens.length, index: expert });
      tokens.forEach(({ t, gate }, i) =>
        addInto(vectors.values(rowOf(delta, t, D)), vectors.values(rowOf(output, i, D)), gate),
      );
    }
  }

  /** These tokens' rows of normed, side by side. */
  private side(tokens: number[]): Vector {
    const { vectors, config, normed, gathered } = this.space;
    const D = config.hiddenSize;
    const [first] = tokens;
    if (tokens[tokens.length - 1] - first === tokens.length - 1) return rowOf(normed, first, D); // as they lie
    tokens.forEach((t, i) => vectors.values(rowOf(gathered, i, D)).set(vectors.values(rowOf(normed, t, D))));
    return gathered;
  }

  dispose(): void {
    this.past.dispose();
    this.attention.query.dispose();
    this.attention.output.dispose();
  }
}
