/**
 * A hub on this machine: one server that knows the models and sends to a second one, on another port, for what is large;
 * both can misbehave in the ways that are asked for.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

export interface HubFile {
  size: number;
  etag: string;
  read(begin: number, end: number): Uint8Array;
}

/** What is done to some answers instead of what is right. */
export type Fault =
  | { kind: "status"; status: number; headers?: Record<string, string> }
  | { kind: "cut"; after: number } // the connection ends after so many bytes
  | { kind: "range"; range: string } // says another range than it sends
  | { kind: "whole" } // knows no ranges
  | { kind: "etag"; etag: string };

export interface Seen {
  server: "front" | "store";
  file: string;
  range: string | null;
  authorization: string | null;
}

export interface Hub {
  /** The page of its model. */
  address: string;
  origin: string;
  seen: Seen[];
  /** Bytes of bodies that it has sent, redirects' not counted. */
  sent: number;
  /** Which answers go wrong; asked for each, null if it's right. */
  fault: (request: Seen) => Fault | null;
  close(): Promise<void>;
}

/** The files of a folder. */
export function folderFiles(dir: string): Map<string, HubFile> {
  return new Map(readdirSync(dir).map((name) => [name, fileOf(readFileSync(path.join(dir, name)))]));
}

export function fileOf(bytes: Uint8Array): HubFile {
  const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}"`;
  return { size: bytes.length, etag, read: (begin, end) => bytes.subarray(begin, end) };
}

const CHUNK = 1 << 16;

/** What a hub says that lets pages of other sites read it. */
const FOR_PAGES = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "range, if-none-match",
  "access-control-expose-headers": "etag, content-range, content-length",
};

/** Begins to serve; files of .safetensors come from the second server. @param options.pages lets pages read it */
export async function openHub(files: Map<string, HubFile>, { slow = 0, pages = false } = {}): Promise<Hub> {
  const servers: Server[] = [];
  const listen = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    const server = createServer((request, response) => {
      if (pages) for (const [name, value] of Object.entries(FOR_PAGES)) response.setHeader(name, value);
      if (request.method === "OPTIONS") response.end();
      else answer(request, response);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const hub: Hub = {
    address: "",
    origin: "",
    seen: [],
    sent: 0,
    fault: () => null,
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
  const note = (server: Seen["server"], request: IncomingMessage, file: string): Seen => {
    const { range = null, authorization = null } = request.headers;
    const seen = { server, file, range, authorization };
    hub.seen.push(seen);
    return seen;
  };
  const send = async (request: IncomingMessage, response: ServerResponse, seen: Seen) => {
    const [file, fault] = [files.get(seen.file), hub.fault(seen)];
    if (fault?.kind === "status") return void response.writeHead(fault.status, fault.headers).end("busy");
    if (file === undefined) return void response.writeHead(404).end("not here");
    const etag = fault?.kind === "etag" ? fault.etag : file.etag;
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
    let [begin, end, status] = [0, file.size, 200];
    const headers: Record<string, string> = { etag };
    const asked = /^bytes=(\d+)-(\d*)$/.exec(seen.range ?? "");
    if (asked !== null && fault?.kind !== "whole") {
      [begin, status] = [Number(asked[1]), 206];
      end = asked[2] === "" ? file.size : Math.min(file.size, Number(asked[2]) + 1);
      if (begin >= end) return void response.writeHead(416).end();
      headers["content-range"] = fault?.kind === "range" ? fault.range : `bytes ${begin}-${end - 1}/${file.size}`;
    }
    response.writeHead(status, { ...headers, "content-length": String(end - begin) });
    const closed = new Promise((done) => response.once("close", done));
    const stop = fault?.kind === "cut" ? Math.min(end, begin + fault.after) : end;
    for (let at = begin; at < stop && !response.destroyed; at += CHUNK) {
      const bytes = file.read(at, Math.min(stop, at + CHUNK));
      hub.sent += bytes.length;
      if (!response.write(bytes)) await Promise.race([closed, new Promise((done) => response.once("drain", done))]);
      if (slow > 0) await new Promise((done) => setTimeout(done, slow));
    }
    if (stop === end) return void response.end();
    await new Promise((done) => setTimeout(done, 20)); // or what was sent is dropped on its way
    response.destroy();
  };
  const store = await listen((request, response) => {
    const file = decodeURIComponent(new URL(request.url ?? "", "http://store").pathname.slice("/blobs/".length));
    void send(request, response, note("store", request, file));
  });
  hub.origin = await listen((request, response) => {
    const [, file] = /^\/owner\/model\/resolve\/main\/(.+)$/.exec(decodeURIComponent(request.url ?? "")) ?? [];
    const seen = note("front", request, file ?? "");
    if (file?.endsWith(".safetensors") && files.has(file) && hub.fault(seen) === null) {
      response.writeHead(302, { location: `${store}/blobs/${file}?signature=secret` }).end("moved");
    } else void send(request, response, seen);
  });
  hub.address = `${hub.origin}/owner/model`;
  return hub;
}
