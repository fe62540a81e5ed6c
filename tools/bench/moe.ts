/**
 * What more experts cost: a mixture-of-experts layer over 1,024 tokens, 8 active experts of equal width, as the number of
 * experts grows; and what it would cost to compute all of them for every token.
 */
import * as tf from "@tensorflow/tfjs";
import { tinyConfig } from "../../lib/model/config";
import { moe, type Dispatch } from "../../lib/model/experts";
import type { MoeWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { medianTime, milliseconds, ratio, type Row, type Section } from "./section";

const [N, D, I] = [1024, 256, 128];

function layer(nRoutedExperts: number): { time(dispatch: Dispatch, runs: number): Promise<number>; dispose(): void } {
  const config = tinyConfig({
    hiddenSize: D,
    moeIntermediateSize: I,
    nRoutedExperts,
    numExpertsPerTok: 8,
    nGroup: 8,
    topkGroup: 4,
  });
  const random = new Random(nRoutedExperts);
  const E = nRoutedExperts;
  const weights: MoeWeights = {
    gate: { weight: random.normalTensor([D, E], 0.1) as tf.Tensor2D, eScoreCorrectionBias: tf.zeros([E]) },
    experts: {
      gateProj: random.normalTensor([E, D, I], 0.05) as tf.Tensor3D,
      upProj: random.normalTensor([E, D, I], 0.05) as tf.Tensor3D,
      downProj: random.normalTensor([E, I, D], 0.05) as tf.Tensor3D,
    },
  };
  const x = random.normalTensor([N, D]) as tf.Tensor2D;
  return {
    time: (dispatch, runs) =>
      medianTime(() => tf.tidy(() => void moe(x, weights, config, { dispatch }).dataSync()), { runs, warmUp: 1 }),
    dispose: () => tf.dispose([Object.values(weights.gate), Object.values(weights.experts), x]),
  };
}

export const mixture: Section = {
  name: "moe",
  title: `A mixture-of-experts layer, ${N} tokens, top-8, forward`,
  async run({ say }) {
    await useBackend("wasm");
    const times = new Map<number, number>();
    const rows: Row[] = [];
    for (const experts of [64, 128, 256]) {
      say(`${experts} experts`);
      const grown = layer(experts);
      times.set(experts, await grown.time("grouped", 9));
      rows.push({ what: `${experts} experts, each token's 8 computed`, value: milliseconds(times.get(experts)!) });
      if (experts === 256) {
        say("256 experts, all computed");
        const all = await grown.time("masked", 3);
        const costs = times.get(256)! / times.get(64)!;
        rows.push(
          { what: "256 experts, all computed", value: milliseconds(all) },
          {
            what: "256 experts cost, of 64",
            value: ratio(costs),
            goal: {
              what: "mixture of experts, forward, 256 experts: time",
              measured: costs,
              comparedWith: "64 experts, as many of them active",
              most: 1.2,
            },
          },
          { what: "computing all 256 costs, of the 8", value: ratio(all / times.get(256)!) },
        );
      }
      grown.dispose();
    }
    return rows;
  },
};
