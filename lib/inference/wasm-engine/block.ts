/** lib/model/block.ts for one token at a time, in wasm memory: attention is absorbed, and no step makes a tensor. */
import type { ModelConfig } from "../../model/config";
import { LATENT_EPS } from "../../model/mla";
import { isMoe, type BlockWeights, type MlpWeights, type MoeWeights } from "../../model/weights";
import type { Vector, WasmVectors } from "../../tensor/wasm/vectors";
import { addInto, attendLatents, chooseExperts, LatentRows, normInto, rotateInPlace, swiGluInto } from "./parts";
import { fuseAttention, numbers, type FusedAttention } from "./weights";

/** cos and sin of one position, [R] each. */
export interface Angles {
  cos: Float32Array;
  sin: Float32Array;
}

/** Working space that all blocks share. */
export class BlockSpace {
  readonly normed: Vector;
  readonly delta: Vector;
  readonly queryDown: Vector;
  readonly query: Vector;
  readonly latent: Vector;
  readonly mixture: Vector;
  readonly affinity: Vector;
  readonly inner: Vector;
  readonly up: Vector;
  readonly expert: Vector;
  scores = new Float32Array(64);

  constructor(
    readonly vectors: WasmVectors,
    readonly config: ModelConfig,
  ) {
    const { hiddenSize: D, numAttentionHeads: H, kvLoraRank: C, qkRopeHeadDim: R } = config;
    const widest = Math.max(config.intermediateSize, config.moeIntermediateSize * Math.max(1, config.nSharedExperts));
    [this.normed, this.delta, this.expert] = [D, D, D].map((size) => vectors.reserve(size));
    [this.queryDown, this.query] = [config.qLoraRank ?? 0, H * (C + R)].map((size) => vectors.reserve(size));
    [this.latent, this.mixture] = [C + R, H * C].map((size) => vectors.reserve(size));
    this.affinity = vectors.reserve(config.nRoutedExperts);
    [this.inner, this.up] = [widest, widest].map((size) => vectors.reserve(size));
  }

  /** Numbers that it reserves. */
  static size({ hiddenSize, numAttentionHeads: H, kvLoraRank: C, qkRopeHeadDim: R, ...config }: ModelConfig): number {
    const widest = Math.max(config.intermediateSize, config.moeIntermediateSize * Math.max(1, config.nSharedExperts));
    return 3 * hiddenSize + (config.qLoraRank ?? 0) + (H + 1) * (C + R) + H * C + config.nRoutedExperts + 2 * widest;
  }
}

export class WasmBlock {
  readonly past: LatentRows;
  private readonly attention: FusedAttention;
  private readonly inputNorm: Float32Array;
  private readonly innerNorm: Float32Array;
  private readonly bias: Float32Array | null;

  constructor(
    private readonly space: BlockSpace,
    private readonly weights: BlockWeights,
  ) {
    const { config } = space;
    this.past = new LatentRows(config.kvLoraRank + config.qkRopeHeadDim);
    this.attention = fuseAttention(weights.selfAttn, config);
    this.inputNorm = numbers(weights.inputLayernorm);
    this.innerNorm = numbers(weights.postAttentionLayernorm);
    this.bias = isMoe(weights.mlp) ? numbers(weights.mlp.gate.eScoreCorrectionBias) : null;
  }

  /** h ← h + MLA(RMSNorm(h)), then h ← h + FFN(RMSNorm(h)); the token's latent is appended to the past. */
  run(h: Vector, angles: Angles): void {
    const { vectors, normed, delta, config } = this.space;
    normInto(vectors.values(normed), vectors.values(h), this.inputNorm, config.rmsNormEps);
    this.attend(angles);
    addInto(vectors.values(h), vectors.values(delta));
    normInto(vectors.values(normed), vectors.values(h), this.innerNorm, config.rmsNormEps);
    const { mlp } = this.weights;
    if (isMoe(mlp)) this.mixExperts(mlp);
    else this.feedForward(mlp, delta);
    addInto(vectors.values(h), vectors.values(delta));
  }

  /** normed → delta */
  private attend(angles: Angles): void {
    const { vectors, config, normed, queryDown, query, latent, mixture, delta } = this.space;
    const { numAttentionHeads: H, kvLoraRank: C, qkRopeHeadDim: R } = config;
    const weights = this.attention;

    vectors.multiply(normed, weights.latent, latent);
    const row = vectors.values(latent);
    normInto(row.subarray(0, C), row.subarray(0, C), weights.latentNorm, LATENT_EPS);
    rotateInPlace(row, C, angles.cos, angles.sin);
    this.past.append(row);

    if (weights.queryDown === undefined) vectors.multiply(normed, weights.query, query);
    else {
      vectors.multiply(normed, weights.queryDown.weight, queryDown);
      const down = vectors.values(queryDown);
      normInto(down, down, weights.queryDown.norm, LATENT_EPS);
      vectors.multiply(queryDown, weights.query, query);
    }
    const [queries, mixtures] = [vectors.values(query), vectors.values(mixture)];
    for (let head = 0; head < H; head++) {
      rotateInPlace(queries, head * (C + R) + C, angles.cos, angles.sin);
      attendLatents(queries, this.past, head, mixtures, C, this.scoresFor(this.past.length));
    }
    vectors.multiply(mixture, weights.output, delta);
  }

  /** normed → delta: Σ gate · expert + shared experts */
  private mixExperts({ gate, experts, sharedExperts }: MoeWeights): void {
    const { vectors, config, normed, affinity, expert: output, delta } = this.space;
    vectors.multiply(normed, gate.weight, affinity);
    const affinities = vectors.values(affinity).map((logit) => 1 / (1 + Math.exp(-logit)));
    if (sharedExperts === undefined) vectors.values(delta).fill(0);
    else this.feedForward(sharedExperts, delta);
    for (const { expert, gate } of chooseExperts(affinities, this.bias!, config)) {
      this.feedForward(experts, output, expert);
      addInto(vectors.values(delta), vectors.values(output), gate);
    }
  }

  /** normed → out through one gated network, of a stack the one at `index`. */
  private feedForward(weights: MlpWeights | MoeWeights["experts"], out: Vector, index = 0): void {
    const { vectors, normed, inner, up } = this.space;
    const width = weights.gateProj.shape[weights.gateProj.rank - 1]!;
    const [gateHere, upHere] = [inner, up].map(({ begin }) => ({ begin, size: width }));
    vectors.multiply(normed, weights.gateProj, gateHere, index);
    vectors.multiply(normed, weights.upProj, upHere, index);
    swiGluInto(vectors.values(gateHere), vectors.values(upHere));
    vectors.multiply(gateHere, weights.downProj, out, index);
  }

  private scoresFor(S: number): Float32Array {
    if (this.space.scores.length < S) this.space.scores = new Float32Array(2 * S);
    return this.space.scores;
  }

  dispose(): void {
    this.attention.query.dispose();
    this.attention.output.dispose();
  }
}
