/** The recorded ablation: its files, what makes runs comparable, and that its table follows what was measured. */
import fs from "node:fs";
import path from "node:path";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { DOMAINS, type Domain } from "../../lib/corpus/corpus";
import { variantCounts, variantOf } from "../../lib/economics/variants";
import { readConfig, writeConfig } from "../../lib/checkpoint/config-json";
import type { AblationRun } from "../../lib/training/ablation-run";
import {
  ablationFile,
  ablationIndex,
  ablationRows,
  checkComparable,
  INDEX_FILE,
  RECORDED_ABLATION,
  recordedAblation,
} from "../../lib/training/ablation";
import { finalEvaluation } from "../../lib/training/compare-seeds";
import { PRESETS } from "../../lib/training/presets";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();
const json = (file: string) => JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, unknown>;
const recorded = recordedAblation();
const filesOf = (folder: string) => fs.readdirSync(folder).filter((file) => file !== INDEX_FILE);

/** The recorded runs, some of them changed. */
function planted(of: (run: AblationRun) => boolean, change: (run: AblationRun) => AblationRun): AblationRun[] {
  return recorded.map((run) => (of(run) ? change(run) : run));
}

/** A run that ends with that loss on every kind of text. */
function withLoss(run: AblationRun, bits: number): AblationRun {
  const bitsPerByte = Object.fromEntries(DOMAINS.map((domain) => [domain, bits])) as Record<Domain, number>;
  return { ...run, evaluations: [{ ...finalEvaluation(run), bitsPerByte }] };
}

const rowOf = (runs: AblationRun[], variant: string) =>
  ablationRows(runs, (run) => variantOf(run.variant).phrase).find((row) => row.variant === variant)!;

describe("data/ablation", () => {
  const schema = (name: string) => new Ajv({ allErrors: true }).compile(json(`data/schemas/${name}.schema.json`));

  it.each(filesOf(RECORDED_ABLATION))("%s fits its schema, and is named after what it holds", (file) => {
    const validate = schema("ablation-run");
    const run = json(path.join(RECORDED_ABLATION, file)) as unknown as AblationRun;
    validate(run);
    expect(validate.errors ?? []).toEqual([]);
    expect(ablationFile(run.variant, run.seed)).toBe(file);
    expect(run.run.options.seed).toBe(run.seed);
    const { title, change } = variantOf(run.variant);
    expect([run.title, run.change]).toEqual([title, change]);
  });

  it("has schemas that refuse a missing commit, a loss that is none, and a stray key", () => {
    const validate = schema("ablation-run");
    const [run] = recorded;
    expect(validate(run)).toBe(true);
    expect(validate({ ...run, run: { ...run.run, commit: "" } })).toBe(false);
    expect(validate({ ...run, note: "?" })).toBe(false);
    expect(validate(JSON.parse(JSON.stringify(withLoss(run, NaN))))).toBe(false);
    const validateIndex = schema("ablation-index");
    expect(validateIndex({ ...ablationIndex(recorded), runs: [] })).toBe(false);
  });

  it("has an index that lists every file, and says what the files say", () => {
    const validate = schema("ablation-index");
    const index = json(path.join(RECORDED_ABLATION, INDEX_FILE));
    validate(index);
    expect(validate.errors ?? []).toEqual([]);
    expect(index).toEqual(JSON.parse(JSON.stringify(ablationIndex(recorded))));
    expect(
      ablationIndex(recorded)
        .runs.map(({ file }) => file)
        .sort(),
    ).toEqual(filesOf(RECORDED_ABLATION).sort());
  });

  it("was made on a GPU, every variant with the same three seeds and more", () => {
    const rows = ablationRows(recorded);
    expect(rows.length).toBeGreaterThanOrEqual(9);
    for (const { seeds, missing } of rows) {
      expect(seeds).toEqual(rows[0].seeds);
      expect(seeds.length).toBeGreaterThanOrEqual(3);
      expect(missing).toEqual([]);
    }
    for (const { run } of recorded)
      expect(run.machine).toMatchObject({ backend: "webgpu", gpu: expect.stringMatching(/nvidia/i) });
  });

  it("counts what its configurations cost, and comes within half a step of the budget", () => {
    const { config } = PRESETS["v3-mini"];
    const layers = Number(recorded[0].run.config.num_hidden_layers);
    const base = { ...config, numHiddenLayers: layers };
    for (const { variant, costs, budgetFlops, run } of recorded) {
      expect(run.config).toEqual(writeConfig(variantOf(variant).config(base), "float32"));
      expect(() => readConfig(run.config)).not.toThrow();
      const { batch, length, steps } = run.options as Record<string, number>;
      expect(costs).toMatchObject(variantCounts(variant, base, length));
      expect(costs.tokens).toBe(steps * batch * length);
      expect(costs.flops).toBe(costs.tokens * costs.trainingFlopsPerToken);
      expect(Math.abs(costs.flops - budgetFlops)).toBeLessThanOrEqual(
        (costs.trainingFlopsPerToken * batch * length) / 2,
      );
    }
  });

  it("differs between seeds of a variant: a seed is no copy of another", () => {
    const losses = recorded.map((run) => JSON.stringify(finalEvaluation(run).bitsPerByte));
    expect(new Set(losses).size).toBe(losses.length);
  });
});

