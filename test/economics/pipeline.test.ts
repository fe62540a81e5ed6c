import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BUBBLE_FORMULAS,
  play,
  type ChunkTimes,
  type PipelineSchedule,
  type PipelineStep,
} from "../../lib/economics/pipeline";
import { METHODS, scheduleOf, type Method } from "../../lib/economics/pipeline-schedules";

/** Both halves of a backward as long as a forward, as in the report's figure 5; F&B is free. */
const times = (overlapped = 3): ChunkTimes => ({ forward: 1, backward: 2, weights: 1, overlapped });
const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const longest = (method: Method, ranks: number, microBatches: number, t: ChunkTimes) =>
  Math.max(...play(scheduleOf(method, ranks, microBatches), t).bubbles);

describe.each(METHODS)("%s", (method) => {
  it.each([
    [8, 20],
    [8, 64],
    [16, 32],
    [16, 120],
  ])("has the published bubble with %i ranks and %i micro-batches", (ranks, microBatches) => {
    for (const overlapped of [2, 2.5, 3]) {
      const t = times(overlapped);
      expect(longest(method, ranks, microBatches, t)).toBeCloseTo(BUBBLE_FORMULAS[method](ranks, t), 9);
    }
  });

  it("keeps as many activations as published, however many micro-batches there are", () => {
    const published = { "1F1B": (PP: number) => PP, ZB1P: (PP: number) => PP, DualPipe: (PP: number) => PP + 1 };
    for (const [ranks, microBatches] of [
      [8, 20],
      [8, 64],
      [16, 40],
    ]) {
      const { activations } = play(scheduleOf(method, ranks, microBatches), times());
      expect(Math.max(...activations)).toBe(published[method](ranks));
    }
  });

  it("does every forward and every backward of every micro-batch on every rank exactly once", () => {
    const [ranks, microBatches] = [6, 16];
    for (const own of scheduleOf(method, ranks, microBatches)) {
      const name = ({ direction, id }: { direction: number; id: number }) => `${direction}.${id}`;
      const forwards = own.filter(({ kind }) => kind === "F" || kind === "F&B").map(({ chunk }) => name(chunk));
      const inputs = own.flatMap((step) => {
        if (step.kind === "F&B") return [name(step.backward)];
        return step.kind === "B" || step.kind === "I" ? [name(step.chunk)] : [];
      });
      const split = own.filter(({ kind }) => kind === "I").map(({ chunk }) => name(chunk));
      const weights = own.filter(({ kind }) => kind === "W").map(({ chunk }) => name(chunk));
      expect(new Set(forwards).size).toBe(microBatches);
      expect([...forwards].sort()).toEqual([...inputs].sort());
      expect([...weights].sort()).toEqual([...split].sort());
    }
  });

  it("never lets a rank do two things at once, nor anything before what it needs", () => {
    const { steps } = play(scheduleOf(method, 4, 12), { forward: 1, backward: 2.3, weights: 0.9, overlapped: 2.8 });
    for (const rank of [0, 1, 2, 3]) {
      const own = steps.filter((step) => step.rank === rank).sort((a, b) => a.start - b.start);
      own.slice(1).forEach((step, i) => expect(step.start).toBeGreaterThanOrEqual(own[i].end - 1e-9));
    }
    // Direction 0: a forward on rank 2 starts after the same micro-batch's forward on rank 1 has ended.
    const forwards = (rank: number) => {
      const own = steps.filter((step) => step.rank === rank && /F/.test(step.kind) && step.chunk.direction === 0);
      return new Map(own.map((step) => [step.chunk.id, step]));
    };
    for (const [id, step] of forwards(2)) expect(step.start).toBeGreaterThanOrEqual(forwards(1).get(id)!.end - 1e-9);
  });
});

describe("where the two halves of a backward differ from a forward", () => {
  it("1F1B and ZB1P keep their formulas; DualPipe's bubble is at most what the formula says", () => {
    fc.assert(
      fc.property(between(1, 1.5), between(0.5, 1), (I, W) => {
        const t = { forward: 1, backward: I + W, weights: W, overlapped: 1 + I + W };
        for (const method of ["1F1B", "ZB1P"] as const)
          expect(longest(method, 8, 24, t)).toBeCloseTo(BUBBLE_FORMULAS[method](8, t), 6);
        expect(longest("DualPipe", 8, 24, t)).toBeLessThanOrEqual(BUBBLE_FORMULAS.DualPipe(8, t) + 1e-9);
      }),
      { seed: 3, numRuns: 30 },
    );
  });
});

describe("a schedule that can't be played", () => {
  it("is refused with what each rank waits for", () => {
    const chunk = { direction: 0, id: 0 } as const;
    const swapped: PipelineSchedule = [
      [
        { kind: "B", chunk },
        { kind: "F", chunk },
      ] as PipelineStep[],
      [{ kind: "F", chunk }],
    ];
    expect(() => play(swapped, times())).toThrow("rank 0 at B of 0, rank 1 at F of 0");
  });

  it("names what is wrong with the numbers", () => {
    expect(() => scheduleOf("1F1B", 8, 4)).toThrow("8 ranks need at least 8 micro-batches");
    expect(() => scheduleOf("DualPipe", 8, 14)).toThrow("8 ranks need at least 16 micro-batches");
    expect(() => scheduleOf("DualPipe", 7, 20)).toThrow("must be even, got 7 and 20");
    expect(() => scheduleOf("ZB1P", 2.5, 20)).toThrow("ranks must be a whole number, got 2.5");
  });
});
