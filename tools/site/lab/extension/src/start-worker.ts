/*
 * Starts the worker of a kernel. One takes more than a second until it can run cells, and JupyterLab even longer until a
 * notebook is open: the first is started as soon as this page's scripts are (first-worker.ts), and the first kernel takes it
 * over.
 */
import type { FromWorker, Start } from "../../../worker/protocol";

export interface Starting {
  worker: Worker;
  /** Rejects if it does not start. */
  ready: Promise<void>;
}

/**
 * @param base the address of the folder that bundleWorker wrote, ending in "/"
 * @param notebook what will be run, where it is known
 */
export function startWorker(base: string, notebook?: string): Starting {
  const worker = new Worker(`${base}worker.js`, { type: "module" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "ready") resolve();
    });
    worker.addEventListener("error", (event) => reject(new Error(`The kernel did not start: ${event.message}`)));
  });
  ready.catch(() => {}); // whoever runs a cell is told
  worker.postMessage({ type: "start", base, notebook } satisfies Start);
  return { worker, ready };
}

const page = globalThis as { courseFirstWorker?: Starting };

/** Keeps a worker for the first kernel. */
export function keepFirstWorker(first: Starting): void {
  page.courseFirstWorker = first;
}

/** The worker that was started with the page; the first caller gets it. */
export function takeFirstWorker(): Starting | undefined {
  const first = page.courseFirstWorker;
  delete page.courseFirstWorker;
  return first;
}
