import { spawn } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { saveCheckpoint } from "../../lib/checkpoint/checkpoint";
import { tinyConfig } from "../../lib/model/config";
import { disposeWeights, initWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { expectClose } from "../support/close";
import { temporaryFolder } from "../support/folder";
import { callTogether, type Called } from "../support/together";

const root = path.join(__dirname, "..", "..");
const fixture = (name: string) => path.join(__dirname, "..", "fixtures", name);
const temporary = temporaryFolder();

/** Runs the command as npm would; the reader of its output starts only after that delay. */
function forward(args: string[], { readAfter = 0, cwd = root, env = {} } = {}): Promise<Called> {
  const child = spawn(process.execPath, [path.join(root, "tools", "run.mjs"), "forward", ...args], {
    cwd,
    env: { ...process.env, ...env },
  });
  return new Promise((done) => {
    const result: Called = { code: null, out: "", err: "" };
    setTimeout(() => child.stdout.on("data", (piece: Buffer) => (result.out += piece.toString())), readAfter);
    child.stderr.on("data", (piece: Buffer) => (result.err += piece.toString()));
    child.on("close", (code) => done({ ...result, code }));
  });
}

interface Expected {
  ids: number[][];
  positions: number[][] | null;
  logits: number[][][];
  router: { layer: number; experts: number[][][]; weights: number[][][] }[];
}
const expectedOf = (name: string) =>
  JSON.parse(readFileSync(path.join(fixture(name), "expected.json"), "utf8")) as Expected;
const rows = (numbers: number[][]) => numbers.map((row) => row.join()).join(";");

describe("npm run forward prints", () => {
  it.each(["wasm", "cpu"])("logits [batch][token][vocabulary] equal to the reference's on %s", async (backend) => {
    const { ids, logits } = expectedOf("one-group");
    const { code, out, err } = await forward([fixture("one-group"), "--ids", rows(ids), "--backend", backend]);
    expect([code, err]).toEqual([0, ""]);
    const printed = JSON.parse(out) as { logits: number[][][] };
    expect(Object.keys(printed)).toEqual(["logits"]);
    expect(printed.logits.map((row) => row.map((token) => token.length))).toEqual(
      logits.map((row) => row.map(() => 48)),
    );
    expectClose(printed.logits.flat(2), logits.flat(2));
  });

  it("the same for positions of the caller, with the experts of each layer and their weights", async () => {
    const { ids, positions, logits, router } = expectedOf("far-positions");
    const args = [
      fixture("far-positions"),
      "--ids",
      rows(ids),
      "--positions",
      rows(positions!),
      "--router",
      "--attention",
      "absorbed",
    ];
    const { code, out } = await forward(args);
    expect(code).toBe(0);
    const printed = JSON.parse(out) as Expected;
    expectClose(printed.logits.flat(2), logits.flat(2));
    expect(printed.router.map(({ layer, experts }) => ({ layer, experts }))).toEqual(
      router.map(({ layer, experts }) => ({ layer, experts })),
    );
    expectClose(
      printed.router.flatMap(({ weights }) => weights.flat(2)),
      router.flatMap(({ weights }) => weights.flat(2)),
    );
  });

  it("every digit of a float32", async () => {
    const { out } = await forward([fixture("one-group"), "--ids", "5,9,2"]);
    const { logits } = JSON.parse(out) as { logits: number[][][] };
    expect(logits.flat(2).every((value) => Math.fround(value) === value)).toBe(true);
  });

  it("an empty list of routers for a model without experts", async () => {
    await useBackend("cpu");
    const config = tinyConfig({ firstKDenseReplace: 3, numNextnPredictLayers: 0 });
    const weights = initWeights(config, 1);
    const dir = temporary();
    await saveCheckpoint(dir, config, weights, { dtype: "BF16" });
    disposeWeights(weights);
    expect((await forward([dir, "--ids", "1", "--router"])).out).toMatch(/"router":\[\]\}\n$/);
  });

  it("all of a long answer into a pipe that is read late", async () => {
    const tokens = 400; // of 160 logits: over a megabyte, far more than a pipe holds
    const dir = temporary();
    const { config } = JSON.parse(readFileSync(fixture("golden-a-group.json"), "utf8")) as { config: object };
    writeFileSync(path.join(dir, "config.json"), JSON.stringify(config));
    copyFileSync(fixture("golden-a-group.safetensors"), path.join(dir, "model.safetensors"));
    const { code, out } = await forward([dir, "--ids", Array.from({ length: tokens }, (_, i) => i % 160).join()], {
      readAfter: 3000,
    });
    expect(code).toBe(0);
    expect(out.length).toBeGreaterThan(1_000_000);
    const { logits } = JSON.parse(out) as { logits: number[][][] };
    expect([logits.length, logits[0].length, logits[0][399].length]).toEqual([1, tokens, 160]);
  });

  it("for a folder relative to where npm was called, and help when asked", async () => {
    const env = { npm_lifecycle_event: "forward", INIT_CWD: fixture("") };
    expect((await forward(["one-group", "--ids", "1"], { env })).code).toBe(0);
    const help = await forward(["--help"]);
    expect(help.code).toBe(0);
    expect(help.out).toContain("--positions");
  });
});

