/*
 * Makes the extension that JupyterLite loads: our sources as one script, which at its end gives itself out as the container
 * that JupyterLab expects an extension to be (as course.js of tools/jupyterlab does). What the page has already,
 * JupyterLab's and JupyterLite's own modules, is asked of it and not brought along, so that nothing of them has to be
 * installed. In front of the container stands what runs at once (first-worker.ts).
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { digest } from "../../../setup/stamps.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Modules that the page shares. */
const SHARED = ["@jupyterlab/*", "@jupyterlite/*", "@lumino/*"];

/**
 * The container around the script. Of each module that is shared the newest version is taken: there is one of each.
 * @param {string} name
 * @param {string[]} needs
 * @param {string} script
 */
function container(name, needs, script) {
  return `(() => {
  let shared;
  const load = async (name) => {
    const versions = Object.entries(shared[name] ?? {});
    if (versions.length === 0) throw new Error("the page shares no " + name);
    versions.sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
    return [name, (await versions.at(-1)[1].get())()];
  };
  const run = (module, exports, require) => {
${script}
  };
  let loaded;
  const start = async () => {
    const modules = Object.fromEntries(await Promise.all(${JSON.stringify(needs)}.map(load)));
    const module = { exports: {} };
    run(module, module.exports, (name) => modules[name]);
    return module.exports;
  };
  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[${JSON.stringify(name)}] = {
    init: (scope) => { shared = scope; },
    get: async () => { const module = await (loaded ??= start()); return () => module; },
  };
})();
`;
}

/**
 * @param {string} out the folder to write: package.json and static/, as JupyterLab wants an extension to lie
 * @param {string} entry the module with the plugins
 */
export async function bundleExtension(out, entry = path.join(HERE, "src/index.ts")) {
  /** @satisfies {import("esbuild").BuildOptions} */
  const options = {
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    platform: "browser",
    target: "es2022",
    external: SHARED,
    logLevel: "silent",
  };
  const first = await build({ ...options, entryPoints: [path.join(HERE, "src/first-worker.ts")], format: "iife" });
  const { outputFiles, metafile } = await build({ ...options, entryPoints: [entry], format: "cjs" });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const needs = [...new Set(imports.filter(({ external }) => external).map((one) => one.path))].sort();
  const described = JSON.parse(fs.readFileSync(path.join(HERE, "package.json"), "utf8"));
  const script = first.outputFiles[0].text + container(described.name, needs, outputFiles[0].text);
  const file = `static/remoteEntry.${digest(script).slice(0, 16)}.js`;
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(path.join(out, "static"), { recursive: true });
  fs.writeFileSync(path.join(out, file), script);
  const jupyterlab = { extension: true, _build: { load: file, extension: "./extension" } };
  fs.writeFileSync(path.join(out, "package.json"), JSON.stringify({ ...described, jupyterlab }, null, 2));
}
