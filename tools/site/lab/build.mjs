/*
 * The half of the site in which lessons run: JupyterLite with our extension, our kernel, the lessons.
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { OVERRIDES } from "../../setup/kernel.mjs";
import { runProgram } from "../../setup/programs.mjs";
import { environment } from "../../setup/project.mjs";
import { SetupError } from "../../setup/say.mjs";
import { collectContents, writeContents } from "./contents.mjs";
import { bundleExtension } from "./extension/bundle.mjs";
import { writeOfflineList } from "./offline.mjs";

/** @typedef {import("../../setup/project.mjs").Project} Project */

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Parts of JupyterLite that the course has no use for, or replaces: its service worker, and what asks other hosts. */
const DISABLED = [
  "@jupyterlite/application-extension:service-worker-manager",
  "@jupyterlab/apputils-extension:announcements",
  "@jupyterlab/extensionmanager-extension",
  "@jupyterlab/help-extension:jupyter-forum",
];

/** The extension that draws plots. */
const PLOTLY = "jupyterlab-plotly";

/** What JupyterLite brings along for those who build it, and fonts in formats that today's browsers don't ask for. */
const UNUSED = /^(rspack\.config\..*|jupyterlite\.schema\..*|package\.json|overrides\.json|doc)$/;
const OLD_FONTS = /^fa-.*\.(svg|eot|ttf)$/;

/**
 * The extensions, and nothing else that happens to be installed: the renderer of plots and the behaviour of the page are
 * those of npm start.
 * @param {Project} project
 * @param {string} ours
 */
function extensions(project, ours) {
  const share = path.join(project.venv, "share", "jupyter", "labextensions");
  return [path.join(share, PLOTLY), path.join(share, "deepseek-v3-course"), ours];
}

/**
 * Keeps the page from reading Plotly before it shows anything: the extension that draws plots stays, and ours asks it for
 * what it has (extension/src/plots.ts).
 * @param {string} out
 */
function readPlotlyLater(out) {
  const file = path.join(out, "jupyter-lite.json");
  const config = JSON.parse(fs.readFileSync(file, "utf8"));
  const listed = config["jupyter-config-data"].federated_extensions;
  const plotly = listed.find((/** @type {{ name: string }} */ { name }) => name === PLOTLY);
  if (plotly?.mimeExtension !== "./mimeExtension") throw new SetupError(`${PLOTLY} is not what it was: see ${file}`);
  delete plotly.mimeExtension;
  fs.writeFileSync(file, json(config));
}

/** @param {unknown} value */
const json = (value) => JSON.stringify(value, null, 2);

/**
 * @param {{ project: Project, python: string, out: string, say: (text: string) => void }} options python: the one of the
 *   site's packages; out: the folder to write
 * @returns {Promise<string>} what was done
 * @throws {SetupError}
 */
export async function buildLab({ project, python, out, say }) {
  const making = path.join(project.cache, "site", "lite");
  fs.rmSync(making, { recursive: true, force: true });
  fs.mkdirSync(making, { recursive: true });
  const extension = path.join(making, "extension");
  await bundleExtension(extension);
  const from = path.join(making, "from");
  fs.mkdirSync(from);
  const federated = extensions(project, extension);
  const LiteBuildConfig = {
    apps: ["lab"],
    no_sourcemaps: true,
    no_unused_shared_packages: true,
    ignore_sys_prefix: ["federated_extensions"],
    federated_extensions: federated,
    cache_dir: path.join(making, "cache"),
    output_dir: out,
  };
  const lite = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
      appName: "DeepSeek-V3, explained by running it",
      defaultKernelName: "tslab",
      disabledExtensions: DISABLED,
      contentsAllJsonFile: "all.json",
      faviconUrl: "./icon-120x120.png",
      exposeAppInBrowser: true,
    },
  };
  fs.writeFileSync(path.join(from, "jupyter_lite_config.json"), json({ LiteBuildConfig }));
  fs.writeFileSync(path.join(from, "jupyter-lite.json"), json(lite));
  fs.writeFileSync(path.join(from, "overrides.json"), json(OVERRIDES));
  say("assembling JupyterLite");
  const options = { cwd: from, env: environment(project), log: project.log };
  const { code, output } = await runProgram(python, ["-m", "jupyterlite_core", "build"], options);
  if (code !== 0) {
    const last = output.trim().split("\n").at(-1);
    throw new SetupError(
      `JupyterLite could not be assembled: ${last} See ${path.relative(project.root, project.log)}.`,
    );
  }
  readPlotlyLater(out);
  const { contents, lessons } = collectContents(project);
  writeContents(out, contents, new Date().toISOString());
  fs.writeFileSync(path.join(out, "lessons.json"), json(lessons));
  fs.copyFileSync(path.join(HERE, "service-worker.js"), path.join(out, "service-worker.js"));
  for (const name of fs.readdirSync(out).filter((name) => UNUSED.test(name))) {
    fs.rmSync(path.join(out, name), { recursive: true, force: true });
  }
  fs.rmSync(path.join(out, "lab", "favicon.ico"), { force: true });
  const build = path.join(out, "build");
  for (const name of fs.readdirSync(build).filter((name) => OLD_FONTS.test(name))) fs.rmSync(path.join(build, name));
  return `${Object.keys(lessons).length} lessons`;
}

export { writeOfflineList };
