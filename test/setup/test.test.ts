import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXTRA_STEPS, STEPS } from "../../tools/setup/test-steps.mjs";
import { isAlive, Sandbox, type Outcome } from "./sandbox";

describe.skipIf(process.platform === "win32")("npm test", () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox();
  });
  afterEach(() => box.remove());

  const lastLine = ({ stdout }: Outcome): string | undefined => stdout.trimEnd().split("\n").at(-1);

  /** Programs in node_modules that pass: linter, formatter, compiler, vitest with two tests, the notebook check with three. */
  function stubs(): void {
    const vitest = {
      numPassedTests: 2,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [{ status: "passed", assertionResults: [{ status: "passed" }, { status: "passed" }] }],
    };
    box.write("node_modules/eslint/bin/eslint.js", "");
    box.write("node_modules/prettier/bin/prettier.cjs", "");
    box.write("node_modules/typescript/bin/tsc", "");
    box.write(
      "node_modules/vitest/vitest.mjs",
      `
      import fs from "node:fs"; import path from "node:path";
      const file = process.argv.find((one) => one.startsWith("--outputFile.json=")).split("=")[1];
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, ${JSON.stringify(JSON.stringify(vitest))});`,
    );
    box.write("node_modules/tsx/package.json", "{}");
    box.write("node_modules/tsx/cjs.js", "");
    box.write("node_modules/tsx/dist/cli.mjs", 'console.log(\'RESULT {"passed":3,"failed":0}\');');
    box.write("tools/course/build/chromium.ts", "module.exports.findChromium = () => {};");
  }

  it("sets up with what only testing needs, and counts every step that can't run as failed", async () => {
    const outcome = await box.run("test");
    const calls = box.takeCalls();
    expect(calls).toContain("python pip requirements.txt tools/setup/requirements/dev.txt");
    expect(calls).toContain("npm ci with tests");
    expect(lastLine(outcome)).toBe(`0 passed, ${STEPS.length - EXTRA_STEPS.length} failed`);
    expect(outcome.code).toBe(1);
  });

  it("installs what an extra step needs only when it is asked for", async () => {
    await box.run("test", ["--only", "lint", "--teaching"]);
    const lists = ["dev", "rerun", "deploy"].map((name) => `tools/setup/requirements/${name}.txt`);
    expect(box.takeCalls()).toContain(`python pip requirements.txt ${lists.join(" ")}`);
  });

  it("adds up the steps' tests on its last line", async () => {
    await box.run("test", ["--only", "lint"]);
    stubs();
    const outcome = await box.run("test");
    expect(lastLine(outcome)).toBe("18 passed, 0 failed");
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).not.toContain("\x1b");
  });

  it("fails with one failed step", async () => {
    await box.run("test", ["--only", "lint"]);
    stubs();
    box.write("node_modules/typescript/bin/tsc", "process.exit(2);");
    const outcome = await box.run("test", ["--only", "lint,types,setup"]);
    expect(lastLine(outcome)).toBe("3 passed, 1 failed");
    expect(outcome.code).toBe(1);
  });

  it("says at its end once more which tests failed", async () => {
    await box.run("test", ["--only", "lint"]);
    stubs();
    box.write(
      "node_modules/tsx/dist/cli.mjs",
      'console.log(\'✘ a notebook runs\\n    the kernel died\\n✔ another\\nRESULT {"passed":1,"failed":1}\');',
    );
    const outcome = await box.run("test", ["--only", "lint,notebooks"]);
    expect(outcome.stdout.split("Failed\n")[1]).toBe(
      "✘ notebooks  a notebook runs\n    the kernel died\n\n2 passed, 1 failed\n",
    );
  });

  describe("with two lanes", () => {
    const LINT = "node_modules/eslint/bin/eslint.js";
    const TYPES = "node_modules/typescript/bin/tsc";

    beforeEach(async () => {
      await box.run("test", ["--only", "lint"]);
      stubs();
    });

    it("runs steps beside each other, adds up all, and shows each in one piece", async () => {
      // The linter ends only once the tests of lib have begun, and these only once the linter has said something.
      const until = (file: string) =>
        `const fs = await import("node:fs"); while (!fs.existsSync(${JSON.stringify(file)})) await new Promise((r) => setTimeout(r, 20));`;
      const [lint, unit] = ["lint", "unit"].map((name) => path.join(box.base, name));
      const stub = box.read("node_modules/vitest/vitest.mjs");
      box.write("node_modules/eslint/package.json", '{ "type": "module" }');
      box.write(
        LINT,
        `console.log("one"); ${until(unit)} console.error("two"); fs.writeFileSync(${JSON.stringify(lint)}, "");`,
      );
      box.write(
        "node_modules/vitest/vitest.mjs",
        `${stub}\nconsole.log("first"); fs.writeFileSync(${JSON.stringify(unit)}, "");\n{ ${until(lint).replace(/^.*?; /, "")} }\nconsole.log("last");`,
      );
      const { stdout, stderr, code } = await box.run("test", ["--lanes", "2"]);
      expect(stdout).toMatch(/^… lint begins\n… unit begins\n/m);
      expect(stdout).toMatch(/^== lint: .*\none\ntwo\nlint +1 passed, 0 failed/m);
      expect(stdout).toMatch(/^== unit: .*\nfirst\nlast\nfirst\nlast\nunit +4 passed, 0 failed/m);
      const sums = stdout.trimEnd().split("\n").slice(-11, -2);
      expect(sums.map((line) => line.split(" ")[0])).toEqual(
        STEPS.map(({ name }) => name).filter((name) => !EXTRA_STEPS.includes(name)),
      );
      expect([stdout.trimEnd().split("\n").at(-1), stderr, code]).toEqual(["18 passed, 0 failed", "", 0]);
    });

    it("shows a failed step whole, goes on, and fails", async () => {
      box.write(TYPES, 'console.log("lib/x.ts:1"); console.error("is no number"); process.exitCode = 2;');
      const outcome = await box.run("test", ["--lanes=2"]);
      expect(outcome.stdout).toMatch(/^== types: .*\nlib\/x\.ts:1\nis no number\ntypes +0 passed, 1 failed/m);
      expect(lastLine(outcome)).toBe("17 passed, 1 failed");
      expect(outcome.code).toBe(1);
    });

    it.each(["1", "2"])("ends with all that it started when it is stopped (--lanes %s)", async (lanes) => {
      const pids = path.join(box.base, "pids");
      // Programs that hang, with one that they have started.
      const hang = `const { spawn } = require("node:child_process");
        const child = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"]);
        require("node:fs").appendFileSync(${JSON.stringify(pids)}, \`\${process.pid} \${child.pid} \`);
        setInterval(() => {}, 1000);`;
      box.write(LINT, hang);
      box.write(TYPES, hang);
      const running = box.start("test", ["--only", "lint,types", "--lanes", lanes]);
      const started = () => (fs.existsSync(pids) ? fs.readFileSync(pids, "utf8").trim().split(" ").map(Number) : []);
      await expect.poll(() => started().length).toBe(lanes === "1" ? 2 : 4);
      running.child.kill("SIGINT");
      running.child.kill("SIGINT"); // npm passes on what the terminal has sent already
      const { code, stdout, stderr } = await running.finished;
      expect([code, stderr]).toEqual([130, "\nStopped: ending what runs …\n"]);
      expect(stdout).not.toMatch(/passed/);
      await expect.poll(() => started().filter(isAlive)).toEqual([]); // once the system has buried them
    });
  });

  describe("on a machine without a browser", () => {
    /** A way to find none. The set-up's own part of it, which npm's fake serves, stays. */
    const without = (line: string) =>
      box.write(
        "tools/course/build/chromium.ts",
        `module.exports.findChromium = () => { throw new Error(${JSON.stringify(line)}); };`,
      );

    beforeEach(async () => {
      await box.run("test", ["--only", "lint"]);
      stubs();
      without("No Chromium found: install it.");
      box.takeCalls();
    });

    it("brings one, saying so, and runs the step", async () => {
      if (process.platform !== "linux" || process.arch !== "x64") return;
      const outcome = await box.run("test", ["--only", "browser"]);
      expect(box.takeCalls()).toEqual(["npm install"]);
      expect(outcome.stdout).toContain("no Chromium found: installing one, 68 MB to download");
      expect(lastLine(outcome)).toBe("2 passed, 0 failed");
      const [folder] = fs.readdirSync(path.join(box.root, ".cache")).filter((name) => name.startsWith("chromium-"));
      expect(fs.readFileSync(path.join(box.root, ".cache", folder, "chromium"), "utf8")).toBe("a browser");
      expect(fs.readdirSync(path.join(box.root, ".cache", folder)).sort()).toContain("al2023.tar.unpacked");
      await box.run("test", ["--only", "browser"]);
      expect(box.takeCalls()).toEqual([]);
    });

    it("skips the step where none can be brought, says why in the sums, and does not fail for it", async () => {
      const outcome = await box.run("test", [], { FAKE_NPM: "offline" });
      const why = process.platform === "linux" && process.arch === "x64" ? "No network: .*" : "No Chromium found: .*";
      expect(outcome.stdout.trimEnd().split("\n")).toContainEqual(expect.stringMatching(`^browser    skipped: ${why}`));
      expect(lastLine(outcome)).toBe("14 passed, 0 failed");
      expect(outcome.code).toBe(0);
    });

    it.each([[["--only", "browser"]], [["--only", "lint", "--browser"]]])(
      "fails when asked by name, %j",
      async (args) => {
        const outcome = await box.run("test", args, { FAKE_NPM: "offline" });
        expect(outcome.stderr).toMatch(/^(No network|No Chromium found): .*\n$/);
        expect(lastLine(outcome)).toMatch(/^\d passed, 1 failed$/);
        expect(outcome.code).toBe(1);
      },
    );

    it("does not bring another for a wrong CHROMIUM_PATH", async () => {
      without("CHROMIUM_PATH is /x, but there is no such file.");
      const outcome = await box.run("test", ["--only", "browser"]);
      expect(outcome.stderr).toBe("CHROMIUM_PATH is /x, but there is no such file.\n");
      expect(box.takeCalls()).toEqual([]);
    });
  });

  it("fails the step of the GPU with the way out where there is no driver", async () => {
    await box.run("test", ["--only", "lint"]);
    stubs();
    const outcome = await box.run("test", ["--only", "webgpu"], {
      FAKE_NPM: "no gpu",
      CHROMIUM_PATH: "/nowhere/chrome",
    });
    expect(outcome.stderr).toMatch(/^No GPU and no software driver found: .*libvulkan1.*\n$/);
    expect(lastLine(outcome)).toBe("0 passed, 1 failed");
  });

  it("fails when it can't be set up, saying why", async () => {
    const outcome = await box.run("test", [], { FAKE_NPM: "offline", npm_lifecycle_event: "test" });
    expect(outcome.stderr).toMatch(/^No network: .* run npm test again\.\n$/);
    expect(lastLine(outcome)).toBe("0 passed, 1 failed");
    expect(outcome.code).toBe(1);
  });
});
