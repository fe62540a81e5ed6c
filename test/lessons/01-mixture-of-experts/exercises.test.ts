import { beforeAll, describe, expect, it } from "vitest";
import { activeParameters } from "../../../lib/economics/parameters";
import { combinations } from "../../../lib/economics/routing";
import {
  countExercise,
  coverageExercise,
  designExercise,
  gateExercise,
  selectExercise,
  V3_BUDGET,
  V3_DESIGN,
  type Design,
  type DesignLayer,
  type Gate,
  type Select,
} from "../../../lib/lessons/01-mixture-of-experts";
import { useBackend } from "../../../lib/tensor/backend";
import { holdsTo, silently } from "../support";

beforeAll(async () => {
  await useBackend();
});

describe("01-gate", () => {
  const inOneLoop: Gate = (logits, bias, k, scale) => {
    const s = logits.map((x) => 0.5 * (1 + Math.tanh(x / 2))); // the sigmoid in another form
    const gates = new Array<number>(s.length).fill(0);
    const ranked = s.map((affinity, e) => ({ e, z: affinity + bias[e] })).sort((a, b) => b.z - a.z);
    for (const { e } of ranked.slice(0, k)) gates[e] = s[e];
    const sum = gates.reduce((a, b) => a + b);
    return gates.map((gate) => (gate / sum) * scale);
  };
  holdsTo(gateExercise, inOneLoop);
});

describe("01-select", () => {
  const group = (scores: number[], e: number, groups: number) => Math.floor((e * groups) / scores.length);
  const inAnyOrder: Select = (biased, groups, kept, k) => {
    const size = biased.length / groups;
    const score = (g: number) => {
      const [best, second] = biased.slice(g * size, (g + 1) * size).sort((a, b) => b - a);
      return best + second;
    };
    const stay = Array.from({ length: groups }, (_, g) => g)
      .sort((a, b) => score(b) - score(a))
      .slice(0, kept);
    const candidates = biased.map((z, e) => ({ z, e })).filter(({ e }) => stay.includes(group(biased, e, groups)));
    return candidates
      .sort((a, b) => b.z - a.z)
      .slice(0, k)
      .map(({ e }) => e); // best first, not ascending
  };
  holdsTo(selectExercise, inAnyOrder);
});

describe("01-count", () => {
  holdsTo(
    countExercise,
    (config) => activeParameters(config, { head: true, embedding: true }) - config.vocabSize * config.hiddenSize,
  );

  it("accepts an answer that leaves out the norms", async () => {
    const norms = (layers: number, D: number) => (2 * layers + 1) * D;
    const answer: typeof countExercise.reference = (config) =>
      activeParameters(config, { head: true, embedding: false }) - norms(config.numHiddenLayers, config.hiddenSize);
    expect((await silently(countExercise, answer)).passed).toBe(true);
  });
});

describe("01-coverage", () => {
  /** Token by token: of what was left out so far, K/E is touched. */
  const tokenByToken = (E: number, K: number, B: number) => {
    let leftOut = 1;
    for (let token = 0; token < B; token++) leftOut -= (leftOut * K) / E;
    return 1 - leftOut;
  };
  holdsTo(coverageExercise, tokenByToken);
});

describe("01-design", () => {
  const bySearch: DesignLayer = (budget) => {
    let [best, sets] = [V3_DESIGN, 0n];
    for (let activeExperts = 1; activeExperts <= budget.copies; activeExperts++) {
      const perChannel = 3 * budget.hiddenSize;
      const channels = Math.floor(budget.active / perChannel / (activeExperts + 1) / budget.tile);
      const width = channels * budget.tile;
      const experts = Math.floor(budget.total / perChannel / width) - 1;
      const found = combinations(experts, activeExperts);
      if (found > sets) [best, sets] = [{ experts, activeExperts, width }, found];
    }
    return best;
  };
  holdsTo(designExercise, bySearch);

  it("finds V3's own choice within V3's budget", () => {
    expect(designExercise.reference(V3_BUDGET)).toEqual(V3_DESIGN);
  });

  const always =
    (design: Design): DesignLayer =>
    () =>
      design;
  it.each([
    ["too dear", { ...V3_DESIGN, experts: 300 }, "117% of the total budget"],
    ["too cheap", { ...V3_DESIGN, activeExperts: 4 }, "56% of the active budget"],
    ["not on the grid", { ...V3_DESIGN, width: 2000 }, "no multiple of the tile 128"],
    ["half an expert", { ...V3_DESIGN, experts: 255.5 }, "must be a whole number"],
    ["beyond the network", { ...V3_DESIGN, activeExperts: 9 }, "carries a token to 8 at most"],
  ])("says which limit a design breaks: %s", async (_, design, message) => {
    expect((await silently(designExercise, always(design))).message).toContain(message);
  });
});
