/*
 * JupyterLab as a child of ours: on 127.0.0.1 only, with a token that stands in no command line, with our one kernel,
 * and gone when we are gone (serve.py).
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { environment } from "./project.mjs";
import { SetupError, again } from "./say.mjs";

/**
 * @typedef {import("./project.mjs").Project} Project
 * @typedef {import("node:child_process").ChildProcess} ChildProcess
 * @typedef {object} Server
 * @property {string} url of the server, ending in a slash, without the token
 * @property {string} token
 * @property {() => Promise<void>} stop stops the kernels and the server
 * @property {Promise<number>} ended the exit code, once it has ended by itself or by stop()
 */

const HOST = "127.0.0.1";

/** How long JupyterLab may take to answer, to answer rightly once it answers at all, and to stop its kernels. */
const START_SECONDS = 120;
const WRONG_SECONDS = 5;
const STOP_SECONDS = 15;

/** How many of its last lines are told where it does not start. */
const LAST_LINES = 3;

/**
 * Whether something listens on a port of this machine, or we may not.
 * @param {number} port
 * @returns {Promise<string | null>} null if it is free, else what is the matter
 */
export async function portTrouble(port) {
  const answered = await new Promise((resolve) => {
    const socket = net.connect({ port, host: HOST, timeout: 1000 });
    const say = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .on("connect", () => say(true))
      .on("error", () => say(false))
      .on("timeout", () => say(false));
  });
  if (answered) return "taken";
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (/** @type {NodeJS.ErrnoException} */ error) =>
      resolve(error.code === "EADDRINUSE" ? "taken" : `not open to you (${error.code})`),
    );
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/**
 * The address of a course that is running already from this folder on a port.
 * @param {Project} project
 * @param {number} port
 * @returns {string | null}
 */
export function runningCourse(project, port) {
  const folder = /** @type {string} */ (environment(project).JUPYTER_RUNTIME_DIR);
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  for (const name of names.filter((file) => /^jpserver-\d+\.json$/.test(file))) {
    try {
      const info = JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));
      process.kill(info.pid, 0);
      if (info.port === port) return `${info.url}lab?token=${info.token}`;
    } catch {
      // Left behind by a server that is gone, or being written: it tells of no running course.
    }
  }
  return null;
}

/**
 * @param {Project} project
 * @param {number} port
 * @throws {SetupError} if the port can't be had, saying what to do
 */
export async function requirePort(project, port) {
  const trouble = await portTrouble(port);
  if (trouble === null) return;
  const running = runningCourse(project, port);
  if (running !== null) {
    throw new SetupError(
      `This course is running already on port ${port}: open ${running} or stop it with Ctrl-C first.`,
    );
  }
  throw new SetupError(
    `Port ${port} is ${trouble}: stop what uses it or take another: npm start -- --port ${(port % 65_535) + 1}`,
  );
}

/**
 * JupyterLab's options.
 * @param {Project} project
 * @param {{ port: number, file: string, browser: boolean }} options file: the notebook to open, relative to the project
 * @returns {string[]}
 */
export function serverArguments(project, { port, file, browser }) {
  return [
    path.join(project.root, ...file.split("/")),
    `--ServerApp.root_dir=${project.root}`,
    `--ServerApp.ip=${HOST}`,
    `--ServerApp.port=${port}`,
    "--ServerApp.port_retries=0",
    "--ServerApp.base_url=/", // whatever the machine's own Jupyter configuration says
    `--ServerApp.open_browser=${browser ? "True" : "False"}`,
    "--ServerApp.answer_yes=True",
    // In the container of a course many people are root; the server is on this machine only, with a token.
    "--ServerApp.allow_root=True",
    "--KernelSpecManager.ensure_native_kernel=False",
    "--KernelSpecManager.allowed_kernelspecs=tslab",
    "--MappingKernelManager.default_kernel_name=tslab",
    // Jupyter drops output that comes faster than its defaults of 1,000 messages and 1 MB a second.
    "--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=100000",
    "--ZMQChannelsWebsocketConnection.iopub_data_rate_limit=100000000",
  ];
}

/**
 * Asks the server for one of its addresses.
 * @param {string} address
 * @param {string} token
 * @returns {Promise<{ status: number, text: string } | null>} null while nobody answers
 */
