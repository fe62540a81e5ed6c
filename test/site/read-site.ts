/*
 * The pages of the read door, built once for what they are made from, and a server that has them in a folder below its
 * root, as a host of many sites has.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { buildPages } from "../../tools/site/read/build.mjs";
import { projectAt, ROOT } from "../../tools/setup/project.mjs";

const INPUTS = [
  "notebooks",
  "docs",
  "lib",
  "data/checkpoints/v3-mini/README.md",
  "tools/site/read",
  "tools/jupyterlab",
];

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** A folder's files, as paths in it. */
export function filesOf(folder: string): string[] {
  const names = fs.readdirSync(folder, { withFileTypes: true, recursive: true });
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}

/** The interpreter with the site's packages: SITE_PYTHON names one, else the site's own environment is taken. */
function sitePython(): string {
  const project = projectAt(ROOT);
  const own = path.join(project.cache, "site", "venv", path.relative(project.venv, project.python));
  const python = process.env.SITE_PYTHON ?? own;
  if (!fs.existsSync(python)) throw new Error(`There is no ${python}: run npm run site once, or set SITE_PYTHON.`);
  return python;
}

export interface Pages {
  folder: string;
  /** What the build had to say; nothing, if all is well. */
  said: string[];
  /** Every page, without .html. */
  names: string[];
}

/** The pages, built if they are not there as they would be. */
export async function builtPages(): Promise<Pages> {
  const hash = createHash("sha256");
  const files = INPUTS.flatMap((input) => {
    const at = path.join(ROOT, input);
    return fs.statSync(at).isDirectory() ? filesOf(at).map((file) => path.join(at, file)) : [at];
  });
  for (const file of files) hash.update(file).update(fs.readFileSync(file));
  const home = path.join(ROOT, ".cache", "site", "tested-pages");
  const folder = path.join(home, hash.digest("hex").slice(0, 16));
  const record = path.join(folder, "said.json");
  if (!fs.existsSync(record)) {
    fs.rmSync(home, { recursive: true, force: true });
    const said: string[] = [];
    const address = "https://example.org/course";
    const say = (line: string) => void said.push(line);
    await buildPages({ project: projectAt(ROOT), out: folder, python: sitePython(), say, address });
    fs.writeFileSync(record, JSON.stringify(said));
  }
  const names = filesOf(folder).filter((file) => file.endsWith(".html"));
  return {
    folder,
    said: JSON.parse(fs.readFileSync(record, "utf8")) as string[],
    names: names.map((file) => file.slice(0, -".html".length)),
  };
}

/** Serves a folder at http://127.0.0.1:PORT/some/course/. */
export function serveFolder(folder: string): Promise<{ url: string; close(): void }> {
  const base = "/some/course/";
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    const file = path.join(folder, decodeURIComponent(pathname).slice(base.length) || "index.html");
    const found = pathname.startsWith(base) && file.startsWith(folder) && fs.existsSync(file);
    response.writeHead(found ? 200 : 404, { "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream" });
    response.end(found ? fs.readFileSync(file) : "");
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      resolve({
        url: `http://127.0.0.1:${port}${base}`,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