describe("a folder of runs", () => {
  function folderWith(files: Record<string, unknown>): string {
    const dir = newFolder();
    for (const [file, content] of Object.entries(files)) {
      fs.writeFileSync(path.join(dir, file), typeof content === "string" ? content : JSON.stringify(content));
    }
    return dir;
  }
  const two = recorded.filter(({ variant, seed }) => ["v3", "no-mtp"].includes(variant) && seed === 1);
  const asFiles = (runs: AblationRun[]) =>
    Object.fromEntries(runs.map((run) => [ablationFile(run.variant, run.seed), run]));

  it("is read in the order of its index", () => {
    const dir = folderWith({ ...asFiles(two), [INDEX_FILE]: ablationIndex([...two].reverse()) });
    expect(recordedAblation(dir)).toEqual([...two].reverse());
  });

  it("names in one line what is missing or damaged", () => {
    const index = { [INDEX_FILE]: ablationIndex(two) };
    const told = (files: Record<string, unknown>) => {
      try {
        recordedAblation(folderWith(files));
      } catch (error) {
        const { message } = error as Error;
        expect(message).not.toContain("\n");
        expect(message.length).toBeLessThan(300);
        return message;
      }
      return "nothing";
    };
    expect(told({})).toMatch(/index\.json: there is no such file/);
    expect(told({ [INDEX_FILE]: "{}" })).toMatch(/index\.json: it lists no runs/);
    expect(told({ ...index, ...asFiles(two.slice(0, 1)) })).toMatch(/no-mtp-seed-1\.json: there is no such file/);
    expect(told({ ...index, ...asFiles(two), "no-mtp-seed-1.json": "{}" })).toMatch(
      /no-mtp-seed-1\.json: it is no run of npm run ablation/,
    );
    expect(told({ ...index, ...asFiles(two), "no-mtp-seed-1.json": "{" })).toMatch(/no-mtp-seed-1\.json: not JSON/);
  });
});

