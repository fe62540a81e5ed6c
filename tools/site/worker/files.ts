/**
 * The files of the site as lib sees them. A lesson reads files while its cells run, and lib does so without waiting: a
 * large file is fetched by requests that hold the worker until they are answered, piece by piece, so that the page can say
 * how far it is. Messages to the page go out meanwhile.
 */
import { ungzip } from "pako";
import { putFile } from "../../../lib/host/browser";
import { duration } from "../../../lib/notebook/progress";
import { plainHtml } from "../../../lib/notebook/html";
import type { LargeFile, SiteManifest } from "./manifest";

/** Shows how far a loading is; `bundle` as lib/notebook/display.ts has it. */
export type Show = (bundle: { "text/plain": string; "text/html": string }) => void;

interface Request {
  open(method: string, url: string, async: boolean): void;
  overrideMimeType(type: string): void;
  responseType: string;
  send(): void;
  status: number;
  response: ArrayBuffer;
}

/** Bytes of an address, at once. */
function fetchNow(url: string): Uint8Array {
  const request = new (globalThis as unknown as { XMLHttpRequest: new () => Request }).XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  try {
    request.send();
  } catch {
    throw new Error(`${url} cannot be loaded: is there a network? Run the cell again once there is.`);
  }
  if (request.status !== 200) throw new Error(`the site's file ${url} cannot be loaded (${request.status})`);
  return new Uint8Array(request.response);
}

/** Joins the pieces of a large file as they come. */
function load(path: string, { size, pieces }: LargeFile, base: string, show: Show | null): Uint8Array {
  const out = new Uint8Array(size);
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const name = path.split("/").slice(-2).join("/");
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const begin = performance.now();
  let at = 0;
  let loaded = 0;
  for (const { url, bytes } of pieces) {
    const text = `loading ${name}: ${megabytes(loaded)} of ${megabytes(total)} MB`;
    show?.({
      "text/plain": text,
      "text/html": `<div style="font-size: 13px">${plainHtml(text)} <progress max="${total}" value="${loaded}"></progress></div>`,
    });
    const piece = ungzip(fetchNow(base + url));
    out.set(piece, at);
    at += piece.length;
    loaded += bytes;
  }
  if (at !== size) throw new Error(`${path}: ${at} bytes came, ${size} were expected; reload the page`);
  const text = `✔ ${name}: ${megabytes(total)} MB loaded`;
  const time = ` in ${duration((performance.now() - begin) / 1000)}`;
  show?.({
    "text/plain": text,
    "text/html": `<div style="font-size: 13px">${plainHtml(text + time)}</div>`,
  });
  return out;
}

/**
 * Puts the files of a manifest where lib finds them.
 *
 * @param pack the content of the pack
 * @param newShow makes an output that a loading writes to; null while no cell runs
 */
export function shelve(manifest: SiteManifest, pack: Uint8Array, base: string, newShow: () => Show | null): void {
  for (const [path, [begin, length]] of Object.entries(manifest.pack.files)) {
    const bytes = pack.subarray(begin, begin + length);
    putFile(path, { size: length, changed: 1, bytes: () => bytes });
  }
  for (const [path, file] of Object.entries(manifest.files)) {
    let loaded: Uint8Array | undefined;
    putFile(path, { size: file.size, changed: 1, bytes: () => (loaded ??= load(path, file, base, newShow())) });
  }
  const nothing = new Uint8Array();
  for (const path of manifest.others) putFile(path, { size: 0, changed: 1, bytes: () => nothing });
}
