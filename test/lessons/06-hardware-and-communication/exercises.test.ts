import { describe, expect, it } from "vitest";
import { sharedSeconds } from "../../../lib/economics/communication";
import { play } from "../../../lib/economics/pipeline";
import { scheduleOf } from "../../../lib/economics/pipeline-schedules";
import {
  balanceExercise,
  bubbleExercise,
  intensityExercise,
  trafficExercise,
  V3_JOB,
  type BubbleShare,
  type Intensity,
  type SetAside,
  type TokenBytes,
} from "../../../lib/lessons/06-hardware-and-communication";
import { holdsTo, silently } from "../support";

describe("06-intensity", () => {
  /** By halves: time of the bytes over time of the FLOPs on a chip with one of each a second. */
  const inverseOfInverse: Intensity = (m, k, n, bytes) => {
    const perRow = bytes.input / (2 * n) + bytes.output / (2 * k);
    return 1 / (perRow + bytes.weights / (2 * m));
  };
  holdsTo(intensityExercise, inverseOfInverse);
});

describe("06-bubble", () => {
  const byCases: BubbleShare = (method, ranks, microBatches, { F, B, W }) => {
    const stages = method === "DualPipe" ? ranks / 2 - 1 : ranks - 1;
    const perStage = { "1F1B": F + B, ZB1P: F + B - W - W, DualPipe: F + B + B - 3 * W }[method];
    return 1 - (microBatches * (F + B)) / (stages * perStage + microBatches * (F + B));
  };
  holdsTo(bubbleExercise, byCases);

  it("agrees with the simulated timelines", () => {
    for (const method of ["1F1B", "ZB1P", "DualPipe"] as const) {
      const { bubbles, duration } = play(scheduleOf(method, 8, 20), {
        forward: 1,
        backward: 2,
        weights: 1,
        overlapped: 3,
      });
      const share = bubbleExercise.reference(method, 8, 20, { F: 1, B: 2, W: 1 });
      expect(Math.max(...bubbles) / duration).toBeCloseTo(share, 9);
    }
  });
});

describe("06-traffic", () => {
  const inOneLoop: TokenBytes = (hiddenSize, experts, expertsPerNode, home) => {
    const seen: boolean[] = [];
    let interNode = 0;
    for (const expert of experts) {
      const node = (expert - (expert % expertsPerNode)) / expertsPerNode;
      if (node !== home && !seen[node]) interNode += hiddenSize + 2 * hiddenSize;
      seen[node] = true;
    }
    return { interNode, intraNode: experts.length * hiddenSize * 3 };
  };
  holdsTo(trafficExercise, inOneLoop);
});

describe("06-balance", () => {
  /** The last count at which the exchange is still the longer one, or the next. */
  const byCrossing: SetAside = (job) => {
    const exchange = (n: number) => job.bytes / Math.min(job.bandwidth, n * job.perMultiprocessor);
    const arithmetic = (n: number) => (job.arithmetic * job.multiprocessors) / (job.multiprocessors - n);
    let n = 1;
    while (exchange(n) > arithmetic(n) && exchange(n + 1) < exchange(n)) n++;
    return sharedSeconds(job, n - 1) < sharedSeconds(job, n) ? n - 1 : n;
  };
  holdsTo(balanceExercise, byCrossing);

  it("finds no more than V3's own 20 for V3's forward, and 20 if every token went to four other nodes", () => {
    expect(balanceExercise.reference(V3_JOB)).toBe(17);
    expect(balanceExercise.reference({ ...V3_JOB, bytes: 4 * 4096 * 3 * 7168 })).toBe(20);
  });

  it.each([
    [() => 0, "a whole number from 1 to 131"],
    [() => 19.5, "a whole number from 1 to 131"],
    [() => 60, "is possible"],
  ])("says what is wrong with %o", async (answer, message) => {
    expect((await silently(balanceExercise, answer)).message).toContain(message);
  });
});
