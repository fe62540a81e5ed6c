import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decode } from "../../lib/inference/decode";
import { saveCheckpoint } from "../../lib/checkpoint/checkpoint";
import { useBackend } from "../../lib/tensor/backend";
import { bytesOf, textOf, VOCAB_SIZE } from "../../lib/corpus/bytes";
import { PART_NAMES, saveParts } from "../../lib/lessons/09-build-it";
import { solutionOf } from "../lessons/09-build-it/solutions";
import { temporaryFolder } from "../support/folder";
import { callTogether, type Called } from "../support/together";
import { idsOf, lively } from "../inference/support";

const root = path.join(__dirname, "..", "..");
const temporary = temporaryFolder();

/** Runs the command as npm would. `after` is called with what has come so far, at each piece. */
function generate(args: string[], after: (out: string, group: number) => void = () => {}, env = {}): Promise<Called> {
  const child = spawn(process.execPath, [path.join(root, "tools", "run.mjs"), "generate", ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true, // a group of its own, as a terminal gives it: Ctrl-C reaches all of the group
  });
  return new Promise((done) => {
    const pieces: Buffer[] = [];
    const result: Called = { code: null, out: "", err: "" };
    child.stdout.on("data", (piece: Buffer) => {
      pieces.push(piece);
      result.out = Buffer.concat(pieces).toString();
      after(result.out, child.pid!);
    });
    child.stderr.on("data", (piece: Buffer) => (result.err += piece.toString()));
    child.on("close", (code) => done({ ...result, code }));
  });
}

/** A small model whose tokens are bytes, in a folder. */
let folder: string;
/** What it says greedily after a prompt, by the library. */
let expected: (prompt: string, tokens: number) => Promise<string>;
beforeAll(async () => {
  await useBackend("wasm");
  const model = lively({ vocabSize: VOCAB_SIZE, maxPositionEmbeddings: 20_000 });
  folder = temporary("model");
  await saveCheckpoint(folder, model.config, model.weights, { dtype: "F32" });
  expected = async (prompt, tokens) =>
    textOf(await idsOf(decode(model, [256, ...bytesOf(prompt)], { temperature: 0, tokens, stop: 256 })));
});

const here = () => ["--model", folder, "--prompt", "a"];

/** A module whose part does nothing wrong. */
function nothing(): string {
  const file = path.join(temporary(), "my-model.ts");
  fs.writeFileSync(file, "export const parts = { block: () => 0 };\n");
  return file;
}

