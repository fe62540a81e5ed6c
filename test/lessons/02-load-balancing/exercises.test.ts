import { beforeAll, describe } from "vitest";
import {
  biasExercise,
  copiesExercise,
  gammaExercise,
  lossExercise,
  maxVioExercise,
  type BalanceLoss,
  type BalanceStep,
  type Copies,
  type MaxVio,
  type Settle,
} from "../../../lib/lessons/02-load-balancing";
import { useBackend } from "../../../lib/tensor/backend";
import { holdsTo } from "../support";

beforeAll(async () => {
  await useBackend();
});

describe("02-bias-update", () => {
  const inLoops: BalanceStep = (affinities, bias, k, gamma) => {
    const load = new Array<number>(bias.length).fill(0);
    const gates = affinities.map((s) => {
      const ranked = s
        .map((x, e) => ({ e, z: x + bias[e] }))
        .sort((a, b) => b.z - a.z)
        .slice(0, k);
      const total = ranked.reduce((all, { e }) => all + s[e], 0);
      const row = new Array<number>(s.length).fill(0);
      for (const { e } of ranked) {
        row[e] = s[e] / total;
        load[e]++;
      }
      return row;
    });
    const fair = (affinities.length * k) / bias.length;
    return { gates, bias: bias.map((b, e) => (load[e] > fair ? b - gamma : load[e] < fair ? b + gamma : b)) };
  };
  holdsTo(biasExercise, inLoops);
});

describe("02-maxvio", () => {
  const sorted: MaxVio = (loads) => {
    const [busiest] = [...loads].sort((a, b) => b - a);
    const all = loads.reduce((a, b) => a + b);
    return (busiest * loads.length - all) / all;
  };
  holdsTo(maxVioExercise, sorted);
});

describe("02-balance-loss", () => {
  const tokenByToken: BalanceLoss = (affinities, _bias, k, alpha) => {
    const T = affinities.length;
    const E = affinities[0].length;
    const [count, wish] = [new Array<number>(E).fill(0), new Array<number>(E).fill(0)];
    for (const s of affinities) {
      const all = s.reduce((a, b) => a + b);
      const limit = [...s].sort((a, b) => b - a)[k - 1];
      for (let e = 0; e < E; e++) {
        wish[e] += s[e] / all;
        if (s[e] >= limit) count[e]++;
      }
    }
    let loss = 0;
    for (let e = 0; e < E; e++) loss += count[e] * wish[e];
    return (alpha * loss * E) / (k * T * T);
  };
  holdsTo(lossExercise, tokenByToken);
});

describe("02-copies", () => {
  const byQueue: Copies = (load, slots) => {
    const copies = load.map(() => 1);
    let spare = slots - load.length;
    while (spare-- > 0) {
      let busiest = 0;
      for (let e = 1; e < load.length; e++) {
        if (load[e] * copies[busiest] > load[busiest] * copies[e]) busiest = e;
      }
      copies[busiest]++;
    }
    return copies;
  };
  holdsTo(copiesExercise, byQueue);
});

describe("02-gamma", () => {
  const formula: Settle = (gap, gamma) => ({ batches: Math.ceil(gap / 2 / gamma), swing: gamma + gamma });
  holdsTo(gammaExercise, formula);
});
