/*
 * Stands in for Python in the set-up's tests: says its version, makes an environment (with itself in it), installs
 * nothing, and serves /api/status in JupyterLab's place. FAKE_PIP and FAKE_VENV say how those go.
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
} else if (args[1] === "pip") {
  note(`pip ${args.filter((arg) => arg.endsWith(".txt")).join(" ")}`);
  if (process.env.FAKE_PIP === "offline") {
    console.error(
      "WARNING: Retrying: NewConnectionError('Failed to establish')\nERROR: No matching distribution found",
    );
    process.exit(1);
  } else if (process.env.FAKE_PIP === "hang") hang();
} else {
  note(`serve ${path.basename(args[1])}`);
  if (process.env.FAKE_JUPYTER === "broken") {
    console.error("Traceback (most recent call last):\nImportError: cannot import name 'main'");
    process.exit(1);
  }
  note(`pid ${process.pid}`);
  const allowed = `token ${process.env.JUPYTER_TOKEN}`;
  http
    .createServer((request, reply) => reply.writeHead(request.headers.authorization === allowed ? 200 : 403).end("{}"))
    .listen(Number(option("port")), option("ip"));
  process.stdin.on("end", () => process.exit(0)).resume();
}