describe("npm run generate", () => {
  it("writes what the library decodes, and tells its speed on stderr", async () => {
    const { code, out, err } = await generate([
      "--model",
      folder,
      "--prompt",
      "Zürich",
      "--tokens",
      "40",
      "--temperature",
      "0",
    ]);
    expect(code).toBe(0);
    expect(out).toBe(`${await expected("Zürich", 40)}\n`);
    expect(err).toMatch(/^\d+ tokens, \d+ tokens\/s\n$/);
  });

  it("writes the same with drafts, and tells how many were accepted", async () => {
    const args = ["--model", folder, "--prompt", "Zürich", "--tokens", "40", "--temperature", "0", "--speculative"];
    const { code, out, err } = await generate(args);
    expect([code, out]).toEqual([0, `${await expected("Zürich", 40)}\n`]);
    expect(err).toMatch(/^\d+ tokens, \d+ tokens\/s; \d+ of \d+ drafts accepted \(\d+%\), \d\.\d\d tokens a step\n$/);
  });

  it("draws the same for the same seed", async () => {
    const args = ["--model", folder, "--prompt", "a", "--tokens", "30", "--top-k", "8", "--top-p", "0.9"];
    const [one, again, other] = await Promise.all(["4", "4", "5"].map((seed) => generate([...args, "--seed", seed])));
    expect(again.out).toBe(one.out);
    expect(other.out).not.toBe(one.out);
  });

  it("takes a path from where npm was called", async () => {
    const env = { npm_lifecycle_event: "generate", INIT_CWD: path.dirname(folder) };
    const { code } = await generate(
      ["--model", path.basename(folder), "--prompt", "a", "--tokens", "2"],
      () => {},
      env,
    );
    expect(code).toBe(0);
  });

  it("writes with the parts of a module", async () => {
    const file = path.join(temporary(), "my-model.ts");
    fs.writeFileSync(
      file,
      "const only = (id: number) => (logits: ArrayLike<number>): number[] => Array.from(logits, (_, v) => (v === id ? 1 : 0));\n" +
        "export const parts = { distribution: only(65) };\n",
    );
    const { code, out } = await generate(["--model", folder, "--prompt", "a", "--tokens", "4", "--parts", file]);
    expect([code, out]).toEqual([0, "AAAA\n"]);
  });

  it("writes with the lesson's solutions what the library writes, drafts included", async () => {
    const file = path.join(root, ".cache", `my-model-${process.pid}.ts`);
    try {
      saveParts(PART_NAMES, { file, sourceOf: solutionOf });
      const args = ["--model", folder, "--prompt", "Zürich", "--tokens", "40", "--temperature", "0", "--speculative"];
      const { code, out, err } = await generate([...args, "--parts", file]);
      expect([code, out]).toEqual([0, `${await expected("Zürich", 40)}\n`]);
      expect(err).toContain("drafts accepted");
    } finally {
      fs.rmSync(file, { force: true });
    }
  });

  it("prints help", async () => {
    const { code, out, err } = await generate(["--help"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("usage: npm run --silent generate -- --model DIR --prompt TEXT");
  });

  it("ends cleanly at Ctrl-C: what was written stays, and the speed is told", async () => {
    let interrupted = false;
    const stopAtOnce = (out: string, group: number) => {
      if (interrupted || out.length < 20) return;
      interrupted = true;
      process.kill(-group, "SIGINT");
    };
    const args = ["--model", folder, "--prompt", "a", "--tokens", "15000", "--temperature", "1"];
    const { code, out, err } = await generate(args, stopAtOnce);
    expect(interrupted).toBe(true);
    expect(code).toBe(130);
    expect(out.endsWith("\n")).toBe(true);
    expect(err).toMatch(/^\d+ tokens, \d+ tokens\/s\n$/);
  });
});

const MODULES: [name: string, text: string | null, message: string][] = [
  ["that is not there", null, "no such file; lesson 09 saves one"],
  ["without parts", "export const other = 1;", 'it exports no record "parts"'],
  ["with no part in it", "export const parts = {};", 'its record "parts" is empty'],
  ["with a part that no model has", "export const parts = { norm: () => 0 };", 'a model has no part "norm"'],
  ["with a part that is no function", "export const parts = { block: 3 };", "block is no function"],
  ["that does not compile", "\nexport const parts = {{;", 'my-model.ts: line 2: Expected identifier but found "{"'],
  ["that throws", 'throw new Error("not today");', "my-model.ts: not today"],
  ["whose part throws", "export const parts = { block: () => lost() };", "ReferenceError: lost is not defined"],
];

const CALLS: [name: string, args: () => string[], message: string][] = [
  ["no model", () => ["--prompt", "a"], "--model is missing"],
  ["no prompt", () => ["--model", folder], "--prompt is missing"],
  ["an unknown option", () => [...here(), "--nonsense"], "'--nonsense'"],
  ["a stray word", () => [...here(), "nonsense"], "nonsense"],
  [
    "a folder that is not there",
    () => ["--model", "data/nowhere", "--prompt", "a"],
    "data/nowhere: there is no such folder",
  ],
  ["a model with another vocabulary", () => ["--model", "test/fixtures/one-group", "--prompt", "a"], "has 48 tokens"],
  ["a number that is none", () => [...here(), "--tokens", "many"], '--tokens is "many"; it must be a number'],
  ["half a token", () => [...here(), "--tokens", "1.5"], "tokens is 1.5"],
  ["too many tokens", () => [...here(), "--tokens", "30000"], "30000 tokens are too many, 19998 fit"],
  ["a negative temperature", () => [...here(), "--temperature", "-1"], "temperature is -1"],
  ["a top-p beyond 1", () => [...here(), "--top-p", "1.5"], "top-p is 1.5"],
  ["a top-k of 0", () => [...here(), "--top-k", "0"], "top-k is 0"],
  ["a seed with a fraction", () => [...here(), "--seed", "0.5"], "seed is 0.5"],
  [
    "parts for the engine without tensors",
    () => [...here(), "--engine", "wasm", "--parts", nothing()],
    "use the tensor",
  ],
  ["a backend that there is not", () => [...here(), "--backend", "abacus"], '--backend is "abacus"'],
];

describe("npm run generate answers with one line and exit code 1", () => {
  let modules: Called[];
  let calls: Called[];
  beforeAll(() => {
    const withModule = MODULES.map(([, text]) => {
      const file = path.join(temporary(), "my-model.ts");
      if (text !== null) fs.writeFileSync(file, `${text}\n`);
      return [...here(), "--parts", file];
    });
    const called = callTogether("generate", [...withModule, ...CALLS.map(([, args]) => args())]);
    modules = called.slice(0, MODULES.length);
    calls = called.slice(MODULES.length);
  });

  function expectLine({ code, err }: Called, message: string): void {
    expect(code).toBe(1);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).toContain("generate: ");
    expect(err).toContain(message);
  }

  it.each(MODULES.map(([name, , message], i) => [name, message, i] as const))("a module %s", (_, message, i) => {
    expectLine(modules[i], message);
  });

  it.each(CALLS.map(([name, , message], i) => [name, message, i] as const))("%s", (_, message, i) => {
    expectLine(calls[i], message);
    expect(calls[i].out).toBe("");
  });
});
