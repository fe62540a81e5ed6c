import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../support/free-ports";
import { isAlive, Sandbox, type Outcome } from "./sandbox";

// Fake programs are shell scripts: these tests know no Windows.
describe.skipIf(process.platform === "win32")("npm start", () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox();
  });
  afterEach(() => box.remove());

  /** One clear line, exit code 1, no stack. */
  function expectLine({ code, stderr }: Outcome, line: RegExp): void {
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(line);
    expect(code).toBe(1);
  }

  it("sets everything up on a fresh clone and serves the first lesson's copy", async () => {
    const { code, stdout, stderr, url } = await box.startAndStop();
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/work\/00-start-here\.ipynb\?token=[0-9a-f]{48}$/);
    for (const step of [
      "[1/5] npm packages",
      "[2/5] Python",
      "[3/5] TypeScript kernel",
      "[4/5] Lessons",
      "[5/5] JupyterLab",
    ]) {
      expect(stdout).toContain(step);
    }
    expect(stdout).not.toContain("\x1b");
    expect(box.takeCalls().filter((call) => !call.includes("pid"))).toEqual([
      "npm ci",
      "python venv",
      "python pip requirements.txt",
      "python serve 00-start-here.ipynb",
    ]);
    expect(box.read("work/01-mixture-of-experts.ipynb")).toBe(box.read("notebooks/01-mixture-of-experts.ipynb"));
    const kernel = JSON.parse(box.read(".venv/share/jupyter/kernels/tslab/kernel.json")) as unknown;
    expect(kernel).toEqual({
      argv: [process.execPath, path.join(box.root, "tools/kernel/start.cjs"), "{connection_file}"],
      display_name: "TypeScript (course)",
      language: "typescript",
      interrupt_mode: "signal",
    });
    expect(box.read(".venv/share/jupyter/lab/settings/overrides.json")).toContain('"fetchNews": "false"');
    const page = JSON.parse(box.read(".venv/share/jupyter/labextensions/deepseek-v3-course/package.json")) as {
      jupyterlab: { _build: { load: string } };
    };
    const script = box.read(`.venv/share/jupyter/labextensions/deepseek-v3-course/${page.jupyterlab._build.load}`);
    expect(script).toBe(box.read("tools/jupyterlab/static/course.js"));
    expect(fs.readdirSync(box.home)).toEqual([]);
  });

  it("does nothing twice", async () => {
    await box.startAndStop();
    box.takeCalls();
    const { stdout } = await box.startAndStop();
    expect(box.takeCalls().filter((call) => !call.includes("pid"))).toEqual(["python serve 00-start-here.ipynb"]);
    expect(stdout).toContain("npm packages: already installed");
    expect(stdout).toContain("TypeScript kernel: already registered");
    expect(stdout).toContain("Lessons: 2 in work/, as you left them");
  });

  it("installs again what a changed lock file or requirements.txt asks for, and only that", async () => {
    await box.startAndStop();
    box.takeCalls();
    box.write("requirements.txt", `${box.read("requirements.txt")}\n`);
    await box.startAndStop();
    expect(box.takeCalls()).not.toContain("npm ci");
    box.write("package-lock.json", `${box.read("package-lock.json")}\n`);
    await box.startAndStop();
    const calls = box.takeCalls();
    expect(calls).toContain("npm ci");
    expect(calls).not.toContain("python venv");
  });

  it("installs no test tools; what npm test brought stays, also when packages are installed anew", async () => {
    await box.startAndStop();
    expect(box.takeCalls()).toContain("npm ci");
    expect(box.has("node_modules/vitest")).toBe(false);
    const { stdout } = await box.run("test", ["--only", "lint"]);
    expect(stdout).toContain("[1/3] npm packages: installing what package-lock.json lists, with what tests and builds");
    expect(box.takeCalls()).toContain("npm ci with tests");
    await box.startAndStop();
    expect(box.takeCalls().filter((call) => call.startsWith("npm"))).toEqual([]);
    box.write("package-lock.json", `${box.read("package-lock.json")}\n`);
    await box.startAndStop();
    expect(box.takeCalls()).toContain("npm ci with tests");
  });

  it("names a folder in which nothing would run, before it downloads anything", async () => {
    box = new Sandbox("a:b");
    expectLine(
      await box.run("start"),
      /^The course can't run in ".*a:b": .*Rename or move the folder, then run npm start/,
    );
    expect(box.takeCalls()).toEqual([]);
  });

  it("leaves no source maps on the disk", async () => {
    await box.startAndStop();
    expect(box.has("node_modules/zeromq/dist/map.js.map")).toBe(false);
    expect(box.has("node_modules/zeromq/dist")).toBe(true);
  });

  it("loads what npm installed before it says so, and installs again after a failure", async () => {
    expectLine(
      await box.run("start", [], { FAKE_NPM: "half" }),
      /^The npm packages are installed but can't be loaded \(zeromq: No native build was found\): .* run npm start again\.$/m,
    );
    box.takeCalls();
    await box.startAndStop();
    expect(box.takeCalls()).toContain("npm ci");
  });

  it("imports what pip installed before it says so, and installs again after a failure", async () => {
    expectLine(
      await box.run("start", [], { FAKE_PIP: "elsewhere" }),
      /^The Python packages are installed but can't be imported \(.*No module named 'jupyterlab'\): delete \.venv, then/,
    );
    box.takeCalls();
    await box.startAndStop();
    expect(box.takeCalls()).toContain("python pip requirements.txt");
  });

  it("takes the network from a person's configuration of pip, and nothing else", async () => {
    const FAKE_PIP_CONFIG =
      "global.index-url='https://mirror.example/simple'\nglobal.proxy='p'\ninstall.target='/x'\n:env:.prefix='/x'";
    await box.startAndStop([], { FAKE_PIP_CONFIG, PIP_PREFIX: "/x", PIP_TARGET: "/x", PIP_PROXY: "own" });
    const calls = box.takeCalls();
    expect(calls.filter((call) => call.startsWith("python PIP_")).sort()).toEqual([
      "python PIP_CONFIG_FILE=/dev/null",
      "python PIP_INDEX_URL=https://mirror.example/simple",
      "python PIP_PROXY=own",
    ]);
  });

  it("says what JupyterLab shows in place of its page", async () => {
    const outcome = await box.run("start", ["--port", String(await freePort())], { FAKE_JUPYTER: "error" });
    expectLine(
      outcome,
      /^JupyterLab did not start: instead of its page comes \(200\): "JupyterLab Error No app"\. .* delete \.venv and/,
    );
    expect(outcome.stdout).not.toContain("ready on");
    expect(outcome.stdout).not.toContain("token=");
  });

  it("says at once that a server answers, but not where it should, with the server's last lines", async () => {
    const begin = Date.now();
    const outcome = await box.run("start", ["--port", String(await freePort())], { FAKE_JUPYTER: "moved" });
    expectLine(
      outcome,
      /it answers with 404 and not as it was asked to\. Its last words: .*second \/ .*third \/ .*fourth/,
    );
    expect(Date.now() - begin).toBeLessThan(100_000); // not after the two minutes that a silent one gets
  });

  it("makes the environment anew when the folder was moved", async () => {
    await box.startAndStop();
    box.takeCalls();
    const stamp = JSON.parse(box.read(".venv/.course-stamp.json")) as Record<string, string>;
    box.write(".venv/.course-stamp.json", JSON.stringify({ ...stamp, root: "/elsewhere" }));
    await box.startAndStop();
    expect(box.takeCalls()).toContain("python venv");
  });

  it("opens the lesson that is named", async () => {
    const { url } = await box.startAndStop(["1"]);
    expect(url).toContain("/lab/tree/work/01-mixture-of-experts.ipynb");
  });

  it("says which lessons there are when it is given an unknown one", async () => {
    expectLine(
      await box.run("start", ["42"]),
      /^There is no lesson "42": the lessons are 00-start-here, 01-mixture-of-experts\.$/m,
    );
    expect(box.takeCalls()).toEqual([]);
  });

  it("prints its help", async () => {
    const { code, stdout } = await box.run("start", ["--help"]);
    expect(stdout).toContain("--no-browser");
    expect(code).toBe(0);
  });

  it("says what to install when there is no Python, before it downloads anything", async () => {
    box.noPython();
    expectLine(await box.run("start"), /^Python is missing: install Python 3\.10 or newer .*run npm start again\.$/m);
    expect(box.takeCalls()).toEqual([]);
  });

  it("says that a Python is too old", async () => {
    box.python("python3", { version: "3.9.18" });
    expectLine(await box.run("start"), /^Python 3\.9\.18 is too old: install Python 3\.10 or newer/);
  });

  it("takes a newer Python that has another name", async () => {
    box.python("python3", { version: "3.9.18" });
    box.python("python3.11", { version: "3.11.9" });
    expect((await box.startAndStop()).stdout).toContain(".venv with Python 3.11.9 is ready");
  });

  it("names the package that a Python without venv needs", async () => {
    box.python("python3", { version: "3.11.2", venv: false });
    expectLine(await box.run("start"), /^Python 3\.11\.2 lacks its venv module: .*sudo apt install python3\.11-venv/);
  });

  it("says so when there is no network for npm, and goes on at the next start", async () => {
    expectLine(
      await box.run("start", [], { FAKE_NPM: "offline" }),
      /^No network: the npm packages could not be downloaded\./,
    );
    expect((await box.startAndStop()).code).toBe(0);
  });

  it("says so when there is no network for Python's packages, and goes on at the next start", async () => {
    expectLine(
      await box.run("start", [], { FAKE_PIP: "offline" }),
      /^No network: the Python packages could not be downloaded\./,
    );
    box.takeCalls();
    expect((await box.startAndStop()).code).toBe(0);
    expect(box.takeCalls()).toEqual(expect.arrayContaining(["python venv", "python pip requirements.txt"]));
  });

  it("shows npm's own reason for any other failure", async () => {
    const outcome = await box.run("start", [], { FAKE_NPM: "broken" });
    expectLine(
      outcome,
      /^Installing the npm packages failed: sha512-abc integrity checksum failed\. See \.cache.setup\.log/,
    );
  });

  it("shows JupyterLab's own reason when that does not start", async () => {
    const outcome = await box.run("start", ["--port", String(await freePort())], { FAKE_JUPYTER: "broken" });
    expectLine(
      outcome,
      /^JupyterLab did not start: it ended\. Its last words: ImportError: cannot import name 'main' See/,
    );
  });

  it("says that a port is taken, and which to try", async () => {
    const port = await freePort();
    const other = net.createServer().listen(port, "127.0.0.1");
    try {
      expectLine(
        await box.run("start", ["--port", String(port)]),
        new RegExp(`^Port ${port} is taken: .*--port ${port + 1}$`, "m"),
      );
    } finally {
      other.close();
    }
    expect(box.takeCalls()).toEqual([]);
  });

  it.each([
    ["SIGINT", "npm ci", { FAKE_NPM: "hang" }],
    ["SIGINT", "python venv", { FAKE_VENV: "hang" }],
    ["SIGINT", "python pip requirements.txt", { FAKE_PIP: "hang" }],
    ["SIGKILL", "npm ci", { FAKE_NPM: "hang" }],
    ["SIGKILL", "python pip requirements.txt", { FAKE_PIP: "hang" }],
  ] as const)("recovers from a %s while %s is at work, which ends with it", async (signal, call, env) => {
    const running = box.start("start", ["--no-browser"], env);
    const child = await new Promise<number>((resolve) => {
      const timer = setInterval(() => {
        const found = /pid (\d+)/.exec(fs.existsSync(box.calls) ? fs.readFileSync(box.calls, "utf8") : "");
        if (found === null) return;
        clearInterval(timer);
        resolve(Number(found[1]));
      }, 20);
    });
    running.child.kill(signal);
    const { code, stderr } = await running.finished;
    expect(code).toBe(signal === "SIGINT" ? 130 : null);
    expect(stderr.trim()).toBe(signal === "SIGINT" ? "Stopped. To go on from here, run npm start again." : "");
    await expect.poll(() => isAlive(child)).toBe(false);
    box.takeCalls();
    expect((await box.startAndStop()).code).toBe(0);
    expect(box.takeCalls()).toContain(call);
    expect(box.has("node_modules/half")).toBe(false);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)("leaves no server behind after %s", async (signal) => {
    const running = box.start("start", ["--no-browser", "--port", String(await freePort())]);
    await running.until(/token=\S+/);
    const server = Number(/pid (\d+)/.exec(box.takeCalls().at(-1) ?? "")?.[1]);
    expect(isAlive(server)).toBe(true);
    running.child.kill(signal);
    const { code } = await running.finished;
    expect(code).toBe(signal === "SIGKILL" ? null : 0);
    await expect.poll(() => isAlive(server)).toBe(false);
  });
});
