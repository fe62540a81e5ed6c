/**
 * A released model, for a lesson that measures on the real weights what it showed on small ones. A model on the web is
 * not downloaded: the headers of its files are read, and those tensors that the lesson asks for.
 */
import { isAddress } from "../checkpoint/remote/address";
import { RemoteFiles, type RemoteOptions } from "../checkpoint/remote/remote-files";
import { routerFacts, routerTensors, type RouterFacts } from "../checkpoint/inspect/routers";
import { scaleFacts, scaleTensors, type ScaleFacts } from "../checkpoint/inspect/scales";
import { TensorFiles } from "../checkpoint/safetensors-read";
import { checkInterrupt, fixed, isInterrupt, progress, say } from "../notebook";

/** What a lesson reads of a model. */
export interface Reading<T> {
  /** As it is called: "the correction biases of all layers". */
  what: string;
  /** The tensors that it takes. Throws if the model has none. */
  names(tensors: TensorFiles): string[];
  /** Computes from them. */
  read(tensors: TensorFiles): T;
}

export type ReadingOptions = Pick<RemoteOptions, "fetch" | "wait"> & {
  /** Bytes, headers included; more is not fetched. */
  most?: number;
};

const MOST = 300e6;
/** Less than this needs no progress bar. */
const SMALL = 1e6;

const megabytes = (bytes: number) => `${fixed(bytes / 1e6, 1)} MB`;

/**
 * Reads something of a real model, and says where it is from. Whatever is in the way, no network included, is said in a
 * line, so that the lesson goes on.
 *
 * @param source a model's folder, or its address on the web; empty: nothing is read
 * @returns null if nothing was read
 * @throws only if Interrupt was pressed
 */
export async function fromRealWeights<T>(
  source: string,
  reading: Reading<T>,
  options: ReadingOptions = {},
): Promise<T | null> {
  if (source.trim() === "") {
    void say`Off: nothing was read. With \`realWeights\` set to a model's address or folder in the parameters cell, this section
    reads ${reading.what}, and on the web the headers of all files, and says how much that is.`;
    return null;
  }
  try {
    const remote = isAddress(source.trim());
    const { found, received } = await (remote ? overNetwork : fromFolder)(source.trim(), reading, options);
    void say`Read from ${source.trim()}: ${reading.what}${received === null ? "" : `; ${megabytes(received)} came over the network`}.`;
    return found;
  } catch (error) {
    if (isInterrupt(error)) throw error;
    void say`Not read, and the lesson goes on: ${error instanceof Error ? error.message : String(error)}.`;
    return null;
  }
}

interface Found<T> {
  found: T;
  /** Bytes from the network, null if there is none in it. */
  received: number | null;
}

function fromFolder<T>(folder: string, { names, read }: Reading<T>): Promise<Found<T>> {
  const tensors = TensorFiles.openFolder(folder);
  names(tensors);
  return Promise.resolve({ found: read(tensors), received: null });
}

async function overNetwork<T>(
  address: string,
  { what, names, read }: Reading<T>,
  { most = MOST, ...options }: ReadingOptions,
): Promise<Found<T>> {
  const ending = new AbortController();
  let promised = 0; // bytes
  let part = { arrived: 0 }; // bytes of what is being fetched; an earlier part's bar looks at its own
  let opened = false; // config and index come without telling how far they are
  const bars: Promise<void>[] = [];
  const agree = (bytes: number, named: string) => {
    promised += bytes;
    if (promised > most) {
      throw new Error(`${named}: ${megabytes(promised)} would come over the network, more than ${megabytes(most)}`);
    }
    part = { arrived: 0 };
    if (opened && bytes >= SMALL) bars.push(bar(bytes, named, part, ending));
  };
  try {
    const files = await RemoteFiles.open(address, {
      ...options,
      cache: null,
      signal: ending.signal,
      agree,
      progress: (done) => void (part.arrived = done),
    });
    opened = true;
    const tensors = await files.tensors();
    await files.fetchTensors(tensors, names(tensors), what);
    await Promise.all(bars);
    return { found: read(tensors), received: files.received };
  } finally {
    ending.abort(); // ends a bar whose work has failed
    await Promise.all(bars);
  }
}

/** Shows how much has arrived, until all has or `ending` ends; ends the work itself when Interrupt is pressed. */
async function bar(bytes: number, what: string, state: { arrived: number }, ending: AbortController): Promise<void> {
  const parts = Math.ceil(bytes / 1e6);
  try {
    for await (const i of progress(parts, `reading ${what}`, { unit: "MB" })) {
      while (state.arrived < Math.min(bytes, (i + 1) * 1e6) && !ending.signal.aborted) {
        await new Promise((done) => setTimeout(done, 50));
        checkInterrupt();
      }
      if (ending.signal.aborted) return;
    }
  } catch (error) {
    ending.abort(error);
  }
}

/** The routers' correction biases, layer by layer. */
export const REAL_BIASES: Reading<RouterFacts[]> = {
  what: "the correction biases of all layers",
  names: (tensors) => orNone(routerTensors(tensors)).map(({ bias }) => bias),
  read: (tensors) => routerFacts(tensors, { norms: false }),
};

/** The first, the middle and the last router: biases, and the lengths of their experts' vectors. */
export const REAL_ROUTERS: Reading<RouterFacts[]> = {
  what: "the routers of three layers",
  names: (tensors) =>
    threeOf(orNone(routerTensors(tensors))).flatMap(({ bias, weight }) => [bias, weight].filter((n) => tensors.has(n))),
  read: (tensors) => routerFacts(tensors, { norms: true, routers: threeOf(routerTensors(tensors)) }),
};

/** The block scales of one layer's matrices, by component. */
export function realScales(layer: number): Reading<ScaleFacts[]> {
  const names = (tensors: TensorFiles) => {
    const found = scaleTensors(tensors).filter((name) => name.startsWith(`model.layers.${layer}.`));
    if (found.length === 0) throw new Error(`layer ${layer} of this model has no block scales`);
    return found;
  };
  return {
    what: `the block scales of layer ${layer}`,
    names,
    read: (tensors) => scaleFacts(tensors, Infinity, names(tensors)),
  };
}

/** @throws if there are none */
function orNone<T>(routers: T[]): T[] {
  if (routers.length === 0) throw new Error("this model's routers have no correction biases");
  return routers;
}

function threeOf<T>(all: T[]): T[] {
  return [...new Set([0, Math.floor((all.length - 1) / 2), all.length - 1])].map((i) => all[i]);
}
