/** What all commands have in common. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { command, fromCaller, Mistakes, oneOf, readCall, readNumber, toCaller } from "../../tools/cli";
import { lastWords } from "../../tools/python";

const { argv } = process;

afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

/** Runs a command of this name; what it printed to stderr. */
async function told(run: (args: string[]) => void | Promise<void>, args: string[] = []): Promise<string[]> {
  const lines: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  await command("bake", "npm run bake", run)(args);
  return lines;
}

const failing = (error: unknown) => () => {
  throw error;
};

describe("what goes wrong in a command", () => {
  it("is one line with its name, and exit code 1", async () => {
    expect(await told(failing(new Error("no flour\nat the shop")))).toEqual(["bake: no flour"]);
    expect(process.exitCode).toBe(1);
  });

  it("is told in full where several things are wrong", async () => {
    expect(await told(failing(new Mistakes(["no flour", "no salt"])))).toEqual(["bake: no flour", "bake: no salt"]);
  });

  it("need not be an Error", async () => {
    expect(await told(async () => Promise.reject("burnt"))).toEqual(["bake: burnt"]);
    expect(await told(async () => Promise.reject(null))).toEqual(["bake: null"]);
  });

  it("of the system's is told in words, with the file", async () => {
    const file = path.join(__filename, "model");
    expect(await told(() => void mkdirSync(file, { recursive: true }))).toEqual([
      `bake: ${toCaller(file)}: a part of this path is a file, not a folder (ENOTDIR)`,
    ]);
    expect(await told(() => void readFileSync(__dirname))).toEqual(["bake: that is a folder, not a file (EISDIR)"]);
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    expect(await told(failing(full))).toEqual(["bake: the disk is full: free some space (ENOSPC)"]);
  });

  it("in Python is its last word, and not the way there", () => {
    const traceback = 'Traceback (most recent call last):\n  File "a.py", line 3, in run\nValueError: no flour\n';
    expect(lastWords(traceback)).toEqual(["ValueError: no flour"]);
    expect(lastWords(`${traceback}OSError: [Errno 28] No space left on device`)).toEqual([
      "the disk is full: free some space",
    ]);
    expect(lastWords("no flour\nno salt")).toEqual(["no flour", "no salt"]);
  });

  it("is nothing when the reader of its output has had enough", async () => {
    expect(await told(failing(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })))).toEqual([]);
    expect(process.exitCode).toBeUndefined();
  });
});

describe("--help", () => {
  it.each([["--help"], ["-h"]])("as %s prints the text and runs nothing", async (option) => {
    const written = ((_: string, done: () => void) => (done(), true)) as typeof process.stdout.write;
    const write = vi.spyOn(process.stdout, "write").mockImplementation(written);
    expect(await told(failing(new Error("it ran")), ["a", option])).toEqual([]);
    expect(write.mock.calls[0][0]).toBe("npm run bake\n");
  });

  it("behind -- is an argument like others", async () => {
    expect(await told((args) => failing(new Error(args.join()))(), ["--", "--help"])).toEqual(["bake: --,--help"]);
  });
});

describe("a call", () => {
  const options = { degrees: { type: "string" }, slow: { type: "boolean", default: false } } as const;

  it("may have negative numbers as values", () => {
    expect(readCall(["--degrees", "-5", "--slow"], options).values).toEqual({ degrees: "-5", slow: true });
    expect(readCall(["--degrees", "-.5"], options).values.degrees).toBe("-.5");
  });

  it("has other arguments only where they are wanted", () => {
    expect(readCall(["bread", "rolls"], options, { positionals: true }).positionals).toEqual(["bread", "rolls"]);
    expect(() => readCall(["bread"], options)).toThrow("bread");
  });

  it("refuses what is unknown and what lacks its value", () => {
    expect(() => readCall(["--degree", "5"], options)).toThrow("Unknown option '--degree'");
    expect(() => readCall(["--degrees"], options)).toThrow("--degrees");
    expect(() => readCall(["--degrees", "--slow"], options)).toThrow("--degrees");
  });
});

describe("a number", () => {
  it("is read, or undefined where none was given", () => {
    expect(readNumber("--n", "1e3")).toBe(1000);
    expect(readNumber("--n", undefined, { whole: true })).toBeUndefined();
    expect(readNumber("--n", "0", { least: 0 })).toBe(0);
  });

  it.each([
    ["many", {}, "a number"],
    ["", {}, "a number"],
    ["Infinity", {}, "a number"],
    ["1.5", { whole: true, least: 1 }, "a whole number, 1 or more"],
    ["0", { whole: true, least: 1 }, "a whole number, 1 or more"],
    ["1e17", { whole: true }, "a whole number"],
    ["0", { above: 0 }, "a number above 0"],
    ["61", { whole: true, least: 2, most: 60 }, "a whole number from 2 to 60"],
  ])('"%s" with the rule %j is refused', (text, rule, wanted) => {
    expect(() => readNumber("--n", text, rule)).toThrow(`--n is "${text}"; it must be ${wanted}`);
  });
});

it("a choice is one of those there are", () => {
  expect(oneOf("--oven", "gas", ["gas", "wood"])).toBe("gas");
  expect(() => oneOf("--oven", "sun", ["gas", "wood"])).toThrow('--oven is "sun"; it must be gas or wood');
});

describe("a path", () => {
  it("is meant from where npm was called, if npm runs this command", () => {
    process.argv = ["node", "tools/run.mjs", "bake"];
    vi.stubEnv("npm_lifecycle_event", "bake");
    vi.stubEnv("INIT_CWD", path.resolve("lib"));
    expect(fromCaller("model")).toBe(path.resolve("lib/model"));
    expect(toCaller(path.resolve("lib/model"))).toBe("model");
  });

  it("is meant from the working directory otherwise", () => {
    vi.stubEnv("npm_lifecycle_event", "another");
    vi.stubEnv("INIT_CWD", "/elsewhere");
    expect(fromCaller("lib")).toBe(path.resolve("lib"));
  });
});

it.skipIf(process.platform === "win32")("a reader that leaves early, as head does, is no failure", () => {
  const run = `"${process.execPath}" tools/run.mjs bench --help | true; exit \${PIPESTATUS[0]}`;
  const { status, stderr } = spawnSync("bash", ["-c", run], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});
