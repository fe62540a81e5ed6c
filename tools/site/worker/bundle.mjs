/**
 * Makes what the kernel in a tab runs: one folder of static files.
 *
 *     worker.js          the kernel: a module worker (`new Worker(url, { type: "module" })`)
 *     typescript.js      its compiler
 *     chunk-….js         lib and tfjs
 *     manifest.json      which files there are (manifest.ts)
 *     *.wasm             of tfjs's backend
 *     files/             data, corpus, checkpoints, types: names with their hash, to be cached for good
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { beginningsOf } from "./beginnings.mjs";
import { collectTypes } from "./types.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Files up to this size come together, before the first cell runs. */
const SMALL = 450_000;

/** A large file comes in pieces of this size before they are packed. */
const PIECE = 2 ** 21;

const CORPUS = ".cache/corpus";

/** @param {string | Uint8Array} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * All files below a folder, from the project's root, with slashes.
 *
 * @param {string} project
 * @param {string} folder
 * @returns {string[]}
 */
function filesIn(project, folder) {
  const at = path.join(project, folder);
  if (!fs.existsSync(at)) return [];
  const names = /** @type {string[]} */ (fs.readdirSync(at, { recursive: true }));
  return names
    .map((name) => path.posix.join(folder, name.split(path.sep).join("/")))
    .filter((file) => fs.statSync(path.join(project, file)).isFile())
    .sort();
}

/**
 * What takes the place of Node's own modules: whatever is called of them says that it can't be had.
 *
 * @type {import("esbuild").Plugin}
 */
const withoutNode = {
  name: "without-node",
  setup({ onResolve, onLoad }) {
    const names =
      "fs|path|os|util|vm|module|crypto|worker_threads|perf_hooks|inspector|string_decoder|http|https|url|stream|zlib|net|tls";
    onResolve(
      { filter: new RegExp(`^(node:.*|(${names})(/promises)?|node-fetch|source-map-support)$`) },
      ({ path }) => ({
        path: path.replace(/^node:/, ""),
        namespace: "node",
      }),
    );
    onLoad({ filter: /.*/, namespace: "node" }, ({ path }) => ({
      contents: `
        const missing = (name) => () => { throw new Error("This needs Node (" + ${JSON.stringify(path)} + "." + name + "): it can't be done in a browser tab"); };
        module.exports = Object.create(new Proxy({}, { get: (_, name) => typeof name === "symbol" || name === "__esModule" ? undefined : missing(name) }));`,
    }));
  },
};

/**
 * All modules of lib that run in a tab, and the browser's half of lib/host.
 *
 * @param {string} project
 * @returns {import("esbuild").Plugin}
 */
function libOf(project) {
  const files = filesIn(project, "lib").filter((file) => {
    const threads = /from "node:worker_threads"/.test(fs.readFileSync(path.join(project, file), "utf8"));
    const assembly = file.startsWith("lib/tensor/wasm/assembly/"); // AssemblyScript: what is compiled of it is in compiled.ts
    return file.endsWith(".ts") && !threads && !assembly && !/^lib\/host\/node\.ts$/.test(file);
  });
  const imports = files.map((file, i) => `import * as m${i} from ${JSON.stringify(path.join(project, file))};`);
  const entries = files.flatMap((file, i) => {
    const name = file.replace(/\.ts$/, "");
    const folder = path.posix.basename(name) === "index" ? [path.posix.dirname(name)] : [];
    return [name, ...folder].map((key) => `${JSON.stringify(key)}: m${i}`);
  });
  const webgpu = hasPackage(project, "@tensorflow/tfjs-backend-webgpu")
    ? `() => import("@tensorflow/tfjs-backend-webgpu")`
    : "null";
  return {
    name: "lib",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/node$/ }, ({ resolveDir }) =>
        resolveDir === path.join(project, "lib", "host") ? { path: path.join(resolveDir, "browser.ts") } : undefined,
      );
      onResolve({ filter: /^course:modules$/ }, ({ path }) => ({ path, namespace: "course" }));
      onLoad({ filter: /.*/, namespace: "course" }, () => ({
        contents: `
          import * as tf from "@tensorflow/tfjs";
          export { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
          ${imports.join("\n")}
          export const modules = { "@tensorflow/tfjs": tf, ${entries.join(", ")} };
          export const loadWebgpu = ${webgpu};`,
        resolveDir: project,
      }));
    },
  };
}

/**
 * @param {string} project
 * @param {string} name
 */
