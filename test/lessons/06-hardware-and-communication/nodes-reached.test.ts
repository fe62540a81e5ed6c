import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { copiesBetweenNodes } from "../../../lib/economics/communication";
import { chooseWithin, nodesReached } from "../../../lib/lessons/06-hardware-and-communication";
import { DEEPSEEK_V3 } from "../../../lib/model/config";
import { selectExperts } from "../../../lib/model/router";
import { Random } from "../../../lib/tensor/random";

const E = DEEPSEEK_V3.nRoutedExperts;

describe("the nodes that a token reaches", () => {
  it("are those of the model's own router", () => {
    const random = new Random(7);
    const affinity = Array.from({ length: 40 }, () =>
      Array.from({ length: E }, () => Math.fround(1 / (1 + Math.exp(-random.normal())))),
    );
    const chosen = tf.tidy(
      () =>
        selectExperts(tf.tensor2d(affinity), tf.zeros([E]), {
          ...DEEPSEEK_V3,
          nGroup: 8,
          topkGroup: 3,
        }).expertIndices.arraySync() as number[][],
    );
    const sorted = (experts: number[]) => [...experts].sort((a, b) => a - b);
    expect(affinity.map((own) => sorted(chooseWithin(own, 8, 8, 3)))).toEqual(chosen.map(sorted));
  });

  it("fill V3's limit of four almost always, and are a little over five without one; one in eight is home", () => {
    const reached = nodesReached(DEEPSEEK_V3, { nodes: 8 });
    expect(reached[0]).toBe(1);
    expect(reached[3]).toBeCloseTo(3.96, 1);
    expect(reached[7]).toBeCloseTo(5.27, 1);
    expect(copiesBetweenNodes(reached[3], 8)).toBeCloseTo(3.47, 1);
    expect(copiesBetweenNodes(reached[7], 8)).toBeCloseTo(4.61, 1);
  });
});