describe("runs that cannot be compared", () => {
  const one = ({ variant, seed }: AblationRun) => variant === "no-shared" && seed === 2;
  const settings = (change: object) => (run: AblationRun) => ({ ...run, run: { ...run.run, ...change } });

  it.each<[string, (run: AblationRun) => AblationRun, RegExp]>([
    ["another corpus", settings({ corpus: "abc" }), /no-shared, seed 2 .*: its corpus is "abc", V3's is "[0-9a-f]{30}/],
    ["another commit", settings({ commit: "0123456" }), /its commit is "0123456", V3's is "[0-9a-f]{7}"/],
    ["another budget", (run) => ({ ...run, budgetFlops: 1e12 }), /its budget of FLOPs is 1000000000000, V3's is/],
    [
      "other held-out text",
      (run) => ({ ...run, heldOut: { ...run.heldOut, windows: 8 } }),
      /its held-out text is \{"windows":8,"length":256,"seed":1\}, V3's is \{"windows":64/,
    ],
    [
      "another learning rate",
      (run) => settings({ options: { ...run.run.options, learningRate: 0.1 } })(run),
      /its learning rate is 0\.1, V3's is 0\.002/,
    ],
    [
      "other steps than its other seeds",
      (run) => settings({ options: { ...run.run.options, steps: 7 } })(run),
      /no-shared, seed 2 .*its options is .*, seed 1's is/,
    ],
  ])("are refused, saying why: %s", (_, change, message) => {
    const runs = planted(one, change);
    expect(() => checkComparable(runs)).toThrow(message);
    expect(() => ablationRows(runs)).toThrow(message);
  });

  it("are refused where one is there twice, and where V3 itself is not there", () => {
    expect(() => ablationRows([...recorded, recorded[4]])).toThrow(`${recorded[4].variant}, seed`);
    expect(() => ablationRows(recorded.filter(({ variant }) => variant !== "v3"))).toThrow("no run of V3 itself");
  });
});

describe("the table", () => {
  it("has V3 first, without a difference to itself", () => {
    const rows = ablationRows([...recorded].reverse());
    expect(rows[0]).toMatchObject({ variant: "v3", loss: null });
    expect(rows.slice(1).every(({ loss }) => loss !== null)).toBe(true);
  });

  it("refuses to rank where a difference of zero is planted", () => {
    const v3 = new Map(recorded.filter(({ variant }) => variant === "v3").map((run) => [run.seed, run]));
    const same = planted(
      ({ variant }) => variant === "no-mtp",
      (run) => ({
        ...run,
        evaluations: v3.get(run.seed)!.evaluations,
      }),
    );
    const { loss } = rowOf(same, "no-mtp");
    expect(loss).toMatchObject({ order: "cannot tell", interval: { estimate: 0, low: 0, high: 0 } });
    expect(loss!.text).toMatch(/^Cannot tell whether the loss .* without multi-token prediction than with all of V3/);
  });

  it("withdraws the sentence of every variant where all losses are equal", () => {
    const flat = recorded.map((run) => withLoss(run, 2));
    for (const { loss } of ablationRows(flat).slice(1)) expect(loss!.order).toBe("cannot tell");
  });

  it("turns with the sign of a planted difference, in pairs of a seed whatever their order", () => {
    const base = [1.9, 2.1, 2.0]; // by seed; the spread of the seeds is larger than the difference
    const withDifference = (more: number) =>
      recorded
        .map((run) => withLoss(run, base[run.seed - 1] + (run.variant === "no-shared" ? more + 0.001 * run.seed : 0)))
        .reverse();
    expect(rowOf(withDifference(0.02), "no-shared").loss!.text).toMatch(
      /^The loss on held-out text is higher without a shared expert than with all of V3, by 0\.022 bits per byte .*3 pairs of seeds/,
    );
    expect(rowOf(withDifference(-0.02), "no-shared").loss!.order).toBe("lower");
  });

  it("names a seed that a variant lacks, and pairs those that are there", () => {
    const lacking = recorded.filter(({ variant, seed }) => !(variant === "multi-head" && seed === 2));
    const row = rowOf(lacking, "multi-head");
    expect([row.seeds, row.missing]).toEqual([[1, 3], [2]]);
    expect(row.loss!.interval.count).toBe(2);
    const none = planted(
      ({ variant }) => variant === "multi-head",
      (run) => ({ ...run, seed: run.seed + 10 }),
    );
    const renamed = none.map((run) => ({
      ...run,
      run: { ...run.run, options: { ...run.run.options, seed: run.seed } },
    }));
    expect(() => ablationRows(renamed)).toThrow(
      "multi-head has no seed in common with V3: it has 11, 12, 13, V3 has 1, 2, 3",
    );
  });

  it("ranks nothing by one seed", () => {
    const single = recorded.filter(({ seed }) => seed === 1);
    for (const { loss } of ablationRows(single).slice(1)) {
      expect(loss!.order).toBe("cannot tell");
      expect(loss!.text).toContain("one value: no interval");
    }
  });

  it("says the highest of the measured peaks", () => {
    const peaked = planted(
      ({ variant, seed }) => variant === "v3" && seed === 2,
      (run) => ({ ...run, costs: { ...run.costs, peakTensorBytes: 9e12 } }),
    );
    expect(rowOf(peaked, "v3").costs.peakTensorBytes).toBe(9e12);
  });
});
