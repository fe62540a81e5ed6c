/**
 * What a second thread can bring on this machine: products in two threads at once, of those in one. Where two processors
 * are the two threads of one core, or their host has other work, it is less than 2, and bounds all that threads can gain.
 */
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { ProductData } from "./product-thread";

const LOADER = createRequire(__filename).resolve("tsx/cjs");

export interface TwoThreads {
  /** Billions of operations a second, of one thread alone and of two together: the best of many short times. */
  one: number;
  two: number;
}

/**
 * Measures in turns. The best is taken, not the median: it is the least disturbed by what else runs.
 *
 * @param work short enough that both threads are seldom interrupted
 */
export async function twoThreads(work: ProductData, { rounds = 60 } = {}): Promise<TwoThreads> {
  const options = { workerData: work, execArgv: ["--require", LOADER] };
  const threads = [0, 1].map(() => new Worker(path.join(__dirname, "product-thread.ts"), options));
  try {
    await Promise.all(threads.map(answer));
    const operations = 2 * work.M * work.K * work.N * work.products;
    const speed = async (of: Worker[]) => {
      const times = await Promise.all(
        of.map((thread) => {
          const time = answer(thread);
          thread.postMessage(null);
          return time;
        }),
      );
      return times.reduce((sum: number, time) => sum + operations / (1e6 * Number(time)), 0);
    };
    const best = { one: 0, two: 0 };
    for (let round = 0; round < rounds; round++) {
      best.one = Math.max(best.one, await speed(threads.slice(0, 1)));
      best.two = Math.max(best.two, await speed(threads));
    }
    return best;
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

/** The next message of a thread. */
async function answer(thread: Worker): Promise<unknown> {
  const [message] = (await once(thread, "message")) as unknown[]; // rejects if the thread fails
  return message;
}
