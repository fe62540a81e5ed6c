/**
 * The files of a model on a web server. First what is wanted is fetched, with `await`; then it is read as from a folder.
 * A model is mostly not fetched: the headers of its files tell every tensor's place, and ranges bring a few of them.
 */
import { host } from "../../host";
import type { ByteSource } from "../byte-source";
import { BEGINNING, headerEnd } from "../safetensors-header";
import { INDEX, readWeightMap, SINGLE, TensorFiles } from "../safetensors-read";
import { modelAddress } from "./address";
import { Changed, Missing } from "./checked";
import { download, type Asking } from "./download";
import type { Fetch, Token } from "./follow";
import { Pieces } from "./pieces";
import { lengthOf, requestsFor, type FileRange } from "./ranges";
import { atOnce } from "./at-once";

export interface RemoteOptions {
  /** The folder to keep what is received in, so that it is not fetched again; null: in memory. */
  cache: string | null;
  token?: Token | null;
  fetch?: Fetch;
  /** Ends whatever is under way; what has been received is kept. */
  signal?: AbortSignal;
  /** Called before bytes are fetched, with how many and what they are. Throws if they shall not be. */
  agree?(bytes: number, what: string): void | Promise<void>;
  /** Told now and then how many bytes of what is being fetched are there. */
  progress?(done: number, total: number, what: string): void;
  /** Waits for so many seconds. */
  wait?(seconds: number): Promise<void>;
}

const CONFIG = "config.json";

export class RemoteFiles implements ByteSource {
  /** Bytes that have come over the network. */
  received = 0;
  private readonly absent = new Set<string>();

  private constructor(
    /** The address of the folder, with a slash at its end. */
    readonly place: string,
    /** The one file that was asked for; null for the model. */
    readonly file: string | null,
    private readonly pieces: Pieces,
    private readonly options: RemoteOptions,
  ) {}

  /**
   * Finds a model: fetches its config.json and its index. Of one file, nothing yet.
   *
   * @param address as modelAddress takes it
   * @throws if there is no model, or no server
   */
  static async open(address: string, options: RemoteOptions): Promise<RemoteFiles> {
    const { folders, file } = modelAddress(address);
    for (const folder of folders) {
      const files = new RemoteFiles(folder, file, new Pieces(cacheOf(folder, options.cache)), options);
      if (await files.find()) return files;
    }
    throw new Error(`${address}: there is no model: no ${CONFIG} in ${folders.join(" or ")}`);
  }

  at(file: string): string {
    return this.place + file.split("/").map(encodeURIComponent).join("/");
  }

  size(file: string): number | null {
    return this.absent.has(file) ? null : (this.pieces.about(file)?.size ?? null);
  }

  read(file: string, begin: number, end: number): ArrayBuffer {
    const bytes = this.pieces.read(file, begin, end);
    if (bytes === null) throw new Error(`${this.at(file)}: bytes ${begin} to ${end} have not been fetched`);
    return bytes.buffer as ArrayBuffer;
  }

  /**
   * The tensors, to be read once they are fetched: fetches the headers of all files.
   *
   * @throws as fetch; as TensorFiles.open
   */
  async tensors(): Promise<TensorFiles> {
    const single = this.file ?? (this.size(INDEX) === null ? SINGLE : null);
    const weightMap = single === null ? readWeightMap(this) : undefined;
    const files = weightMap === undefined ? [single ?? SINGLE] : [...new Set(Object.values(weightMap))];
    const said = files.length === 1 ? "the header" : `the headers of ${files.length} files`;
    await this.fetch(
      files.map((file) => ({ file, begin: 0, end: BEGINNING })),
      `the beginning of ${said}`,
    );
    const found = files.filter((file) => this.size(file) !== null);
    await this.fetch(
      found.map((file) => ({ file, begin: 0, end: headerEnd(this, file) })),
      said,
    );
    return this.file === null ? TensorFiles.open(this, weightMap) : TensorFiles.openOne(this, this.file);
  }

  /** Fetches tensors; see fetch. */
  async fetchTensors(tensors: TensorFiles, names: string[], what: string): Promise<void> {
    const places = names.map((name) => tensors.place(name));
    await this.fetch(
      places.map(({ file, info }) => ({ file, begin: info.begin, end: info.end })),
      what,
    );
  }

