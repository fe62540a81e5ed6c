/** npm run ablation: what it plans, trains, takes up again and gathers, and what it says of calls that cannot be. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import Ajv from "ajv";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { variantCounts } from "../../lib/economics/variants";
import { PRESETS } from "../../lib/training/presets";
import { ablationIndex, INDEX_FILE, recordedAblation, ablationRows } from "../../lib/training/ablation";
import type { AblationRun } from "../../lib/training/ablation-run";
import { main } from "../../tools/commands/ablation";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();

/** Runs the command in this process. */
async function call(...args: string[]): Promise<{ code: unknown; said: string[]; errors: string[] }> {
  const [said, errors]: string[][] = [[], []];
  const spies = [
    vi.spyOn(console, "log").mockImplementation((line: string) => void said.push(line)),
    vi.spyOn(console, "error").mockImplementation((line: string) => void errors.push(line)),
    vi.spyOn(process.stdout, "write").mockImplementation((text) => (said.push(String(text)), true)),
  ];
  const before = process.exitCode;
  try {
    await main(args);
    return { code: process.exitCode, said, errors };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = before;
  }
}

const runIn = (dir: string, file: string) =>
  JSON.parse(readFileSync(path.join(dir, file), "utf8")) as unknown as AblationRun;
const files = (dir: string) => readdirSync(dir).sort();

/** So small that a run takes seconds: two layers, one of them with experts. */
const TINY = [
  ...["--preset", "v3-micro", "--layers", "2", "--steps", "2", "--batch", "1", "--length", "16"],
  ...["--windows", "1", "--evaluations", "1", "--backend", "wasm"],
];

describe("--plan", () => {
  it("says each variant's steps and costs, and makes nothing", async () => {
    const out = newFolder("never");
    const { code, said, errors } = await call("--plan", "--out", out);
    expect([code, errors]).toEqual([undefined, []]);
    const lines = said.join("\n");
    expect(lines).toMatch(
      /^budget: [\d.]+ TFLOPs a run, V3's for 400 steps of 48 × 256 tokens; 9 variants, seeds 1, 2, 3/,
    );
    for (const { variant, run, costs } of recordedAblation()) {
      const flops = (costs.trainingFlopsPerToken / 1e6).toFixed(2);
      expect(lines).toContain(`  ${variant}: ${String(run.options.steps)} steps, `);
      expect(lines).toContain(`${flops} MFLOPs a token`);
    }
    expect(() => files(out)).toThrow();
  });

  it("gives the module's FLOPs to steps where there is no module", async () => {
    const { said } = await call("--plan", "--preset", "v3-micro", "--steps", "1000", "--only", "v3,no-mtp");
    const of = (id: string) => variantCounts(id, PRESETS["v3-micro"].config, 128).trainingFlopsPerToken;
    const steps = Math.round((1000 * of("v3")) / of("no-mtp"));
    expect(steps).toBeGreaterThan(1000);
    expect(said.join("\n")).toContain(`no-mtp: ${steps.toLocaleString("en-GB")} steps, `);
  });
});

describe("a call that cannot be ends with exit code 1 and one line", () => {
  it.each<[string[], RegExp]>([
    [["--only", "v4"], /^ablation: there is no variant "v4"; there are v3, dense-active/],
    [["--only", "v3,v3"], /^ablation: --only is "v3,v3"; v3 is there twice$/],
    [["--seeds", "1,"], /^ablation: --seeds is "1,"; give names with a comma/],
    [["--seeds", "-1"], /^ablation: .*--seeds/],
    [["--steps", "0"], /^ablation: --steps is "0"; it must be a whole number/],
    [["--steps", "many"], /^ablation: --steps is "many"; it must be/],
    [["--preset", "v3-large"], /^ablation: --preset .*v3-mini/],
    [["--layers", "1"], /^ablation: --layers is 1; the first is dense, so that V3 needs 2 or more$/],
    [["--length", "100000"], /^ablation: --length is 100000; the model has \d+ positions$/],
    [["--lr", "0"], /^ablation: --lr is "0"; it must be a number above 0$/],
    [["--backend", "cuda"], /^ablation: --backend/],
    [["--colour"], /^ablation: .*--colour/],
    [["--corpus", "nowhere", ...TINY], /^ablation: .*nowhere/],
    [["--from", "nowhere"], /^ablation: there is no folder nowhere$/],
    [["--from", "test"], /^ablation: --from: test has no runs$/],
  ])("%j", async (args, message) => {
    const { code, errors } = await call(...args, "--out", newFolder("out"));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(message);
    expect(errors[0]).not.toContain("\n");
    expect(code).toBe(1);
  });
});

