/** What is said of recorded runs follows them: another difference, another sentence, and none where there is only luck. */
import { describe, expect, it } from "vitest";
import { DOMAINS } from "../../lib/corpus/corpus";
import {
  bitsPerByteIn,
  busiestQuarter,
  compareSeeds,
  finalEvaluation,
  idleExperts,
  RUN_MEASURES,
  type RunMeasure,
} from "../../lib/training/compare-seeds";
import { recordedRun, recordedRuns, seedOf, type RecordedRun, type RecordedRunName } from "../../lib/training/record";

const NAMES: RecordedRunName[] = ["bias", "auxiliary", "none", "no-mtp"];
const BITS: RunMeasure[] = [RUN_MEASURES.bitsPerByte, ...DOMAINS.map(bitsPerByteIn)];

/** A run with that loss in every kind of text. */
function withBits(run: RecordedRun, bits: number, seed = seedOf(run)): RecordedRun {
  const bitsPerByte = Object.fromEntries(DOMAINS.map((domain) => [domain, bits])) as Record<
    (typeof DOMAINS)[number],
    number
  >;
  return {
    ...run,
    run: { ...run.run, options: { ...run.run.options, seed } },
    evaluations: [{ ...finalEvaluation(run), bitsPerByte }],
  };
}

/** Three seeds with those losses. */
const runsWith = (name: string, bits: number[]) => ({
  name,
  runs: bits.map((value, i) => withBits(recordedRun("bias"), value, i + 1)),
});

describe("the recorded runs", () => {
  it("are several seeds of each, the same of all", () => {
    const seeds = NAMES.map((name) => recordedRuns(name).map(seedOf));
    expect(seeds[0].length).toBeGreaterThanOrEqual(3);
    expect(new Set(seeds[0]).size).toBe(seeds[0].length);
    expect([...seeds[0]].sort((a, b) => a - b)).toEqual(seeds[0]);
    for (const other of seeds) expect(other).toEqual(seeds[0]);
  });

  it.each(NAMES)("differ between seeds of %s in nothing but the seed", (name) => {
    const [first, ...others] = recordedRuns(name);
    const settings = ({ run: { config, corpus, options } }: RecordedRun) => ({
      config,
      corpus,
      options: { ...options, seed: null },
    });
    for (const other of others) expect(settings(other)).toEqual(settings(first));
    for (const other of others)
      expect(finalEvaluation(other).bitsPerByte).not.toEqual(finalEvaluation(first).bitsPerByte);
    for (const other of others)
      expect(other.evaluations.map(({ step }) => step)).toEqual(first.evaluations.map(({ step }) => step));
  });

  it("have their provenance", () => {
    for (const { run } of NAMES.flatMap(recordedRuns)) {
      expect(run.command).toContain("npm run pretrain");
      expect(run.begun).toMatch(/^\d{4}-\d\d-\d\d/);
      expect(run.machine.gpu).toMatch(/nvidia/i);
    }
  });
});

describe("a comparison of runs", () => {
  it.each(BITS)("withdraws the sentence where a difference of zero is planted: $quantity", (measure) => {
    const runs = recordedRuns("bias");
    const same = compareSeeds({ name: "with", runs }, { name: "without", runs }, measure);
    expect(same.order).toBe("cannot tell");
    expect(same.text).toMatch(/^Cannot tell/);
    expect(same.interval.estimate).toBe(0);
  });

  it("withdraws it where seeds differ by more than the runs do", () => {
    const a = runsWith("with", [1.5, 1.7, 1.6]);
    expect(compareSeeds(a, runsWith("without", [1.6, 1.6, 1.7]), RUN_MEASURES.bitsPerByte).order).toBe("cannot tell");
  });

  it("turns with the sign of a planted difference, in pairs of a seed", () => {
    const a = runsWith("with", [1.5, 1.7, 1.6]);
    const above = compareSeeds(a, runsWith("without", [1.39, 1.6, 1.51]), RUN_MEASURES.bitsPerByte);
    const below = compareSeeds(a, runsWith("without", [1.61, 1.8, 1.69]), RUN_MEASURES.bitsPerByte);
    expect([above.order, below.order]).toEqual(["higher", "lower"]);
    expect(above.text).toContain("3 pairs of seeds");
  });

  it("pairs by seed, whatever the order, and leaves out a seed that one of both lacks", () => {
    const a = runsWith("with", [1.5, 1.7, 1.6]);
    const b = runsWith("without", [1.4, 1.6, 1.5, 9]);
    const backwards = { ...b, runs: [...b.runs].reverse() };
    const { interval } = compareSeeds(a, backwards, RUN_MEASURES.bitsPerByte);
    expect(interval.estimate).toBeCloseTo(0.1, 10);
    expect(interval.high - interval.low).toBeLessThan(1e-9);
    expect(interval.count).toBe(3);
  });

  it("ranks nothing by one training of each", () => {
    expect(compareSeeds(runsWith("a", [1]), runsWith("b", [2]), RUN_MEASURES.bitsPerByte).order).toBe("cannot tell");
  });
});

describe("loads", () => {
  it("are those of the main model's layers, not of the module", () => {
    const run = recordedRun("none");
    const even = run.evaluations.map((evaluation) => ({
      ...evaluation,
      loads: evaluation.loads.map((loads, router) => (run.routers[router] === "MTP" ? loads : loads.map(() => 7))),
    }));
    const measured = { ...run, evaluations: even };
    expect(RUN_MEASURES.maxVio.of(measured)).toBe(0);
    expect(RUN_MEASURES.idleShare.of(measured)).toBe(0);
    expect(RUN_MEASURES.busiestQuarter.of(measured)).toBe(0.25);
  });

  it("count who is idle, and what the busiest get", () => {
    expect(idleExperts([0, 1, 10, 29])).toBe(1); // a tenth of the mean is 1, and not less
    expect(busiestQuarter([0, 1, 10, 29])).toBe(29 / 40);
  });
});
