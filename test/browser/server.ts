/*
 * JupyterLab as `npm start` starts it, with the same copies of the lessons, but in a folder of its own: the browser test
 * edits cells, and the learner's work/ is none of its business. The Python environment and the kernel are the project's.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { syncLessons } from "../../tools/setup/lessons.mjs";
import { environment, projectAt, ROOT } from "../../tools/setup/project.mjs";
import { startServer } from "../../tools/setup/server.mjs";
import { freePort } from "../support/free-ports";

/** A running JupyterLab, as the files of tests share it. */
export interface Lab {
  /** Ends in a slash. */
  url: string;
  token: string;
  /** The folder of the copies. */
  work: string;
}

/** The address of a notebook in work/. Each has a workspace of its own: JupyterLab opens no other's tabs beside it. */
export function notebookUrl({ url, token }: Lab, name: string): string {
  return `${url}lab/workspaces/${name}/tree/work/${name}.ipynb?token=${token}`;
}

/** Where the screenshots for a person go. */
export const SCREENSHOTS = path.join(ROOT, ".cache/screenshots");

/** Has the page show its notebook model to the tests, as window.jupyterapp. */
function exposeModel(configFolder: string): void {
  fs.mkdirSync(configFolder, { recursive: true });
  const config = { LabApp: { expose_app_in_browser: true } };
  fs.writeFileSync(path.join(configFolder, "jupyter_lab_config.json"), JSON.stringify(config));
}

/** Starts the server on fresh copies of all lessons. */
export async function startLab(): Promise<Lab & { stop(): Promise<void> }> {
  const real = projectAt(ROOT);
  const folder = path.join(real.cache, "browser", process.env.VITEST_POOL_ID ?? "1"); // of its own for each worker
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, "tools/setup"), { recursive: true });
  fs.mkdirSync(SCREENSHOTS, { recursive: true });
  fs.copyFileSync(path.join(ROOT, "tools/setup/serve.py"), path.join(folder, "tools/setup/serve.py"));
  const project = { ...projectAt(folder), venv: real.venv, python: real.python, notebooks: real.notebooks };
  exposeModel(String(environment(project).JUPYTER_CONFIG_DIR));
  process.env.COURSE_MY_RUNS = path.join(folder, "my-v3"); // what lesson 10 trains, each time anew
  const [first] = syncLessons(project);
  const port = await freePort();
  const token = randomBytes(16).toString("hex");
  const server = await startServer(project, { port, file: `work/${first.file}`, browser: false, token });
  return { url: server.url, token, work: project.work, stop: () => server.stop() };
}
