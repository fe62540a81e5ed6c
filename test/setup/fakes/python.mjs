/*
 * Stands in for Python in the set-up's tests: says its version, makes an environment (with itself in it), installs
 * nothing, and serves /api/status and a page in JupyterLab's place. FAKE_PIP, FAKE_VENV and FAKE_JUPYTER say how those
 * go, FAKE_PIP_CONFIG what a person has configured for pip.
 */
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [version, venv, ...args] = process.argv.slice(2);
const note = (/** @type {string} */ text) =>
  process.env.FAKE_CALLS && fs.appendFileSync(process.env.FAKE_CALLS, `python ${text}\n`);
const hang = () => {
  note(`pid ${process.pid}`);
  setInterval(() => {}, 1000);
};
const option = (/** @type {string} */ name) =>
  args.find((arg) => arg.startsWith(`--ServerApp.${name}=`))?.split("=")[1];

if (args[0] === "-c") console.log(JSON.stringify({ version, venv: venv === "true" }));
else if (args[1] === "venv") {
  note("venv");
  const bin = path.join(args[2], "bin");
  fs.mkdirSync(bin, { recursive: true });
  if (process.env.FAKE_VENV === "hang") hang();
  else {
    const script = `#!/bin/sh\nexec "${process.execPath}" "${fileURLToPath(import.meta.url)}" ${version} true "$@"\n`;
    fs.writeFileSync(path.join(bin, "python"), script, { mode: 0o755 });
  }
} else if (args[1] === "pip" && args[2] === "config") console.log(process.env.FAKE_PIP_CONFIG ?? "");
else if (args[1] === "pip") {
  note(`pip ${args.filter((arg) => arg.endsWith(".txt")).join(" ")}`);
  for (const [name, value] of Object.entries(process.env)) {
    if (/^PIP_(CONFIG|TARGET|PREFIX|INDEX|PROXY)/.test(name) && process.env.FAKE_PIP_CONFIG) note(`${name}=${value}`);
  }
  if (process.env.FAKE_PIP === "offline") {
    console.error(
      "WARNING: Retrying: NewConnectionError('Failed to establish')\nERROR: No matching distribution found",
    );
    process.exit(1);
  } else if (process.env.FAKE_PIP === "hang") hang();
} else if (args[0].endsWith("trial.py")) {
  if (process.env.FAKE_PIP === "elsewhere") {
    console.log("jupyterlab.labapp: ModuleNotFoundError: No module named 'jupyterlab'");
    process.exit(1);
  }
} else {
  note(`serve ${path.basename(args[1])}`);
  if (process.env.FAKE_JUPYTER === "broken") {
    console.error("Traceback (most recent call last):\nImportError: cannot import name 'main'");
    process.exit(1);
  }
  note(`pid ${process.pid}`);
  const allowed = `token ${process.env.JUPYTER_TOKEN}`;
  const page = `<html><head><title>JupyterLab</title></head><body><script id="jupyter-config-data">{}</script></body>`;
  const pages = { error: "<html><head><style>p {}</style></head><body><h1>JupyterLab Error</h1><p>No app</p></body>" };
  const answer = (/** @type {http.IncomingMessage} */ { url, headers }) => {
    if (headers.authorization !== allowed) return { status: 403, text: "{}" };
    if (process.env.FAKE_JUPYTER === "moved") return { status: 404, text: "Not found" };
    if (url === "/api/status") return { status: 200, text: "{}" };
    return { status: 200, text: process.env.FAKE_JUPYTER === "error" ? pages.error : page };
  };
  console.error("[I ServerApp] first\n[I ServerApp] second\n[I ServerApp] third\n[I ServerApp] fourth");
  http
    .createServer((request, reply) => {
      const { status, text } = answer(request);
      reply.writeHead(status).end(text);
    })
    .listen(Number(option("port")), option("ip"));
  process.stdin.on("end", () => process.exit(0)).resume();
}
