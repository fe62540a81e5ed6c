import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  copyCounts,
  gpuLoads,
  packEvenly,
  placeExperts,
  replicate,
  slowdown,
} from "../../../lib/lessons/02-load-balancing/expert-placement";

/** The example in EPLB's README, with the placement that is printed there. */
const PUBLISHED = {
  cluster: { slots: 16, groups: 4, nodes: 2, gpus: 8 },
  layers: [
    {
      load: [90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86],
      placement: [5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1],
    },
    {
      load: [20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27],
      placement: [7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1],
    },
  ],
};

const loads = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 12, maxLength: 12 });

describe("placeExperts", () => {
  it.each(PUBLISHED.layers)("gives the published example: $placement", ({ load, placement }) => {
    expect(placeExperts(load, PUBLISHED.cluster)).toEqual(placement);
  });

  it("keeps a group on one node where the groups can be spread over the nodes", () => {
    fc.assert(
      fc.property(loads, (load) => {
        const placement = placeExperts(load, PUBLISHED.cluster);
        const groupsOn = (node: number) =>
          new Set(placement.slice(8 * node, 8 * node + 8).map((e) => Math.floor(e / 3)));
        expect([...groupsOn(0), ...groupsOn(1)].sort()).toEqual([0, 1, 2, 3]);
      }),
    );
  });

  it("ignores groups that cannot be spread", () => {
    const { load } = PUBLISHED.layers[0];
    const global = placeExperts(load, { slots: 16, gpus: 8 });
    expect(placeExperts(load, { slots: 16, gpus: 8, groups: 3, nodes: 2 })).toEqual(global);
    expect(slowdown(gpuLoads(load, global, 8))).toBeLessThan(
      slowdown(gpuLoads(load, PUBLISHED.layers[0].placement, 8)),
    );
  });

  it("places every expert at least once, and as many slots as there are", () => {
    fc.assert(
      fc.property(loads, fc.constantFrom(12, 16, 24), (load, slots) => {
        const placement = placeExperts(load, { slots, gpus: 4, nodes: 2, groups: 4 });
        expect(placement).toHaveLength(slots);
        expect(Math.min(...copyCounts(placement, 12))).toBeGreaterThanOrEqual(1);
        const tokens = gpuLoads(load, placement, 4).reduce((a, b) => a + b);
        expect(tokens).toBeCloseTo(
          load.reduce((a, b) => a + b),
          6,
        );
      }),
    );
  });

  it.each([
    [{ slots: 15, gpus: 8 }, "15 slots on 8 GPUs"],
    [{ slots: 8, gpus: 8 }, "8 slots are too few for 12 experts"],
    [{ slots: 16, gpus: 8, groups: 5 }, "12 experts in 5 groups"],
    [{ slots: 18, gpus: 3, groups: 2, nodes: 2 }, "3 GPUs on 2 nodes"],
  ])("says what cannot be shared out: %o", (cluster, message) => {
    expect(() => placeExperts(PUBLISHED.layers[0].load, cluster)).toThrow(message);
  });
});

describe("replicate", () => {
  it("gives each slot to the expert whose copies have the most to do", () => {
    expect(replicate([90, 50, 20], 6)).toEqual([0, 1, 2, 0, 1, 0]); // 90, then 50 before 45, then 45
  });

  it("leaves no copy with more than could be had: the heaviest of any other choice of counts is as heavy", () => {
    const heaviest = (load: number[], counts: number[]) => Math.max(...load.map((tokens, e) => tokens / counts[e]));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 3, maxLength: 3 }), (load) => {
        const greedy = heaviest(load, copyCounts(replicate(load, 7), 3));
        for (let a = 1; a <= 5; a++)
          for (let b = 1; a + b <= 6; b++) {
            expect(greedy).toBeLessThanOrEqual(heaviest(load, [a, b, 7 - a - b]) + 1e-9);
          }
      }),
    );
  });
});

describe("packEvenly", () => {
  it("takes the heaviest first and the lightest pack that has room", () => {
    expect(packEvenly([1, 9, 5, 4], 2)).toEqual([
      [1, 0],
      [2, 3],
    ]);
    expect(packEvenly([9, 1, 1, 1], 2)).toEqual([
      [0, 3],
      [1, 2],
    ]); // the light pack is full
  });
});

describe("slowdown", () => {
  it("is the busiest against the mean", () => {
    expect(slowdown([5, 5, 5])).toBe(1);
    expect(slowdown([10, 0])).toBe(2);
    expect(slowdown(gpuLoads([6, 2], [0, 1, 0, 1], 2))).toBe(1);
  });
});
