import { expect, it } from "vitest";
import { totalParameters } from "../../../lib/economics/parameters";
import { rankTrial } from "../../../lib/lessons/03-multi-head-latent-attention/rank-trial";

it("has the same number of parameters at every rank, within a tenth of a per cent", () => {
  const sizes = [1, 2, 4, 8, 16, 32].map((rank) => totalParameters(rankTrial(rank, 32)));
  for (const size of sizes) expect(Math.abs(size / sizes[5] - 1)).toBeLessThan(1e-3);
  expect(rankTrial(4, 32).kvLoraRank).toBe(4);
});
