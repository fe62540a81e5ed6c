import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeConfig } from "../../lib/checkpoint/config-json";
import { tinyConfig } from "../../lib/model/config";
import { loadCheckpoint } from "../../lib/checkpoint/checkpoint";
import { disposeWeights } from "../../lib/model/weights";
import { VOCAB_SIZE } from "../../lib/corpus/bytes";
import { DOMAINS, sha256, SPLITS, streamFile } from "../../lib/corpus/corpus";
import { temporaryFolder } from "../support/folder";
import { callTogether, type Called } from "../support/together";
import { readArguments } from "../../tools/commands/pretrain/arguments";
import { npmCommand } from "../../tools/setup/programs.mjs";
import type { Curves, RunRecord } from "../../lib/training/record";
import { CONFIG, streams } from "../training/support";

const PROJECT = path.join(__dirname, "..", "..");
const folder = temporaryFolder();

/** A corpus of some thousand tokens, as npm run corpus would write it. */
function writeCorpus(): string {
  const dir = folder("corpus");
  mkdirSync(dir);
  const tokens = { train: streams(1, 3000), heldOut: streams(50, 300) };
  const files = SPLITS.flatMap((split) =>
    DOMAINS.map((domain) => {
      const file = streamFile(domain, split);
      const bytes = new Uint8Array(tokens[split][domain].buffer);
      writeFileSync(path.join(dir, file), bytes);
      return { file, domain, split, tokens: bytes.length / 2, sha256: sha256(bytes) };
    }),
  );
  writeFileSync(path.join(dir, "manifest.json"), JSON.stringify({ hash: "corpus-1", sources: [], files }));
  return dir;
}

/** The model of the other tests, with a vocabulary for bytes, as a config.json. */
function writeModel(overrides = {}): string {
  const file = folder("config.json");
  const config = tinyConfig({ ...CONFIG, vocabSize: VOCAB_SIZE });
  writeFileSync(file, JSON.stringify({ ...writeConfig(config, "bfloat16"), ...overrides }));
  return file;
}

const corpus = writeCorpus();
const SMALL = ["--config", writeModel(), "--corpus", corpus, "--batch", "2", "--length", "12", "--backend", "wasm"];
const COMMAND = [path.join("tools", "run.mjs"), "pretrain"];

function pretrain(...args: string[]) {
  return spawnSync(process.execPath, [...COMMAND, ...args], { cwd: PROJECT, encoding: "utf8" });
}

const curvesOf = (out: string) => JSON.parse(readFileSync(path.join(out, "curves.json"), "utf8")) as Curves;

/** What must be equal in two runs of equal steps: all but the speed. */
const withoutSpeed = ({ reports, ...rest }: Curves) => ({
  ...rest,
  reports: reports.map((report) => ({ ...report, tokensPerSecond: 0 })),
});

const WRONG_CALLS: [args: string[], message: string][] = [
  [["--steps", "many"], '--steps is "many"'],
  [["--gamma", "-1"], '--gamma is "-1"; it must be a number, 0 or more'],
  [["--fast"], "--fast"],
  [["--corpus", "nowhere"], `there is no corpus in ${path.join(PROJECT, "nowhere")}: npm run corpus builds it`],
];

