/*
 * npm run hub-test -- --users 10
 *
 * Sets up a course folder for a class in a fresh place (deploy/install-course.sh) and takes a class through it: hub_test.py.
 * Everything it makes, accounts included, is removed at the end.
 */
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { command, fromCaller, readCall, readNumber } from "../../tools/cli";
import { ROOT } from "../../tools/setup/project.mjs";
import { freePorts } from "../support/free-ports";
import { readFound, record } from "./figures";

const HELP = `npm run hub-test -- [--users N] [--course DIR] [--record]

Runs a JupyterHub on 127.0.0.1 with N learners at once (default 10), from the log-in to the grade.

  --users N      learners, 2 to 60
  --course DIR   a course folder that deploy/install-course.sh DIR --proxy has made; without it one is made, and removed
  --record       write the figures to data/measurements/hub.json, and from there into docs/teaching.md

It makes system accounts and removes them again, so it needs Linux, root, and useradd.`;

/** Why this machine can't do it; null if it can. */
export function obstacle(): string | null {
  if (process.platform !== "linux") return "it makes system accounts with useradd, which only Linux has";
  if (process.getuid?.() !== 0) return "it makes system accounts, which only root may";
  const missing = ["useradd", "userdel", "chpasswd", "runuser"].find((name) => spawnSync("which", [name]).status !== 0);
  if (missing !== undefined) return `the program ${missing} is missing`;
  const reachable = spawnSync("runuser", ["-u", "nobody", "--", process.execPath, "--version"]).status === 0;
  return reachable ? null : `other accounts can't run this Node (${process.execPath})`;
}

/** A Python that other accounts can run, new enough for the course. */
function sharedPython(): string | null {
  const names = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/python/bin/python3"];
  const check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
  return names.find((name) => spawnSync("runuser", ["-u", "nobody", "--", name, "-c", check]).status === 0) ?? null;
}

/** Runs a program to its end, showing what it prints; Ctrl-C is for it too, and is waited for. */
function run(program: string, args: string[], env: NodeJS.ProcessEnv, quiet = false): Promise<number> {
  return new Promise((resolve) => {
    let printed = "";
    const child = spawn(program, args, {
      cwd: ROOT,
      env,
      stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    });
    const keep = (chunk: Buffer) => (printed += chunk.toString());
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    const pass = () => void child.kill("SIGTERM");
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, pass);
    child
      .on("error", () => resolve(127))
      .on("close", (code) => {
        for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, pass);
        if (code !== 0 && quiet) console.error(printed.slice(-3000));
        resolve(code ?? 1);
      });
  });
}

/** Node's and npm's programs without the settings that npm run adds, which would lead the installation back here. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|JUPYTER|IPYTHON|PIP_USER|INIT_CWD)/.test(name),
  );
  return { ...Object.fromEntries(entries), COURSE_NODE: process.execPath };
}

/** Megabytes of disk that a folder takes. */
function diskOf(folder: string): number {
  return Number(spawnSync("du", ["-sm", folder], { encoding: "utf8" }).stdout.split("\t")[0]);
}

async function makeCourse(base: string, env: NodeJS.ProcessEnv): Promise<string> {
  const course = path.join(base, "course");
  const python = sharedPython();
  if (python === null) throw new Error("there is no Python 3.10 or newer, with venv, that other accounts can run");
  const begin = Date.now();
  console.log("Making the course folder of a class, as the image does (deploy/install-course.sh) …");
  const code = await run(
    "bash",
    [path.join(ROOT, "deploy", "install-course.sh"), course, "--proxy"],
    { ...env, COURSE_PYTHON: python, COURSE_DOWNLOADS: path.join(ROOT, ".cache") },
    true,
  );
  if (code !== 0) throw new Error("deploy/install-course.sh failed");
  console.log(`… made in ${Math.round((Date.now() - begin) / 1000)} s; it takes ${diskOf(course)} MB of disk.`);
  return course;
}

export const main = command("hub-test", HELP, async (args) => {
  const { values } = readCall(args, {
    users: { type: "string", default: "10" },
    course: { type: "string" },
    record: { type: "boolean", default: false },
  });
  const users = readNumber("--users", values.users, { whole: true, least: 2, most: 60 });
  const why = obstacle();
  if (why !== null) throw new Error(`this can't run here: ${why}`);
  const loadBefore = os.loadavg()[0];
  const base = fs.mkdtempSync(path.join(os.tmpdir(), "course-hub-"));
  fs.chmodSync(base, 0o755);
  try {
    const env = plainEnvironment();
    const course = values.course === undefined ? await makeCourse(base, env) : fromCaller(values.course);
    const python = path.join(course, ".venv", "bin", "python");
    if (!fs.existsSync(python))
      throw new Error(`${course} is no course folder: deploy/install-course.sh DIR --proxy makes one`);
    // For the proxy, the hub, the proxy's own interface, and a server without a hub.
    const [firstOfFour] = await freePorts(4);
    const args = [path.join(course, "test", "hub", "hub_test.py"), course, base, String(users), String(firstOfFour)];
    process.exitCode = await run(python, args, env);
    const found = path.join(base, "found.json");
    if (!fs.existsSync(found)) throw new Error("the test left no figures");
    const { passed, failed, ...rest } = readFound(found);
    console.log(`RESULT {"passed":${passed},"failed":${failed}}`);
    if (!values.record) return;
    if (failed > 0) throw new Error("nothing is recorded, since not all promises were kept");
    record({ passed, failed, ...rest }, { loadBefore, courseMegabytes: diskOf(course) });
  } finally {
    fs.rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  }
});
