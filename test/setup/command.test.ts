import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT, Sandbox } from "./sandbox";

/** The commands of tools/run.mjs with their files, read off its text. */
function listed(): Map<string, string> {
  const text = fs.readFileSync(path.join(ROOT, "tools", "run.mjs"), "utf8");
  return new Map([...text.matchAll(/^ {2}"?([\w-]+)"?: \{ file: "([^"]+)"/gm)].map(([, name, file]) => [name, file]));
}

describe("the commands that tools/run.mjs lists", () => {
  it("are files that are there", () => {
    const files = [...listed().values()];
    expect(files.length).toBeGreaterThan(15);
    expect(files.filter((file) => !fs.existsSync(path.join(ROOT, "tools", file)))).toEqual([]);
  });

  it("are the scripts of package.json by the same names, but for what a hub runs", () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const run = Object.entries(scripts).filter(([, script]) => script.includes("tools/run.mjs"));
    for (const [name, script] of run) expect(script).toBe(`node tools/run.mjs ${name}`);
    expect(run.map(([name]) => name).sort()).toEqual([...listed().keys()].filter((name) => name !== "home").sort());
  });
});

describe.skipIf(process.platform === "win32")("a command", () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox();
  });
  afterEach(() => box.remove());

  it("that is not there is answered with those that are", async () => {
    const { code, stderr } = await box.run("constructor");
    expect(stderr).toMatch(/^node tools\/run\.mjs COMMAND …: the commands are start, setup, reset, .*bench\.\n$/);
    expect(code).toBe(1);
  });

  it("in TypeScript sets up first what it needs, with its Python packages, and runs with its arguments", async () => {
    await box.run("lesson");
    const rerun = "tools/setup/requirements/rerun.txt";
    expect(box.takeCalls()).toEqual(["npm ci", "python venv", `python pip requirements.txt ${rerun}`]); // no tests' tools
    box.write("node_modules/tsx/package.json", "{}");
    box.write("node_modules/tsx/cjs.js", "");
    const lesson = "exports.main = (args) => { console.log(args.join()); process.exitCode = 7; };";
    box.write("tools/course/rerun/lesson.ts", lesson);
    expect(await box.run("lesson", ["07", "--list"])).toEqual({ code: 7, stdout: "07,--list\n", stderr: "" });
    expect(box.takeCalls()).toEqual([]);
  });

  it("of those who change the course brings what it needs, saying so, and runs with its arguments", async () => {
    const first = await box.run("typecheck", ["--noEmit"]);
    expect(first.stdout).toContain("npm packages: installing what package-lock.json lists, with what tests and builds");
    expect(box.takeCalls()).toEqual(["npm ci with tests", "python venv", "python pip requirements.txt"]);
    box.write("node_modules/typescript/bin/tsc", "console.log(process.argv.slice(2).join()); process.exit(3);");
    const second = await box.run("typecheck", ["--noEmit"]);
    expect([second.code, second.stdout.split("\n").at(-2)]).toEqual([3, "-p,.,--noEmit"]);
    expect(box.takeCalls()).toEqual([]);
  });

  it("in TypeScript names an option of Node with which it can't run", async () => {
    const env = { NODE_OPTIONS: "--frozen-intrinsics --no-warnings", npm_lifecycle_event: "forward" };
    const { code, stderr } = await box.run("forward", [], env);
    const line = "NODE_OPTIONS holds --frozen-intrinsics, with which the course can't run: unset it, then run npm run";
    expect([code, stderr]).toEqual([1, `${line} forward again.\n`]);
  });

  it("in TypeScript says what to do where nothing is set up", async () => {
    const { code, stderr } = await box.run("forward", [], { npm_lifecycle_event: "forward" });
    const line = "The course is not set up yet: run npm run setup, then run npm run forward again.\n";
    expect([code, stderr]).toEqual([1, line]);
  });

  it("that only sets up takes lists that are there, and starts nothing", async () => {
    expect((await box.run("setup", ["--with", "dev"])).code).toBe(0);
    expect(box.takeCalls()).toEqual([
      "npm ci",
      "python venv",
      "python pip requirements.txt tools/setup/requirements/dev.txt",
    ]);
    await box.run("setup", ["--with", "tests,dev"]);
    expect(box.takeCalls()).toEqual(["npm ci with tests"]);
    const unknown = await box.run("setup", ["--with", "dev,nothing"]);
    expect([unknown.code, unknown.stderr]).toEqual([1, "There is no tools/setup/requirements/nothing.txt.\n"]);
    const word = await box.run("setup", ["dev"]);
    expect([word.code, word.stderr]).toEqual([1, 'npm run setup takes no "dev": the lists stand behind --with.\n']);
  });

  it("of the set-up does its work though nobody reads what it says", async () => {
    const { child, finished } = box.start("setup");
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect((await finished).code).toBe(0);
    expect(box.has(".venv/share/jupyter/kernels/tslab/kernel.json")).toBe(true);
  });

  it("makes a person's folder where a hub shares one course", async () => {
    const folder = path.join(box.home, "course");
    const { code, stdout } = await box.run("home", [folder]);
    expect([code, stdout]).toEqual([0, "2 copied to work/\n"]);
    expect(fs.readdirSync(path.join(folder, "work")).sort()).toContain("00-start-here.ipynb");
    expect(fs.realpathSync(path.join(folder, "notebooks"))).toBe(fs.realpathSync(path.join(box.root, "notebooks")));
  });
});
