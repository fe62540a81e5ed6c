import { describe } from "vitest";
import {
  absorbExercise,
  bytesExercise,
  commuteExercise,
  compressExercise,
  scoreExercise,
  type Absorb,
  type Compress,
  type Movable,
  type Score,
  type TokenBytes,
} from "../../../lib/lessons/03-multi-head-latent-attention";
import { holdsTo } from "../support";

describe("03-cache-bytes", () => {
  const summed: TokenBytes = ({ numHiddenLayers, kvLoraRank, qkRopeHeadDim }, bytes) => {
    let all = 0;
    for (let layer = 0; layer < numHiddenLayers; layer++) all += bytes * kvLoraRank + bytes * qkRopeHeadDim;
    return all;
  };
  holdsTo(bytesExercise, summed);
});

describe("03-compress", () => {
  const inLoops: Compress = (x, down, up) => {
    const raw = down[0].map((_, c) => down.reduce((sum, row, i) => sum + row[c] * x[i], 0));
    const size = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0) / raw.length + 1e-6);
    const latent = raw.map((value) => value / size);
    const key = new Array<number>(up[0].length).fill(0);
    latent.forEach((value, c) => up[c].forEach((weight, j) => (key[j] += value * weight)));
    return { latent, key };
  };
  holdsTo(compressExercise, inLoops);
});

describe("03-absorb", () => {
  const byRows: Absorb = (query, up) => up.map((row) => row.reduce((sum, weight, j) => sum + weight * query[j], 0));
  holdsTo(absorbExercise, byRows);
});

describe("03-commute", () => {
  const listed: Movable = () => {
    const fixed = new Set(["scale", "matrix", "gain"]);
    return {
      norm: fixed.has("norm"),
      rotation: fixed.has("rotation"),
      gain: fixed.has("gain"),
      matrix: fixed.has("matrix"),
      scale: fixed.has("scale"),
    };
  };
  holdsTo(commuteExercise, listed);
});

describe("03-score", () => {
  const concatenated: Score = ({ qC, kC, qR, kR }) => {
    const [query, key] = [
      [...qC, ...qR],
      [...kC, ...kR],
    ];
    return query.reduce((sum, value, i) => sum + value * key[i], 0) * query.length ** -0.5;
  };
  holdsTo(scoreExercise, concatenated);
});
