/**
 * lib in a worker of a browser tab. Files are those that the site has: the kernel (tools/site/worker) puts them here by
 * their paths before the first cell runs, large ones with a function that fetches them when they are first read. What is
 * written lies beside them, in memory; the kernel is told of it, so that the page can keep it.
 */
import type { Found, Host, NotebookOutput, Paths, Writing } from "./host";
import { sha256 } from "./sha256";

/** A file of the site. */
export interface ServedFile {
  size: number;
  changed: number;
  /** Its bytes; called for every reading. */
  bytes(): Uint8Array;
}

/** What the kernel of the tab gives to lib. */
export interface Tab {
  notebook: string | undefined;
  outputs: ((output: NotebookOutput, update: boolean) => void) | null;
  /** Called with the path of each file that lib has written or removed, from the root. */
  changed: ((path: string) => void) | null;
  /** Loads tfjs's backend for WebGPU. */
  loadWebgpu: (() => Promise<unknown>) | null;
}

const tab: Tab = { notebook: undefined, outputs: null, changed: null, loadWebgpu: null };

/** Changes what the kernel gives. */
export function setTab(change: Partial<Tab>): void {
  Object.assign(tab, change);
}

/** By path from the root, without a slash in front. */
const files = new Map<string, ServedFile>();
/** Every folder that a file lies in. */
const folders = new Map<string, Set<string>>([["", new Set()]]);

/** Puts a file at a path, or another in its place. */
export function putFile(path: string, file: ServedFile): void {
  const place = placeOf(path);
  files.set(place, file);
  for (let child = place; child !== "";) {
    const folder = child.includes("/") ? child.slice(0, child.lastIndexOf("/")) : "";
    const names = folders.get(folder) ?? new Set();
    folders.set(folder, names.add(child.slice(folder === "" ? 0 : folder.length + 1)));
    child = folder;
  }
}

/** Takes a file away. Its folder stays. */
export function removeFile(path: string): void {
  const place = placeOf(path);
  files.delete(place);
  forgetName(place);
}

function forgetName(place: string): void {
  const at = place.lastIndexOf("/");
  folders.get(place.slice(0, Math.max(0, at)))?.delete(place.slice(at + 1));
}

/** Puts what lib writes. */
function putWritten(path: string, bytes: Uint8Array): void {
  if (folders.has(placeOf(path))) throw failure("EISDIR", "illegal operation on a directory", path);
  putFile(path, { size: bytes.length, changed: Date.now(), bytes: () => bytes });
  tab.changed?.(placeOf(path));
}

function remove(path: string): void {
  const place = placeOf(path);
  for (const name of folders.get(place) ?? []) remove(`${place}/${name}`);
  if (folders.delete(place)) return forgetName(place);
  if (!files.has(place)) return;
  removeFile(place);
  tab.changed?.(place);
}

function move(path: string, to: string): void {
  const names = folders.get(placeOf(path));
  if (names === undefined) {
    putFile(to, fileAt(path));
    removeFile(path);
    for (const place of [to, path]) tab.changed?.(placeOf(place));
    return;
  }
  if ((folders.get(placeOf(to))?.size ?? 0) > 0) throw failure("ENOTEMPTY", "directory not empty", to);
  for (const name of [...names]) move(`${path}/${name}`, `${to}/${name}`);
  remove(path);
}

function create(path: string): Writing {
  const pieces: Uint8Array[] = [];
  if (folders.has(placeOf(path))) throw failure("EISDIR", "illegal operation on a directory", path);
  return {
    write: (bytes) => void pieces.push(bytes.slice()),
    close() {
      const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const piece of pieces) {
        all.set(piece, at);
        at += piece.length;
      }
      putWritten(path, all);
    },
  };
}

/** The project's root is "/", and where relative paths start. */
function placeOf(path: string): string {
  return paths.normalize(`/${path}`).slice(1).replace(/\/$/, "");
}

