/** lib in Node: in the tslab kernel, in commands, in tests. */
import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import v8 from "node:v8";
import vm from "node:vm";
import type { Found, Hash, Host, NotebookOutput, Writing } from "./host";

/** One call reads or writes at most 2 GiB. */
const MOST_AT_ONCE = 1 << 30;

function readRange(file: string, begin: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const opened = fs.openSync(file, "r");
  try {
    let done = 0;
    while (done < length) {
      const step = fs.readSync(opened, bytes, done, Math.min(length - done, MOST_AT_ONCE), begin + done);
      if (step === 0) return bytes.slice(0, done);
      done += step;
    }
    return bytes;
  } finally {
    fs.closeSync(opened);
  }
}

function create(file: string): Writing {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const opened = fs.openSync(file, "w");
  return {
    write(bytes) {
      for (let done = 0; done < bytes.length;) {
        done += fs.writeSync(opened, bytes, done, Math.min(bytes.length - done, MOST_AT_ONCE));
      }
    },
    close({ sync } = { sync: false }) {
      try {
        if (sync) fs.fsyncSync(opened);
      } finally {
        fs.closeSync(opened);
      }
    },
  };
}

function sync(file: string): void {
  let opened: number;
  try {
    opened = fs.openSync(file, "r+");
  } catch {
    if (process.platform === "win32") return; // folders cannot be opened there
    opened = fs.openSync(file, "r");
  }
  try {
    fs.fsyncSync(opened);
  } finally {
    fs.closeSync(opened);
  }
}

function look(file: string): Found | null {
  try {
    const found = fs.statSync(file);
    const kind = found.isDirectory() ? "folder" : found.isFile() ? "file" : "other";
    return { kind, size: found.size, changed: found.mtimeMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

function sha256(): Hash {
  const inner = createHash("sha256");
  const hash: Hash = {
    update(bytes) {
      inner.update(bytes);
      return hash;
    },
    digest: () => inner.digest("hex"),
  };
  return hash;
}

/** Packages are looked for from the project's root, since a notebook's code has no file of its own. */
const projectRequire = () => createRequire(path.join(process.cwd(), "package.json"));

/** tslab's function that sends an output; null outside a kernel. Loads nothing by itself. */
function outputs(): ((output: NotebookOutput, update: boolean) => void) | null {
  const { cache } = projectRequire();
  const found = Object.keys(cache).find((file) => file.replaceAll("\\", "/").endsWith("/tslab/dist/jupyter.js"));
  if (found === undefined) return null;
  const { lastWriteDisplayData } = cache[found]?.exports as { lastWriteDisplayData?: ReturnType<typeof outputs> };
  return lastWriteDisplayData ?? null;
}

const CALL = new vm.Script("{ const call = globalThis.courseCall; delete globalThis.courseCall; call(); }");

function limited<T>(milliseconds: number, call: () => T): { value: T } | null {
  const box: { value?: T } = {};
  // Node can only end code that a vm script runs, and a script sees nothing of ours but globalThis.
  Object.assign(globalThis, { courseCall: () => void (box.value = call()) });
  try {
    CALL.runInThisContext({ timeout: Math.max(1, Math.ceil(milliseconds)), breakOnSigint: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw error;
  }
  return { value: box.value as T };
}

interface WebgpuPackage {
  create(options: string[]): { requestAdapter(): Promise<object | null> };
  globals: object;
}

/** The optional npm package `webgpu` brings it. The package is large, so it comes by `npm run webgpu`. */
async function prepareWebgpu(): Promise<string | null> {
  const load = projectRequire();
  let webgpu: WebgpuPackage;
  try {
    webgpu = load("webgpu") as WebgpuPackage;
  } catch {
    return "the package is not installed (npm run webgpu installs it)";
  }
  process.env.XDG_RUNTIME_DIR ??= tmpdir(); // on a Linux without a desktop some drivers complain on stderr that it is missing
  const gpu = webgpu.create([]);
  if ((await gpu.requestAdapter()) === null) return "there is no GPU with a Vulkan, Metal or Direct3D 12 driver";
  Object.assign(globalThis, webgpu.globals);
  const navigator = (globalThis as { navigator?: object }).navigator ?? {};
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  load("@tensorflow/tfjs-backend-webgpu");
  return null;
}

export const host: Host = {
  paths: {
    join: path.join,
    dirname: path.dirname,
    basename: path.basename,
    normalize: path.normalize,
    isAbsolute: path.isAbsolute,
    relative: (folder, file) => path.relative(folder, file).split(path.sep).join("/"),
  },
  readText: (file) => fs.readFileSync(file, "utf8"),
  readBytes: (file) => fs.readFileSync(file),
  readRange,
  look,
  list: (folder) => fs.readdirSync(folder).sort(),
  write(file, content) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  },
  create,
  move: (path, to) => fs.renameSync(path, to),
  remove: (path) => fs.rmSync(path, { recursive: true, force: true }),
  sync,
  hash: sha256,
  randomId: randomUUID,
  base64: (text) => Buffer.from(text).toString("base64"),
  setting: (name) => process.env[name],
  notebook: () => process.env.JPY_SESSION_NAME,
  outputs,
  terminal: () => (process.stdout.isTTY ? (text) => void process.stdout.write(text) : null),
  nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
  limited,
  isTimeUp: () => false,
  isInterrupt: (error) =>
    error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED",
  allowRelaxedSimd: () => {
    if (Number(process.versions.node.split(".")[0]) < 22) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  },
  readsGpuNow: false,
  prepareWebgpu,
};