describe("a run of some steps", () => {
  let out: string;
  beforeAll(async () => {
    out = newFolder("runs");
    const { errors } = await call(...TINY, "--only", "v3,multi-head", "--seeds", "1", "--commit", "abc", "--out", out);
    expect(errors).toEqual([]);
  }, 300_000);

  it("records each variant in a file that fits the schema, with where it comes from", () => {
    expect(files(out)).toEqual([INDEX_FILE, "multi-head-seed-1.json", "v3-seed-1.json"]);
    const schema = (name: string) =>
      new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync(`data/schemas/${name}.schema.json`, "utf8")));
    const fits = schema("ablation-run");
    for (const file of ["multi-head-seed-1.json", "v3-seed-1.json"]) {
      const run = runIn(out, file);
      fits(run);
      expect(fits.errors ?? []).toEqual([]);
      expect(run.run).toMatchObject({ commit: "abc", machine: { backend: "wasm", gpu: null } });
      expect(run.run.command).toContain("npm run ablation -- --preset v3-micro");
      expect(run.costs.peakTensorBytes).toBeGreaterThan(
        4 * (run.costs.parameters.total + run.costs.mtpParameters.total),
      );
    }
    expect(schema("ablation-index")(JSON.parse(readFileSync(path.join(out, INDEX_FILE), "utf8")))).toBe(true);
    expect(ablationRows(recordedAblation(out)).map(({ variant }) => variant)).toEqual(["v3", "multi-head"]);
  });

  it("is not made again, and goes on where a run is missing, to the same numbers", async () => {
    const before = runIn(out, "v3-seed-1.json");
    const again = await call(...TINY, "--only", "v3,multi-head", "--seeds", "1", "--commit", "abc", "--out", out);
    expect(again.said.filter((line) => line.includes("is there already"))).toHaveLength(2);
    rmSync(path.join(out, "v3-seed-1.json"));
    const rest = await call(...TINY, "--only", "v3,multi-head", "--seeds", "1", "--commit", "abc", "--out", out);
    expect(rest.said.join("\n")).toMatch(/multi-head, seed 1 \(2 of 2\): is there already/);
    const after = runIn(out, "v3-seed-1.json");
    expect(after.evaluations).toEqual(before.evaluations);
    expect(after.costs).toEqual(before.costs);
    const more = await call(...TINY, "--only", "v3", "--seeds", "1,2", "--commit", "abc", "--out", out);
    expect(more.said.join("\n")).toMatch(
      /v3, seed 1 \(1 of 2\): is there already[\s\S]*v3, seed 2 \(2 of 2\): .*bits per byte/,
    );
    expect(recordedAblation(out).map(({ variant, seed }) => `${variant} ${seed}`)).toEqual([
      "v3 1",
      "v3 2",
      "multi-head 1",
    ]);
    rmSync(path.join(out, "v3-seed-2.json"));
  }, 300_000);

  it("is left alone by a call with other options: before anything is trained, the file is named", async () => {
    const before = readFileSync(path.join(out, "v3-seed-1.json"), "utf8");
    const other = [...TINY, "--only", "multi-head,v3", "--seeds", "1,2", "--lr", "0.5", "--out", out];
    const { code, errors, said } = await call(...other);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(
      /multi-head-seed-1\.json is a run with other options or another corpus: name another --out$/,
    );
    expect(code).toBe(1);
    expect(said.join("\n")).not.toContain("bits per byte");
    expect(readFileSync(path.join(out, "v3-seed-1.json"), "utf8")).toBe(before);
  });

  it("says what becomes of a loss that is no number", async () => {
    const { code, errors } = await call(
      ...TINY,
      "--only",
      "v3",
      "--seeds",
      "3",
      "--lr",
      "1e30",
      "--out",
      newFolder("wild"),
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^ablation: v3, seed 3: the loss is \S+ at step \d+; try a lower --lr$/);
    expect(code).toBe(1);
  }, 300_000);

  it("is gathered from several folders, and refused where two hold the same run", async () => {
    const [a, b, all] = [newFolder("a"), newFolder("b"), newFolder("all")];
    for (const [dir, file] of [
      [a, "v3-seed-1.json"],
      [b, "multi-head-seed-1.json"],
    ]) {
      mkdirSync(dir);
      copyFileSync(path.join(out, file), path.join(dir, file));
    }
    const { said, errors } = await call("--from", `${a},${b}`, "--out", all);
    expect(errors).toEqual([]);
    expect(said.join("\n")).toContain("has 2 runs and index.json");
    expect(runIn(all, "v3-seed-1.json")).toEqual(runIn(out, "v3-seed-1.json"));
    const index = JSON.parse(readFileSync(path.join(all, INDEX_FILE), "utf8")) as unknown;
    expect(index).toEqual(JSON.parse(JSON.stringify(ablationIndex(recordedAblation(all)))));
    copyFileSync(path.join(out, "v3-seed-1.json"), path.join(b, "v3-seed-1.json"));
    const twice = newFolder("twice");
    const refused = await call("--from", `${a},${b}`, "--out", twice);
    expect(refused.errors).toHaveLength(1);
    expect(refused.errors[0]).toMatch(/^ablation: --from: v3-seed-1\.json is in .* and in .*; keep one$/);
    expect(refused.code).toBe(1);
    expect(files(twice)).toEqual([]);
  });

  it("that is damaged is named when it is gathered", async () => {
    const dir = newFolder("damaged");
    mkdirSync(dir);
    writeFileSync(path.join(dir, "v3-seed-1.json"), "{");
    const { code, errors } = await call("--from", dir, "--out", newFolder("out"));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/v3-seed-1\.json: not JSON/);
    expect(code).toBe(1);
  });
});