const paths: Paths = {
  normalize(file) {
    const parts: string[] = [];
    for (const part of file.split("/")) {
      if (part === "" || part === ".") continue;
      if (part !== "..") parts.push(part);
      else if (parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
      else if (!file.startsWith("/")) parts.push("..");
    }
    const joined = `${file.startsWith("/") ? "/" : ""}${parts.join("/")}`;
    if (joined === "") return file.endsWith("/") ? "./" : ".";
    return file.endsWith("/") && parts.length > 0 ? `${joined}/` : joined;
  },
  join: (...parts) => paths.normalize(parts.filter((part) => part !== "").join("/")),
  dirname(file) {
    const bare = file.replace(/(?<=[^/])\/+$/, "");
    const at = bare.lastIndexOf("/");
    return at < 0 ? "." : at === 0 ? "/" : bare.slice(0, at);
  },
  basename(file, ending = "") {
    const name = file.replace(/\/+$/, "").split("/").pop() ?? "";
    return ending !== "" && name !== ending && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
  },
  isAbsolute: (file) => file.startsWith("/"),
  relative(folder, file) {
    const [from, to] = [folder, file].map((path) => placeOf(path).split("/").filter(Boolean));
    let same = 0;
    while (same < from.length && same < to.length && from[same] === to[same]) same++;
    return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
  },
};

/** As Node's errors are: with the system's word for what is wrong. */
function failure(code: string, words: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${words}, open '${path}'`), { code });
}

function fileAt(path: string): ServedFile {
  const file = files.get(placeOf(path));
  if (file !== undefined) return file;
  if (folders.has(placeOf(path))) throw failure("EISDIR", "illegal operation on a directory", path);
  throw failure("ENOENT", "no such file or directory", path);
}

function look(path: string): Found | null {
  const place = placeOf(path);
  const file = files.get(place);
  if (file !== undefined) return { kind: "file", size: file.size, changed: file.changed };
  return folders.has(place) ? { kind: "folder", size: 0, changed: 0 } : null;
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const pieces: string[] = [];
  for (let i = 0; i < bytes.length; i += 4096) pieces.push(String.fromCharCode(...bytes.subarray(i, i + 4096)));
  return btoa(pieces.join(""));
}

class TimeUp extends Error {
  constructor() {
    super("time is up");
    this.name = "TimeUp";
  }
}

/** Until when the running call of `limited` may take. */
let deadline = Infinity;

/**
 * What the kernel compiles into the loops and functions of cells: nothing else can end them.
 * @throws when the time of the call that they belong to is up
 */
export function guard(): void {
  if (performance.now() > deadline) throw new TimeUp();
}

function limited<T>(milliseconds: number, call: () => T): { value: T } | null {
  const outer = deadline;
  const own = Math.min(outer, performance.now() + milliseconds);
  const done = () => void (deadline === own && (deadline = outer));
  deadline = own;
  try {
    const value = call();
    if (!(value instanceof Promise)) {
      done();
      return { value };
    }
    // What comes after its first await is guarded too, until it ends or its time is over.
    const timer = setTimeout(done, milliseconds + 100);
    const settled = () => {
      clearTimeout(timer);
      done();
    };
    value.then(settled, settled);
    return { value };
  } catch (error) {
    done();
    if (error instanceof TimeUp) return null;
    throw error;
  }
}

interface Gpu {
  requestAdapter(): Promise<object | null>;
}

async function prepareWebgpu(): Promise<string | null> {
  const gpu = (globalThis as { navigator?: { gpu?: Gpu } }).navigator?.gpu;
  if (gpu === undefined) return "this browser has no WebGPU";
  if ((await gpu.requestAdapter()) === null) return "this browser gives no GPU to pages";
  if (tab.loadWebgpu === null) return "this site was built without it";
  await tab.loadWebgpu();
  return null;
}

export const host: Host = {
  paths,
  readText: (file) => new TextDecoder().decode(fileAt(file).bytes()),
  readBytes: (file) => fileAt(file).bytes().slice(),
  readRange: (file, begin, length) =>
    fileAt(file)
      .bytes()
      .slice(begin, begin + length),
  look,
  list(folder) {
    const names = folders.get(placeOf(folder));
    if (names === undefined) throw failure("ENOENT", "no such file or directory", folder);
    return [...names].sort();
  },
  write: (file, content) =>
    putWritten(file, typeof content === "string" ? new TextEncoder().encode(content) : content.slice()),
  create,
  move,
  remove,
  sync: () => {},
  hash: sha256,
  randomId: () => crypto.randomUUID(),
  base64,
  setting: () => undefined,
  notebook: () => tab.notebook,
  outputs: () => tab.outputs,
  terminal: () => null,
  nextTurn,
  limited,
  isTimeUp: (error) => error instanceof TimeUp,
  isInterrupt: () => false,
  allowRelaxedSimd: () => {},
  readsGpuNow: true,
  prepareWebgpu,
};

/** A message to oneself: it waits behind those of the page, and for no timer's four milliseconds. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const settle = () => {
      port1.close();
      resolve();
    };
    Object.assign(port1, { onmessage: settle }); // Node's types of ports know no such property
    port2.postMessage(null);
  });
}
