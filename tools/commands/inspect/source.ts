/** Where a model is inspected: a folder, a file, or an address, whose parts are fetched when they are asked for. */
import { statSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { folderSource } from "../../../lib/checkpoint/byte-source";
import { readJsonIfThere, readJsonOf } from "../../../lib/checkpoint/json-file";
import { isAddress } from "../../../lib/checkpoint/remote/address";
import { RemoteFiles } from "../../../lib/checkpoint/remote/remote-files";
import { TensorFiles } from "../../../lib/checkpoint/safetensors-read";
import { fromCaller, toCaller } from "../../cli";
import { fetchOf } from "./proxy";
import { size } from "./words";

export interface Source {
  /** As it is called in what is printed. */
  name: string;
  /** The content of config.json; null where there is none. */
  config: Record<string, unknown> | null;
  tensors: TensorFiles;
  /** Brings tensors before they are read; what they are is told. */
  bring(names: string[], what: string): Promise<void>;
  /** Bytes that have come over the network, null if there is none in it. */
  received(): number | null;
}

export interface Opening {
  /** Whether to fetch whatever it takes. */
  yes: boolean;
  /** The folder to keep what is fetched in. */
  cache: string;
  signal: AbortSignal;
}

/** Bytes that are fetched without a question. */
const SMALL = 1e6;

/**
 * Opens it: reads all headers.
 *
 * @param given as the person wrote it
 * @throws {Error} if there is no model, or what it takes shall not be fetched
 */
export async function openSource(given: string, options: Opening): Promise<Source> {
  return isAddress(given) ? openAddress(given, options) : openPath(given);
}

function openPath(given: string): Source {
  const place = fromCaller(given);
  const isFile = statSync(place, { throwIfNoEntry: false })?.isFile() ?? false;
  const dir = isFile ? path.dirname(place) : place;
  return {
    name: toCaller(place) || ".",
    config: readJsonIfThere(path.join(dir, "config.json")),
    tensors: isFile ? TensorFiles.openFile(place) : TensorFiles.open(folderSource(dir)),
    bring: async () => {},
    received: () => null,
  };
}

async function openAddress(given: string, { yes, cache, signal }: Opening): Promise<Source> {
  const files = await RemoteFiles.open(given, {
    cache,
    token: tokenOf(process.env),
    fetch: fetchOf(process.env),
    signal,
    agree: (bytes, what) => (yes || bytes <= SMALL ? undefined : agreed(bytes, what, signal)),
    progress: process.stderr.isTTY ? showProgress : undefined,
  });
  const tensors = await files.tensors();
  return {
    name: given,
    config: files.size("config.json") === null ? null : readJsonOf(files, "config.json"),
    tensors,
    bring: (names, what) => files.fetchTensors(tensors, names, what),
    received: () => files.received,
  };
}

/** HF_TOKEN, for the hub that it is of: HF_ENDPOINT, as the hub's own programs have it, or the hub itself. */
export function tokenOf(env: Record<string, string | undefined>): { origin: string; value: string } | null {
  const { HF_TOKEN: value, HF_ENDPOINT: hub = "https://huggingface.co" } = env;
  if (value === undefined || value.trim() === "") return null;
  return { origin: new URL(hub).origin, value: value.trim() };
}

/** @throws {Error} if the person does not want it, or can't be asked */
async function agreed(bytes: number, what: string, signal: AbortSignal): Promise<void> {
  const told = `this reads ${size(bytes)} (${what})`;
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new Error(`${told}: add --yes to go on`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  asking.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await asking.question(`${told}; go on? [y/N] `, { signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Error("nothing more was read");
  } finally {
    asking.close();
  }
}

function showProgress(done: number, total: number, what: string): void {
  const text = done < total ? `${what}: ${size(done)} of ${size(total)}` : "";
  process.stderr.write(`\r\x1b[K${text}`);
}

/** Takes away the line that showProgress writes. */
export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}
