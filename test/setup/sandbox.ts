/*
 * A throw-away copy of the project for the set-up's tests: its own folder, two small lessons, a fake npm and fake
 * Pythons that do what the set-up needs of them in milliseconds and write down that they were called. Nothing is
 * downloaded.
 */
import { spawn, type ChildProcess } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { freePort } from "../support/free-ports";

export const ROOT = path.resolve(__dirname, "../..");

const FAKES = path.join(__dirname, "fakes");

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** What it has printed on stdout so far. */
  printed(): string;
  /** Waits until stdout matches. Rejects if the process ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  finished: Promise<Outcome>;
}

/** Whether a process with this id lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export class Sandbox {
  readonly base = fs.mkdtempSync(path.join(os.tmpdir(), "course-"));
  readonly root: string;
  readonly home = path.join(this.base, "home");
  readonly bin = path.join(this.base, "bin");
  readonly calls = path.join(this.base, "calls.log");

  /** @param name of the project's folder: with a space and an umlaut, since no folder name may need quoting */
  constructor(name = "my cöurse") {
    this.root = path.join(this.base, name);
    for (const folder of [this.root, this.home, this.bin]) fs.mkdirSync(folder);
    const packages = ["package.json", "package-lock.json", "requirements.txt"];
    for (const name of [...packages, "tools/setup", "tools/jupyterlab", "tools/run.mjs"]) {
      fs.cpSync(path.join(ROOT, name), path.join(this.root, name), { recursive: true });
    }
    this.lesson("00-start-here", "first");
    this.lesson("01-mixture-of-experts", "first");
    this.python("python3");
  }

  /** Writes a lesson as the course brings it. */
  lesson(name: string, text: string): void {
    const notebook = {
      cells: [{ cell_type: "markdown", metadata: {}, source: text }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
    };
    this.write(`notebooks/${name}.ipynb`, JSON.stringify(notebook));
  }

  /** Puts a fake Python on the PATH. */
  python(name: string, { version = "3.12.4", venv = true }: { version?: string; venv?: boolean } = {}): void {
    const file = path.join(this.bin, name);
    const script = path.join(FAKES, "python.mjs");
    fs.writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${script}" ${version} ${venv} "$@"\n`, {
      mode: 0o755,
    });
  }

  noPython(): void {
    fs.rmSync(path.join(this.bin, "python3"));
  }

  write(file: string, text: string): void {
    const target = path.join(this.root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }

  read(file: string): string {
    return fs.readFileSync(path.join(this.root, file), "utf8");
  }

  has(file: string): boolean {
    return fs.existsSync(path.join(this.root, file));
  }

  /** The calls of npm and Python so far, such as "npm ci"; forgets them. */
  takeCalls(): string[] {
    const text = fs.existsSync(this.calls) ? fs.readFileSync(this.calls, "utf8") : "";
    fs.rmSync(this.calls, { force: true });
    return text.split("\n").filter((line) => line !== "");
  }

  /** Starts one of the project's commands. */
  start(command: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(process.execPath, [path.join(this.root, "tools", "run.mjs"), command, ...args], {
      cwd: this.base,
      env: {
        PATH: this.bin,
        HOME: this.home,
        npm_execpath: path.join(FAKES, "npm-cli.js"),
        FAKE_CALLS: this.calls,
        ...env,
      },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const finished = new Promise<Outcome>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
    const until = (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(stdout);
          if (found !== null) resolve(found);
        };
        look();
        child.stdout.on("data", look);
        void finished.then(() => reject(new Error(`ended before ${String(pattern)}: ${stdout}${stderr}`)));
      });
    return { child, printed: () => stdout, until, finished };
  }

  /** Runs one of the project's commands to its end. */
  run(command: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.start(command, args, env).finished;
  }

  /** Starts the course, waits until it serves, stops it as Ctrl-C does. */
  async startAndStop(args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Outcome & { url: string }> {
    const running = this.start("start", ["--no-browser", "--port", String(await freePort()), ...args], env);
    const [url] = await running.until(/http:\/\/\S+token=\S+/);
    running.child.kill("SIGINT");
    return { ...(await running.finished), url };
  }

  remove(): void {
    fs.rmSync(this.base, { recursive: true, force: true });
  }
}
