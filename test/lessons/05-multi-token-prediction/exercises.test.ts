import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  combineExercise,
  depthExercise,
  expectedExercise,
  flopsPerToken,
  targetsExercise,
  verifyExercise,
  type Combine,
  type Depth,
  type Targets,
  type VerifyDraft,
} from "../../../lib/lessons/05-multi-token-prediction";
import { tinyConfig } from "../../../lib/model/config";
import { createModel } from "../../../lib/model/model";
import { useBackend } from "../../../lib/tensor/backend";
import { holdsTo } from "../support";

beforeAll(async () => {
  await useBackend();
});

describe("05-targets", () => {
  const inALoop: Targets = (ids, k) => {
    const rows: [number, number, number][] = [];
    for (let target = k + 1; target < ids.length; target++) rows.push([target - k - 1, ids[target - 1], ids[target]]);
    return rows;
  };
  holdsTo(targetsExercise, inALoop);

  it("has as many rows as the model's own module has predictions with a target", () => {
    const model = createModel(tinyConfig(), 1);
    const ids = [5, 6, 7, 8, 9];
    const predictions = tf.tidy(() => model.forwardMtp([ids]).shape[1]);
    expect(targetsExercise.reference(ids, 1)).toHaveLength(predictions - 1); // the last one's target is not in the text
    model.dispose();
  });
});

describe("05-combine", () => {
  const byChannels: Combine = (states, embeddings, { norm, enorm, hnorm }) => {
    const rms = (x: number[]) => Math.hypot(...x.map((value) => value / Math.sqrt(x.length)), 1e-3);
    return states.slice(1).map((_, i) => {
      const h = states[i].map((value, c) => (value / rms(states[i])) * norm[c]);
      const e = embeddings[i + 1];
      return [...e.map((value, c) => (value / rms(e)) * enorm[c]), ...h.map((value, c) => (value / rms(h)) * hnorm[c])];
    });
  };
  holdsTo(combineExercise, byChannels);
});

describe("05-verify", () => {
  const bySubtraction: VerifyDraft = (p, q, draft) => {
    const kept = p.map((value, v) => Math.min(value, q[v]));
    const missing = 1 - kept.reduce((a, b) => a + b);
    return {
      accept: q[draft] <= p[draft] ? 1 : p[draft] / q[draft],
      replacement: p.map((value, v) => (value - kept[v]) / missing),
    };
  };
  holdsTo(verifyExercise, bySubtraction);

  it("lets every token come out with the main model's probability", () => {
    for (const { args } of verifyExercise.cases) {
      const [p, q] = args as Parameters<VerifyDraft>;
      const answers = q.map((_, draft) => verifyExercise.reference(p, q, draft));
      const rejected = q.reduce((sum, value, v) => sum + (value === 0 ? 0 : value * (1 - answers[v].accept)), 0);
      p.forEach((value, v) => {
        const kept = q[v] === 0 ? 0 : q[v] * answers[v].accept;
        expect(kept + rejected * answers[0].replacement[v]).toBeCloseTo(value, 12);
      });
    }
  });
});

describe("05-expected", () => {
  const inALoop = (acceptance: number, drafts: number) => {
    let [tokens, chance] = [1, 1];
    for (let draft = 0; draft < drafts; draft++) tokens += chance *= acceptance;
    return tokens;
  };
  holdsTo(expectedExercise, inALoop);
});

describe("05-depth", () => {
  const downwards: Depth = ({ acceptance, draftCost, budget, most }) => {
    for (let k = most; k > 0; k--) {
      const tokens = Array.from({ length: k + 1 }, (_, i) => acceptance ** i).reduce((a, b) => a + b);
      if ((1 + k * (1 + draftCost)) / tokens <= budget) return k;
    }
    return 0;
  };
  holdsTo(depthExercise, downwards);

  it("rests on a cost that only grows with the drafts", () => {
    for (const { args } of depthExercise.cases) {
      const [task] = args as Parameters<Depth>;
      const costs = Array.from({ length: 9 }, (_, k) => flopsPerToken(task, k));
      expect(costs[0]).toBe(1);
      costs.slice(1).forEach((cost, i) => expect(cost).toBeGreaterThan(costs[i]));
    }
  });
});