function hasPackage(project, name) {
  try {
    createRequire(path.join(project, "package.json")).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {object} options
 * @param {string} options.project the root of the course
 * @param {string} options.out the folder to write, emptied first; served as `base` of the protocol's `start`
 * @param {(line: string) => void} [options.say] what is going on
 * @returns {Promise<{ files: { file: string, bytes: number }[], bytes: number }>} all that was written
 */
export async function bundleWorker({ project, out, say = () => {} }) {
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(path.join(out, "files"), { recursive: true });

  say("translating lib and the kernel");
  /** @type {import("esbuild").BuildOptions} */
  const shared = {
    outdir: out,
    absWorkingDir: project,
    bundle: true,
    format: "esm",
    platform: "browser",
    nodePaths: [path.join(project, "node_modules"), ...(process.env.NODE_PATH ?? "").split(path.delimiter)].filter(
      Boolean,
    ),
    target: "es2022",
    minify: true,
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    plugins: [withoutNode],
    logLevel: "silent",
  };
  const compiler = createRequire(createRequire(path.join(project, "package.json")).resolve("tslab/package.json"));
  await build({ ...shared, entryPoints: { typescript: compiler.resolve("@tslab/typescript-for-tslab") } });
  await build({
    ...shared,
    entryPoints: [path.join(HERE, "worker.ts")],
    splitting: true,
    chunkNames: "chunk-[hash]",
    // A learner meets the names of classes and functions, and keepNames would slow down whatever makes functions.
    minify: false,
    minifySyntax: true,
    minifyWhitespace: true,
    alias: { "@tslab/typescript-for-tslab": "./typescript.js" },
    external: ["./typescript.js"],
    plugins: [libOf(project), withoutNode],
  });
  const wasm = path.join(project, "node_modules/@tensorflow/tfjs-backend-wasm/dist");
  for (const name of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]) {
    fs.copyFileSync(path.join(wasm, name), path.join(out, name));
  }

  if (!fs.existsSync(path.join(project, CORPUS, "manifest.json"))) {
    say("cutting the training text");
    execFileSync(process.execPath, ["tools/run.mjs", "corpus"], { cwd: project, stdio: "ignore" });
  }

  say("packing data and text");
  /** @param {string} stem @param {Uint8Array} bytes */
  const write = (stem, bytes) => {
    const packed = gzipSync(bytes, { level: 9 });
    // Not .gz: some servers unpack such a file on its way.
    const url = `files/${stem}-${sha256(bytes).slice(0, 10)}.bin`;
    fs.writeFileSync(path.join(out, url), packed);
    return { url, bytes: packed.length };
  };
  /** @type {import("./manifest").SiteManifest["files"]} */
  const files = {};
  /** @type {Record<string, [number, number]>} */
  const places = {};
  /** @type {Buffer[]} */
  const pack = [];
  let at = 0;
  const readable = [
    ...filesIn(project, "data").filter((file) => !file.startsWith("data/schemas/")),
    ...filesIn(project, CORPUS),
    ...filesIn(project, "lib").filter((file) => file.endsWith(".ts")),
    ...filesIn(project, "notebooks/source").filter((file) => file.endsWith(".ts")),
  ];
  for (const file of readable) {
    const bytes = fs.readFileSync(path.join(project, file));
    if (bytes.length <= SMALL && !file.endsWith(".bin")) {
      places[file] = [at, bytes.length];
      pack.push(bytes);
      at += bytes.length;
      continue;
    }
    const stem = path.posix.basename(file).replace(/\.\w+$/, "");
    const pieces = [];
    for (let begin = 0; begin < bytes.length; begin += PIECE) {
      pieces.push(write(stem, bytes.subarray(begin, begin + PIECE)));
    }
    files[file] = { size: bytes.length, sha256: sha256(bytes), pieces };
  }
  const types = collectTypes(project, fs.readFileSync(path.join(HERE, "globals.txt"), "utf8"));
  const lessons = filesIn(project, "notebooks").filter((file) => /^notebooks\/[^/]+\.ipynb$/.test(file));
  /** @type {import("./manifest").SiteManifest} */
  const manifest = {
    pack: { ...write("pack", Buffer.concat(pack)), files: places },
    files,
    others: filesIn(project, "notebooks/solutions").filter((file) => file.endsWith(".ipynb")),
    types: write("types", Buffer.from(JSON.stringify(types))),
    asBuilt: beginningsOf(lessons.map((file) => JSON.parse(fs.readFileSync(path.join(project, file), "utf8")))),
  };
  fs.writeFileSync(path.join(out, "manifest.json"), JSON.stringify(manifest));

  const written = filesIn(out, ".").map((file) => ({ file, bytes: fs.statSync(path.join(out, file)).size }));
  return { files: written, bytes: written.reduce((sum, { bytes }) => sum + bytes, 0) };
}
