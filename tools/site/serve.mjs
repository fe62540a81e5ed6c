/*
 * Serves the built site on this machine, for looking at it: files, compressed as web hosts do, and nothing else. Any
 * static host does the same for the world.
 */
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import zlib from "node:zlib";

const HOST = "127.0.0.1";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".ipynb": "application/json",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
  ".md": "text/markdown; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".ts": "text/plain; charset=utf-8",
  ".xml": "application/xml",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};

/** What gets smaller; the rest is compressed already, or is numbers. */
const COMPRESSED = /^(text\/|application\/(json|xml|wasm|manifest\+json)|image\/svg)/;

/**
 * @typedef {object} Serving
 * @property {string} url ends in a slash
 * @property {() => Promise<void>} close
 * @property {{ path: string, bytes: number }[]} sent what was sent so far: each answer's address and the bytes of its body
 */

/**
 * The file that an address means; null if there is none in the folder.
 * @param {string} folder
 * @param {string} name decoded, without the leading slash
 * @returns {string | null}
 */
function fileFor(folder, name) {
  const file = path.join(folder, ...name.split("/"));
  if (file !== folder && !file.startsWith(folder + path.sep)) return null;
  const found = fs.statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory()) return name === "" || name.endsWith("/") ? fileFor(folder, `${name}index.html`) : file;
  return found?.isFile() ? file : null;
}

/**
 * @param {{ folder: string, port: number, base?: string }} options port: 0 for any; base: the folder of the address below
 *   which the site lies, such as "/courses/v3/"
 * @returns {Promise<Serving>}
 */
export function serveSite({ folder, port, base = "/" }) {
  /** @type {Map<string, { etag: string, body: Buffer }>} */
  const compressed = new Map();
  /** @type {Serving["sent"]} */
  const sent = [];
  const server = http.createServer((request, response) => {
    const end = (
      /** @type {number} */ status,
      /** @type {Record<string, string>} */ headers,
      /** @type {Buffer} */ body = Buffer.alloc(0),
    ) => {
      sent.push({ path: request.url ?? "", bytes: request.method === "HEAD" ? 0 : body.length });
      response.writeHead(status, { ...headers, "Content-Length": body.length });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    let pathname = "";
    try {
      pathname = decodeURIComponent(new URL(request.url ?? "", "http://localhost").pathname);
    } catch {
      return end(400, {});
    }
    if (!["GET", "HEAD"].includes(request.method ?? "")) return end(405, { Allow: "GET, HEAD" });
    const file = pathname.startsWith(base) ? fileFor(folder, pathname.slice(base.length)) : null;
    if (file === null) return end(404, { "Content-Type": "text/plain" }, Buffer.from("There is no such page.\n"));
    const { mtimeMs, size } = fs.statSync(file);
    if (fs.statSync(file).isDirectory()) return end(301, { Location: `${pathname}/` });
    const etag = `"${mtimeMs.toString(36)}-${size.toString(36)}"`;
    const type = TYPES[path.extname(file)] ?? "application/octet-stream";
    const headers = { "Content-Type": type, ETag: etag, "Cache-Control": "no-cache" };
    if (request.headers["if-none-match"] === etag) return end(304, headers);
    if (!COMPRESSED.test(type) || !/\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""))) {
      return end(200, headers, fs.readFileSync(file));
    }
    let kept = compressed.get(file);
    if (kept?.etag !== etag) compressed.set(file, (kept = { etag, body: zlib.gzipSync(fs.readFileSync(file)) }));
    end(200, { ...headers, "Content-Encoding": "gzip", Vary: "Accept-Encoding" }, kept?.body);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      const address = /** @type {import("node:net").AddressInfo} */ (server.address());
      const close = () =>
        new Promise((/** @type {(value: void) => void} */ done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ url: `http://${HOST}:${address.port}${base}`, close, sent });
    });
  });
}