describe("npm run forward ends with exit code 1 and one line that names", () => {
  const model = fixture("one-group");
  let cutOff: string;
  let called: Called[];

  beforeAll(() => {
    cutOff = temporary();
    copyFileSync(path.join(model, "config.json"), path.join(cutOff, "config.json"));
    const bytes = readFileSync(path.join(model, "model.safetensors"));
    writeFileSync(path.join(cutOff, "model.safetensors"), bytes.subarray(0, bytes.length / 2));
    called = callTogether(
      "forward",
      CASES.map(([, args]) => (typeof args === "function" ? args() : args)),
    );
  });

  const CASES: [name: string, args: string[] | (() => string[]), message: RegExp][] = [
    [
      "an id outside the vocabulary and the range",
      [model, "--ids", "5,48"],
      /48 is not a token id; the vocabulary has ids 0 to 47/,
    ],
    ["a negative id", [model, "--ids", "-1,5"], /-1 is not a token id/],
    [
      "sequences of unequal length",
      [model, "--ids", "5,9;7"],
      /sequences must have equal lengths; one has 2 numbers, another 1/,
    ],
    ["what is not a number", [model, "--ids", "5,x"], /--ids: "x" is not a whole number/],
    ["a fraction", [model, "--ids", "1.5"], /--ids: "1.5" is not a whole number/],
    ["a trailing comma", [model, "--ids", "1,"], /--ids: "" is not a whole number/],
    ["empty ids", [model, "--ids", ""], /--ids is empty/],
    ["missing ids", [model], /--ids is missing/],
    ["positions of another shape", [model, "--ids", "1,2", "--positions", "0"], /positions must be one row of 2/],
    ["a negative position", [model, "--ids", "1", "--positions", "-3"], /--positions: -3 is not between 0 and/],
    ["an unknown option", [model, "--ids", "1", "--rooter"], /Unknown option '--rooter'/],
    [
      "an unknown backend",
      [model, "--ids", "1", "--backend", "gpu"],
      /--backend is "gpu"; it must be auto or wasm or cpu/,
    ],
    ["a missing folder argument", ["--ids", "1"], /give one model folder; got none/],
    ["a second folder", [model, "other", "--ids", "1"], /give one model folder; got .* and other/],
    ["a folder that is not there", ["nowhere", "--ids", "1"], /nowhere: there is no such folder/],
    ["a folder without config.json", [fixture("generate"), "--ids", "1"], /config\.json: there is no such file/],
    [
      "a file that is cut off, and the tensor",
      () => [cutOff, "--ids", "1"],
      /model\.safetensors: cut off: tensor \S+ needs \d+ bytes, \d+ are there/,
    ],
  ];

  it.each(CASES.map(([name, , message], i) => [name, message, i] as const))("%s", (_, message, i) => {
    const { code, out, err } = called[i];
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect([code, out]).toEqual([1, ""]);
  });
});
