/** The worker of the built site, served alone for the tests of one file. */
import path from "node:path";
import { inject } from "vitest";
import { serveFolder, WorkerPage } from "./worker-page";

let serving: ReturnType<typeof serveFolder> | null = null;

/** Opens a worker in a browser of its own. */
export async function openWorker(args: string[] = []): Promise<WorkerPage> {
  serving ??= serveFolder(path.join(inject("site").folder, "run", "worker"));
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
