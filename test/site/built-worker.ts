/** The worker's folder, built once for all tests that start, and served. */
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../tools/setup/project.mjs";
import { bundleWorker } from "../../tools/site/worker/bundle.mjs";
import { serveFolder, WorkerPage } from "./worker-page";

/** A built site's folder in its place: what `npm run site` has made is tested as it is. */
const given = process.env.SITE_WORKER;

let serving: ReturnType<typeof serveFolder> | null = null;

async function build(): Promise<string> {
  if (given !== undefined) return given;
  const out = path.join(ROOT, ".cache", "site", "test-worker");
  fs.mkdirSync(path.dirname(out), { recursive: true });
  await bundleWorker({ project: ROOT, out });
  return out;
}

/** Opens a worker in a browser of its own. */
export async function openWorker(args: string[] = []): Promise<WorkerPage> {
  serving ??= build().then(serveFolder);
  return WorkerPage.open((await serving).url, args);
}

/** Bytes that were sent so far, as they lie on disk. */
export async function bytesSent(): Promise<number> {
  return (await serving)?.sent() ?? 0;
}

export async function stopServing(): Promise<void> {
  (await serving)?.stop();
  serving = null;
}