  /**
   * Fetches what is not there yet. A file that the server does not have is absent from then on.
   *
   * @param what it is, for who is asked whether to go on: "the headers of 163 files"
   * @throws if `agree` does; if the server can't be reached, is too busy, or sends something else
   */
  async fetch(ranges: FileRange[], what: string): Promise<void> {
    const requests = this.requests(ranges);
    const total = lengthOf(requests);
    if (total === 0) return;
    await this.options.agree?.(total, what);
    const before = this.received;
    const tell = () => this.options.progress?.(Math.min(total, this.received - before), total, what);
    const telling = setInterval(tell, 200);
    try {
      await atOnce(requests, this.options.signal, (range, signal) => this.receive(range, signal));
      this.options.progress?.(total, total, what);
    } finally {
      clearInterval(telling);
    }
  }

  private requests(ranges: FileRange[]): FileRange[] {
    const wanted = ranges.filter(({ file }) => !this.absent.has(file));
    return requestsFor(wanted, (file) => ({ size: this.size(file), there: this.pieces.ranges(file) }));
  }

  private async receive({ file, begin, end }: FileRange, signal: AbortSignal): Promise<void> {
    const about = this.pieces.about(file);
    const opened = this.opener(file, begin);
    try {
      await download({ address: this.at(file), begin, end, about, whole: false, opened }, this.asking(signal));
    } catch (error) {
      if (error instanceof Changed) this.pieces.forget(); // the index may belong to another version, too
      if (!(error instanceof Missing) || about !== null) throw error;
      this.absent.add(file);
    }
  }

  /** Whether there is a model here. What the cache has of an earlier version of it is forgotten. */
  private async find(): Promise<boolean> {
    if (this.file !== null) return true;
    try {
      if (!(await this.fetchWhole(CONFIG))) return false;
      await this.fetchWhole(INDEX);
      return true;
    } catch (error) {
      if (!(error instanceof Changed)) throw error;
      this.pieces.forget();
      return this.find();
    }
  }

  /**
   * Fetches a small file, or asks whether it is still the one that is there.
   *
   * @returns whether the server has it
   */
  private async fetchWhole(file: string): Promise<boolean> {
    const about = this.pieces.about(file);
    const end = about?.size ?? Infinity;
    const [next] = about === null ? [{ begin: 0 }] : this.requests([{ file, begin: 0, end }]);
    const begin = next?.begin ?? 0;
    const opened = this.opener(file, begin, (size) => this.options.agree?.(size - begin, file));
    const wanted = { address: this.at(file), begin, end, about, whole: true, there: next === undefined, opened };
    try {
      const found = await download(wanted, this.asking(this.options.signal ?? new AbortController().signal));
      if (about === null) this.pieces.setAbout(file, found);
      return true;
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      this.absent.add(file);
      return false;
    }
  }

  private opener(file: string, begin: number, agree?: (size: number) => void | Promise<void>) {
    return async (about: { size: number; etag: string | null }) => {
      await agree?.(Number.isFinite(about.size) ? about.size : 0);
      if (this.pieces.about(file) === null && Number.isFinite(about.size)) this.pieces.setAbout(file, about);
      return this.pieces.add(file, begin);
    };
  }

  private asking(signal: AbortSignal): Asking {
    const { fetch, token, wait } = this.options;
    return {
      fetch: fetch ?? ((address, options) => globalThis.fetch(address, options)),
      token: token ?? null,
      signal,
      wait: wait ?? ((seconds) => new Promise((done) => setTimeout(done, seconds * 1000))),
      received: (bytes) => void (this.received += bytes),
    };
  }
}

/** A model's own folder in the cache: its name, and a hash of where it is from. */
function cacheOf(address: string, cache: string | null): string | null {
  if (cache === null) return null;
  const name = address.replace(/^\w+:\/\//, "").replace(/[^\w.-]+/g, "-");
  return host.paths.join(
    cache,
    `${name.slice(-60).replace(/^[-.]+|-$/g, "")}-${host.hash().update(address).digest().slice(0, 10)}`,
  );
}
