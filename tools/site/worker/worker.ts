/**
 * The worker of the kernel in a tab: takes the messages of the page (protocol.ts) and runs the cells. The page sends one
 * cell after the other; everything else may come at any time.
 */
import { Buffer } from "buffer";
import { inspect } from "node-inspect-extracted";
import { host, putFile, removeFile, setTab } from "../../../lib/host/browser";
import { OutputStream } from "../../kernel/output-stream.cjs";
import { AsBuilt } from "./as-built";
import { Cells } from "./cells";
import { Compiler, type SourceFiles } from "./compiler";
import { newConsole } from "./console";
import { runtime } from "./errors";
import { shelve } from "./files";
import { Interrupts } from "./interrupts";
import type { SiteManifest } from "./manifest";
import type { FileChange, FromWorker, SavedNotebook, Start, ToWorker } from "./protocol";
import { Written } from "./written";

/** What every lesson imports (tools/kernel/warm-up.cjs). */
const USUAL = `import * as tf from "@tensorflow/tfjs";
import { say } from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";`;

/** What a lesson imports, as its master says; of any other notebook, what every lesson does. */
function importsOf(notebook = ""): string {
  const master = `notebooks/source/${host.paths.basename(notebook, ".ipynb")}.ts`;
  const imports = host.look(master) === null ? null : host.readText(master).match(/^import [^;]+;$/gm);
  return `${imports?.join("\n") ?? USUAL}\ntf.zeros([1]).print();`;
}

interface Scope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { data: ToWorker }) => void) | null;
  addEventListener(type: string, listener: (event: StrayEvent) => void): void;
}

interface StrayEvent {
  error?: unknown;
  reason?: unknown;
  preventDefault(): void;
}

/** The largest part comes while the others are fetched. */
const loadingTypeScript = import("@tslab/typescript-for-tslab");

const scope = globalThis as unknown as Scope;
const post = (message: FromWorker) => scope.postMessage(message);

/** The cell that runs, or ran last: what is printed later appears below it, as in IPython. */
let current = 0;
/** The request of each cell that a reader can still see, by the number beside it. */
const requests = new Map<string, number>();

const stream = new OutputStream((name, text) =>
  post({ type: "stream", id: current, name: name === "stderr" ? "stderr" : "stdout", text }),
);
const print = (name: "stdout" | "stderr", text: string) => stream.write(name, text);

const interrupts = new Interrupts();
let cells: Cells | null = null;
let compiler: Compiler | null = null;

Object.assign(console, newConsole(print));
Object.assign(globalThis, {
  Buffer,
  setImmediate: (call: (...args: unknown[]) => void, ...args: unknown[]) =>
    void host.nextTurn().then(() => call(...args)),
  courseInterrupt: interrupts,
});

const written = new Written((changes) => post({ type: "files", changes }));

setTab({
  changed: (path) => written.changed(path),
  outputs: ({ data, metadata, transient }, update) => {
    stream.flush();
    const message = { type: "display", id: current, update, data, metadata, transient } as const;
    try {
      post(message);
    } catch {
      post(JSON.parse(JSON.stringify(message)) as FromWorker); // it holds what no message can carry, nor a notebook
    }
  },
});

/** An error that nobody caught belongs to the cell that it comes from. */
function stray(event: StrayEvent, error: unknown): void {
  if (cells === null) return; // the page hears of it, as of every error of its worker
  event.preventDefault();
  if (interrupts.isInterrupted(error)) return;
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const [name = ""] = /cell-\d+(?=:\d)/.exec(stack) ?? [];
  const id = requests.get(name) ?? current;
  const content = cells.errorOf(error);
  if (id === current && running) strays.push(content);
  else post({ type: "error", id, error: content });
}
scope.addEventListener("unhandledrejection", (event) => stray(event, event.reason));
scope.addEventListener("error", (event) => stray(event, event.error));

let running = false;
let strays: ReturnType<Cells["errorOf"]>[] = [];

async function execute({ id, code, count, notebook }: Extract<ToWorker, { type: "execute" }>): Promise<void> {
  if (cells === null) throw new Error("the kernel has not started");
  current = id;
  requests.set(`cell-${count}`, id);
  if (notebook !== undefined) setTab({ notebook });
  running = true;
  strays = [];
  let error = await cells.run(code, count).catch(cells.errorOf.bind(cells)); // a fault of ours is told as well
  // A promise that failed while the cell ran is told in this turn: it belongs to the cell's own result.
  await host.nextTurn();
  await host.nextTurn();
  running = false;
  stream.flush();
  const [first, ...more] = strays;
  if (error === null && first !== undefined) error = first;
  else if (first !== undefined) more.unshift(first);
  for (const content of more) post({ type: "error", id, error: content });
  written.flush();
  post({ type: "executed", id, error });
}

