import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import { moe, routedExperts, sortByExpert } from "../../lib/model/experts";
import { mlp } from "../../lib/model/mlp";
import { route } from "../../lib/model/router";
import { initWeights, isMoe, type MoeWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose, expectNoLeak } from "../support/close";

const config = tinyConfig({ nSharedExperts: 2 });
const weights = () =>
  initWeights(config, 3, { std: 0.2 })
    .layers.map((layer) => layer.mlp)
    .find(isMoe) as MoeWeights;

describe("sortByExpert", () => {
  it("puts the rows in the order of their experts and says whose they are", () => {
    // Tokens 0 and 1 chose experts (1, 3) and (0, 1) of 4.
    const { counts, tokens, slots } = sortByExpert([1, 3, 0, 1], 2, 4);
    expect(counts).toEqual([1, 2, 0, 1]);
    expect([...tokens]).toEqual([1, 0, 1, 0]);
    expect([...slots]).toEqual([4, 1, 5, 3]); // token · 4 + expert
  });
});

describe.each(["wasm", "cpu"] as const)("moe on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it("is the gated sum of the chosen experts, one at a time, plus the shared ones", () => {
    const layer = weights();
    const x = new Random(4).normalTensor([7, config.hiddenSize]) as tf.Tensor2D;
    const { gates } = route(x, layer.gate, config);
    const expected = tf.tidy(() => {
      let sum = mlp(x, layer.sharedExperts!);
      for (let e = 0; e < config.nRoutedExperts; e++) {
        const [gateProj, upProj, downProj] = [layer.experts.gateProj, layer.experts.upProj, layer.experts.downProj].map(
          (stack) => stack.slice([e, 0, 0], [1, -1, -1]).squeeze<tf.Tensor2D>([0]),
        );
        sum = sum.add(mlp(x, { gateProj, upProj, downProj }).mul(gates.slice([0, e], [-1, 1])));
      }
      return sum;
    });
    expectClose(moe(x, layer, config, { dispatch: "grouped" }), expected);
    expectClose(moe(x, layer, config, { dispatch: "masked" }), expected);
  });

  it.each(["grouped", "masked"] as const)("leaves nothing behind with %s experts", async (dispatch) => {
    const layer = weights();
    const x = new Random(5).normalTensor([3, config.hiddenSize]) as tf.Tensor2D;
    await expectNoLeak(() => moe(x, layer, config, { dispatch }).dispose());
  });

  it("can leave out the shared experts, and takes a routing made elsewhere", () => {
    const layer = { ...weights(), sharedExperts: undefined };
    const x = new Random(6).normalTensor([3, config.hiddenSize]) as tf.Tensor2D;
    const routing = route(x, layer.gate, config);
    expectClose(moe(x, layer, config, { dispatch: "grouped" }), routedExperts(x, routing, layer.experts, "masked"));
  });
});