describe("npm run pretrain", () => {
  let wrongCalled: Called[];
  beforeAll(() => {
    wrongCalled = callTogether(
      "pretrain",
      WRONG_CALLS.map(([args]) => args),
    );
  });

  it("prints its options", () => {
    const { status, stdout } = pretrain("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("--balance     bias (DeepSeek-V3's way), auxiliary (the classic loss) or none");
  });

  it.each([
    [["--preset", "v3"], '--preset is "v3"; it must be v3-mini or v3-micro'],
    [["--steps", "0"], '--steps is "0"; it must be a whole number, 1 or more'],
    [["--minutes", "soon"], '--minutes is "soon"; it must be a number above 0'],
    [["--steps", "5", "--tokens", "9"], "--steps, --tokens and --minutes: give one of them"],
    [["--gamma=-1"], '--gamma is "-1"; it must be a number, 0 or more'],
    [["--balance", "even"], '--balance is "even"; it must be bias or auxiliary or none'],
    [["--batch", "2.5"], '--batch is "2.5"; it must be a whole number, 1 or more'],
    [["--length", "513"], "--length is 513; the model has 512 positions"],
    [["--threads", "3", "--batch", "2"], "--threads is 3; a step has 2 sequences to share (--batch)"],
    [["--threads", "2", "--balance", "auxiliary"], "the auxiliary loss counts over a whole batch"],
    [["--config", "nowhere.json"], "nowhere.json: there is no such file"],
    [["--config", writeModel({ vocab_size: 256 })], "vocab_size is 256; bytes and marks need 260"],
    [["--config", writeModel({ first_k_dense_replace: 3 })], "first_k_dense_replace leaves no sparse layer"],
    [["--config", writeModel({ num_nextn_predict_layers: 2 })], "num_nextn_predict_layers is 2; at most 1 is trained"],
  ])("names what is wrong with %j", (args, message) => {
    expect(() => readArguments(args)).toThrow(message);
  });

  it.each(WRONG_CALLS)("answers %j with one line and exit code 1", (args, message) => {
    const { code, err } = wrongCalled[WRONG_CALLS.findIndex(([wrong]) => wrong === args)];
    expect(code).toBe(1);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).toContain("pretrain: ");
    expect(err).toContain(message);
  });

  it("trains, evaluates, and leaves curves and a model in the released layout", () => {
    const out = folder("run");
    const { status, stderr, stdout } = pretrain(...SMALL, "--steps", "25", "--eval-every", "10", "--out", out);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toContain("25 steps of 2 × 12 tokens, 600 in all");
    const { routers, reports, evaluations, loads } = curvesOf(out);
    expect(routers).toEqual(["layer 1", "layer 2", "MTP"]);
    expect(reports.map(({ step, tokens }) => [step, tokens])).toEqual([
      [10, 240],
      [20, 480],
      [25, 600],
    ]);
    expect(reports[0].maxVio).toHaveLength(3);
    expect(evaluations.map(({ step }) => step)).toEqual([10, 20, 25]);
    expect(evaluations[2].bitsPerByte.code).toBeLessThan(evaluations[0].bitsPerByte.code);
    expect(loads!.speeches.map((row) => row.length)).toEqual([16, 16, 16]);
    expect(readdirSync(out).sort()).toEqual(["curves.json", "model", "run.json", "state-25"]);
    const { config, weights } = loadCheckpoint(path.join(out, "model"));
    expect(config.numNextnPredictLayers).toBe(1);
    disposeWeights(weights);
  });

  it("trains with two threads as with one", () => {
    const [one, two] = [folder("one"), folder("two")];
    for (const [out, threads] of [
      [one, "1"],
      [two, "2"],
    ]) {
      const { status, stderr } = pretrain(...SMALL, "--steps", "10", "--threads", threads, "--out", out);
      expect([status, stderr]).toEqual([0, ""]);
    }
    const [alone, shared] = [one, two].map((out) => curvesOf(out).reports[0]);
    expect(shared.main).toBeCloseTo(alone.main, 4);
    expect(shared.maxVio).toEqual(alone.maxVio);
  });

  it("measures the speed where it is given minutes", () => {
    const out = folder("run");
    const { status, stdout } = pretrain(...SMALL, "--minutes", "0.02", "--no-mtp", "--out", out);
    expect(status).toBe(0);
    expect(stdout).toMatch(/measured [\d,]+ tokens a second: 0.02 minutes are [\d,]+ steps?/);
    expect(curvesOf(out).reports.every(({ mtp }) => mtp === null)).toBe(true);
  });

  it("saves when interrupted, exits with 130, and the same command goes on as if nothing had happened", async () => {
    const [straight, stopped] = [folder("straight"), folder("stopped")];
    const args = [...SMALL, "--steps", "60", "--save-every", "20", "--eval-every", "100"];
    expect(pretrain(...args, "--out", straight).status).toBe(0);
    const { code, stdout } = await interruptedRun([...args, "--out", stopped]);
    expect(code).toBe(130);
    const [, made] = /interrupted; (\d+) of 60 steps are saved. The same command goes on from there/.exec(stdout)!;
    expect(Number(made)).toBeLessThan(60);
    expect(existsSync(path.join(stopped, `state-${made}`))).toBe(true);
    const rest = pretrain(...args, "--out", stopped);
    expect(rest.stdout).toContain(`${made} of 60 steps are made`);
    expect(withoutSpeed(curvesOf(stopped))).toEqual(withoutSpeed(curvesOf(straight)));
    expect(readFileSync(path.join(stopped, "state-60", "tensors.safetensors"))).toEqual(
      readFileSync(path.join(straight, "state-60", "tensors.safetensors")),
    );
  });

  it.skipIf(process.platform === "win32")(
    "saves when Ctrl-C comes through npm, to all processes of the terminal at once",
    async () => {
      const out = folder("npm");
      const args = [...SMALL, "--steps", "60", "--save-every", "1000", "--eval-every", "1000", "--out", out];
      const [npm, first] = npmCommand();
      const { code, stdout } = await interruptedRun(args, [npm, ...first, "run", "--silent", "pretrain", "--"]);
      expect([130, null]).toContain(code); // npm ends itself by the signal
      expect(stdout).toContain("stopping: this step is finished and saved first");
      const [, made] = /interrupted; (\d+) of 60 steps are saved/.exec(stdout)!;
      expect(readdirSync(out).sort()).toEqual(["curves.json", "run.json", `state-${made}`]);
    },
  );

  it("extends a finished run, saying what that does to the learning rate", () => {
    const out = folder("run");
    const args = [...SMALL, "--out", out];
    pretrain(...args, "--steps", "10");
    const { status, stdout } = pretrain(...args, "--steps", "20");
    expect(status).toBe(0);
    expect(stdout).toContain("10 of 20 steps are made");
    expect(stdout).toContain(
      "extended from 10 to 20 steps: from here on the learning rate is that of a run of 20 steps.",
    );
    expect(stdout).toContain("It was 21% of its peak and goes on at 100%");
    expect(curvesOf(out).reports.map(({ step }) => step)).toEqual([10, 20]);
    const record = JSON.parse(readFileSync(path.join(out, "run.json"), "utf8")) as RunRecord;
    expect(record.options.steps).toBe(20);
    expect(record.command).toMatch(/--steps 10, then npm run pretrain -- .*--steps 20$/);
  });

  it("does not go on with another run's state", () => {
    const out = folder("run");
    const args = [...SMALL, "--out", out];
    pretrain(...args, "--steps", "2");
    const other = pretrain(...args, "--steps", "2", "--lr", "0.5");
    expect(other.status).toBe(1);
    expect(other.stderr).toContain("learningRate is 0.003 there, 0.5 now");
    expect(pretrain(...args).stdout).toContain("2 of 2 steps are made"); // no budget: the saved run's
  });
});

/** Starts the command in a process group of its own, as a terminal does, and presses Ctrl-C once it has reported a step. */
async function interruptedRun(
  args: string[],
  [program, ...first] = [process.execPath, ...COMMAND],
): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(program, [...first, ...args], { cwd: PROJECT, detached: true });
  let stdout = "";
  let pressed = false;
  child.stdout.on("data", (text: Buffer) => {
    stdout += text;
    if (!pressed && /step \d+ of 60/.test(stdout)) {
      pressed = true;
      process.kill(-child.pid!, "SIGINT");
      setTimeout(() => child.kill("SIGINT"), 100); // npm passes on what the terminal has sent already
    }
    if (/interrupted; /.test(stdout)) child.kill("SIGINT"); // or later
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout };
}