/** TypeScript's view of the files that lib can read. */
const sources = (types: Record<string, string>): SourceFiles => {
  const folders = new Set<string>();
  for (const path of Object.keys(types)) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.add(path.slice(0, at));
  }
  const isCode = (path: string) => path.startsWith("/lib/");
  return {
    read: (path) => types[path] ?? (isCode(path) && host.look(path)?.kind === "file" ? host.readText(path) : undefined),
    exists: (path) => path in types || (isCode(path) && host.look(path)?.kind === "file"),
    folderExists: (path) => folders.has(path) || host.look(path)?.kind === "folder",
    list: (folder) =>
      host.list(folder).map((name) => (host.look(`${folder}/${name}`)?.kind === "folder" ? `${name}/` : name)),
  };
};

function moduleNamed(modules: Record<string, unknown>, name: string): unknown {
  const found = modules[name.replace(/^\.\//, "").replace(/\.(ts|js)$/, "")];
  if (found === undefined) throw new Error(`In a browser tab there is no module "${name}"`);
  return found;
}

async function start({ base, notebook }: Start): Promise<void> {
  const load = async (url: string) => {
    const response = await fetch(base + url);
    if (!response.ok) throw new Error(`the site's file ${url} cannot be loaded (${response.status})`);
    return response;
  };
  const unpacked = async (url: string) => {
    const stream = (await load(url)).body?.pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream);
  };
  const manifest = (await (await load("manifest.json")).json()) as SiteManifest;
  const [pack, types] = await Promise.all([
    unpacked(manifest.pack.url).then((response) => response.arrayBuffer()),
    unpacked(manifest.types.url).then((response) => response.json() as Promise<Record<string, string>>),
  ]);
  const newShow = () => {
    if (!running) return null;
    const display_id = host.randomId();
    let update = false;
    return (data: Record<string, unknown>) => {
      post({ type: "display", id: current, update, data, metadata: LOADING, transient: { display_id } });
      update = true;
    };
  };
  shelve(manifest, new Uint8Array(pack), base, newShow);
  // Only now: modules of lib read facts when they are evaluated.
  const { modules, loadWebgpu, setWasmPaths } = await import("course:modules");
  setWasmPaths(base);
  setTab({ loadWebgpu });
  const { default: ts } = await loadingTypeScript;
  compiler = new Compiler(ts, sources(types));
  cells = new Cells({
    compiler,
    interrupts,
    asBuilt: new AsBuilt(manifest.asBuilt),
    modules: (name) => moduleNamed(modules, name),
    print: (value) => print("stdout", `${typeof value === "string" ? value : inspect(value)}\n`),
    runtime,
  });
  Object.assign(globalThis, { courseCells: cells.standing.answers });
  imports = importsOf(notebook);
  post({ type: "ready" });
}

/** What the lesson imports, until the compiler has read it. */
let imports: string | null = null;

/** Has the compiler read what it will need, a piece at a time, until a cell is to run. */
function readOn(): void {
  if (running || compiler === null || cells === null) return;
  if (imports !== null) compiler.warmUp(imports);
  else if (!cells.showOne()) return;
  imports = null;
  setTimeout(readOn);
}

const saved = new Set<string>();

function takeNotebooks(files: SavedNotebook[]): void {
  for (const path of saved) removeFile(path);
  saved.clear();
  for (const { path, text, changed } of files) {
    const bytes = new TextEncoder().encode(text);
    putFile(path, { size: bytes.length, changed, bytes: () => bytes });
    saved.add(path);
  }
}

/** What lies in work/ now. */
function takeFiles(changes: FileChange[]): void {
  for (const { path, bytes, changed } of changes) {
    if (bytes === null) removeFile(path);
    else putFile(path, { size: bytes.length, changed, bytes: () => bytes });
  }
}

scope.onmessage = ({ data }) => {
  if (data.type === "start") void start(data).catch((error: unknown) => setTimeout(() => throwIt(error)));
  else if (data.type === "execute") void execute(data);
  else if (data.type === "spare") readOn();
  else if (data.type === "interrupt") {
    post({ type: "interrupting" });
    interrupts.interrupt();
  } else if (data.type === "notebooks") takeNotebooks(data.files);
  else if (data.type === "files") takeFiles(data.changes);
  else if (data.type === "not-kept") written.again(data.paths);
  else if (data.type === "complete") {
    const { matches, start, end } = compiler?.complete(data.code, data.cursor, cells?.scope ?? new Map()) ?? NOTHING;
    post({ type: "completed", id: data.id, matches, start, end });
  } else {
    const text = compiler?.inspect(data.code, data.cursor, cells?.scope ?? new Map()) ?? null;
    post({ type: "inspected", id: data.id, data: text === null ? null : { "text/plain": text } });
  }
};

function throwIt(error: unknown): never {
  throw error;
}

/** Marks the outputs that tell of a loading: the same lesson has none in JupyterLab. */
const LOADING = { course: "loading" };

const NOTHING = { matches: [], start: 0, end: 0 };