function ask(address, token) {
  return new Promise((resolve) => {
    const headers = { Authorization: `token ${token}` };
    const request = http.get(address, { headers, timeout: 20_000 }, (reply) => {
      let text = "";
      reply
        .setEncoding("utf8")
        .on("data", (/** @type {string} */ chunk) => (text += chunk))
        .on("error", () => resolve(null))
        .on("end", () => resolve({ status: reply.statusCode ?? 0, text }));
    });
    request.on("error", () => resolve(null)).on("timeout", () => request.destroy());
  });
}

/**
 * What is wrong with the page that a browser will open.
 * @param {{ status: number, text: string } | null} page
 * @returns {string | null} null if it is JupyterLab's
 */
export function pageTrouble(page) {
  if (page === null) return "its page does not come";
  if (page.status === 200 && page.text.includes("jupyter-config-data")) return null;
  const words = page.text
    .replace(/<(style|script|head)\b.*?<\/\1>/gs, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
  return `instead of its page comes (${page.status}): "${words.trim().slice(0, 200)}"`;
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Ends a server: first by closing the pipe it watches, so that it stops its kernels, at last by force.
 * @param {ChildProcess} child
 * @param {Promise<number>} ended
 */
async function stopServer(child, ended) {
  child.stdin?.end();
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS * 1000);
  await ended;
  clearTimeout(force);
}

/**
 * Starts JupyterLab and waits until it answers.
 * @param {Project} project
 * @param {{ port: number, file: string, browser: boolean, token: string, python?: string }} options
 * @returns {Promise<Server>}
 * @throws {SetupError} if it does not come up
 */
export async function startServer(project, { port, file, browser, token, python = project.python }) {
  const log = path.join(project.cache, "jupyterlab.log");
  fs.mkdirSync(project.cache, { recursive: true });
  const output = fs.openSync(log, "w");
  const script = path.join(project.root, "tools", "setup", "serve.py");
  const child = spawn(python, [script, ...serverArguments(project, { port, file, browser })], {
    cwd: project.root,
    env: { ...environment(project), JUPYTER_TOKEN: token },
    stdio: ["pipe", output, output],
    // In a process group of its own: Ctrl-C in the terminal reaches us, and we stop it in our order.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  fs.closeSync(output);
  child.stdin?.on("error", () => {});
  const state = { over: false };
  /** @type {Promise<number>} */
  const ended = new Promise((resolve) => {
    const end = (/** @type {number | null} */ code) => {
      state.over = true;
      resolve(code ?? 1);
    };
    child.on("error", () => end(127)).on("exit", end);
  });
  const url = `http://${HOST}:${port}/`;
  const server = { url, token, ended, stop: () => stopServer(child, ended) };
  const trouble = await troubleOf(url, token, () => state.over);
  if (trouble === null) return server;
  if (!state.over) await server.stop();
  const from = path.relative(project.root, log);
  throw new SetupError(
    `JupyterLab did not start: ${trouble} ${lastLines(fs.readFileSync(log, "utf8"))} See ${from}; if it goes on like ` +
      `this, delete .venv and .cache${path.sep}jupyter, then ${again()}.`,
  );
}

/**
 * Waits until the server answers to the token and shows its page.
 * @param {string} url
 * @param {string} token
 * @param {() => boolean} isOver whether it has ended
 * @returns {Promise<string | null>} what is wrong; null if all is well
 */
async function troubleOf(url, token, isOver) {
  const begin = Date.now();
  let answered = Infinity; // when it first answered, though not as it should
  while (!isOver()) {
    const status = await ask(`${url}api/status`, token);
    if (status?.status === 200) {
      const wrong = pageTrouble(await ask(`${url}lab`, token));
      if (wrong === null) return null;
      return isOver() ? "it ended." : `${wrong}.`;
    }
    if (status !== null) answered = Math.min(answered, Date.now());
    if (Date.now() > answered + WRONG_SECONDS * 1000)
      return `it answers with ${status?.status} and not as it was asked to.`;
    if (Date.now() > begin + START_SECONDS * 1000) return `it gave no answer for ${START_SECONDS} s.`;
    await pause(100);
  }
  return "it ended.";
}

/**
 * What the server said last: of an error in Python the error itself.
 * @param {string} text its log
 */
function lastLines(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0) return "It printed nothing.";
  const error = lines.findLast((line) => /error|critical|address/i.test(line));
  return `Its last words: ${error ?? lines.slice(-LAST_LINES).join(" / ")}`;
}
