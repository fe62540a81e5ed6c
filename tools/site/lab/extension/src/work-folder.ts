/*
 * The folder work/, which lessons write to: what a kernel writes there is put into JupyterLite's drive, so that it is in the
 * list of files and can be downloaded, and a kernel that starts gets what the drive has.
 */
import type { FileChange } from "../../../worker/protocol";
import { isFull, StorageFull, type Drive } from "./storage";

/** A file as the drive stores it. */
export interface Stored {
  type: string;
  format: string | null;
  content: unknown;
  last_modified: string;
}

interface Change {
  oldValue: { path?: string } | null;
  newValue: { path?: string } | null;
}

/** What we use of JupyterLite's drive here. */
export interface WorkDrive extends Pick<Drive, "save"> {
  storage: Promise<{ keys(): Promise<string[]>; getItem(path: string): Promise<unknown> }>;
  get(path: string): Promise<{ type: string }>;
  delete(path: string): Promise<void>;
  fileChanged: {
    connect(listener: (drive: unknown, change: Change) => void): unknown;
    disconnect(listener: (drive: unknown, change: Change) => void): unknown;
  };
}

const FOLDER = "work";
const isOurs = (path = "") => path.startsWith(`${FOLDER}/`);

const ONLY_IN_KERNEL = {
  state: "It is in the kernel's memory alone, and gone when the kernel ends. Please",
  again: "run the cell again",
};

/** The folders that a file lies in, the outermost first. */
function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

/** One kernel's view of the folder. */
export class WorkFolder {
  /** Files, and folders of them, that somebody else has changed. At first all. */
  private changed: Set<string> | "all" = "all";
  /** The files that the kernel has been told of, or has written. */
  private readonly known = new Set<string>();
  /** What this kernel is changing. */
  private own = new Set<string>();
  private readonly listener = (_: unknown, { oldValue, newValue }: Change) => {
    for (const path of [oldValue?.path, newValue?.path]) {
      if (path === undefined || this.own.has(path) || this.changed === "all") continue;
      if (isOurs(`${path}/`)) this.changed.add(path);
    }
  };

  constructor(private readonly drive: WorkDrive) {
    drive.fileChanged.connect(this.listener);
  }

  dispose(): void {
    this.drive.fileChanged.disconnect(this.listener);
  }

  /** What others have changed since the last call; in the first, all that there is. */
  async changes(): Promise<FileChange[]> {
    const { changed } = this;
    if (changed !== "all" && changed.size === 0) return [];
    this.changed = new Set();
    const storage = await this.drive.storage;
    const kept = (await storage.keys()).filter(isOurs);
    const concerns = (path: string) =>
      changed === "all" || [...changed].some((one) => path === one || path.startsWith(`${one}/`));
    const found = new Map<string, FileChange>();
    for (const path of kept.filter(concerns)) {
      const item = (await storage.getItem(path)) as Stored | null;
      if (item === null || item.type === "directory") continue;
      found.set(path, { path, bytes: bytesOf(item), changed: Date.parse(item.last_modified) });
    }
    const gone = [...this.known].filter((path) => concerns(path) && !found.has(path));
    for (const path of found.keys()) this.known.add(path);
    for (const path of gone) this.known.delete(path);
    return [...found.values(), ...gone.map((path) => ({ path, bytes: null, changed: Date.now() }))];
  }

  /**
   * Keeps what the kernel has written, one after the other.
   *
   * @throws NotKept at the first that can't be kept; those after it are left as they were
   */
  async keep(changes: FileChange[]): Promise<void> {
    for (const [i, { path, bytes }] of changes.entries()) {
      this.own = new Set([path, ...foldersOf(path)]);
      try {
        if (bytes === null) await this.remove(path);
        else await this.put(path, bytes);
      } catch (error) {
        const said = isFull(error) || error instanceof StorageFull ? new StorageFull(path, ONLY_IN_KERNEL) : error;
        throw new NotKept(
          said,
          changes.slice(i).map((change) => change.path),
        );
      } finally {
        this.own.clear();
      }
    }
  }

  private async put(path: string, bytes: Uint8Array): Promise<void> {
    await this.makeFolders(path);
    await this.drive.save(path, { type: "file", ...contentOf(bytes) });
    this.known.add(path);
  }

  private async remove(path: string): Promise<void> {
    this.known.delete(path);
    if ((await (await this.drive.storage).keys()).includes(path)) await this.drive.delete(path);
  }

  /** The drive refuses a file whose folder it does not know. */
  private async makeFolders(path: string): Promise<void> {
    for (const folder of foldersOf(path)) {
      const there = await this.drive.get(folder).catch(() => null);
      if (there === null) await this.drive.save(folder, { type: "directory", format: "json", content: null });
    }
  }
}

/** Some files are not kept. */
export class NotKept extends Error {
  constructor(
    error: unknown,
    readonly paths: string[],
  ) {
    super(error instanceof Error ? error.message : String(error));
    this.name = error instanceof Error ? error.name : "NotKept";
  }
}

/** Text as text, so that it can be read in JupyterLab; anything else in base64. */
function contentOf(bytes: Uint8Array): { format: "text" | "base64"; content: string } {
  try {
    if (!bytes.includes(0)) return { format: "text", content: new TextDecoder("utf-8", STRICT).decode(bytes) };
  } catch {
    // It is no text.
  }
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return { format: "base64", content: btoa(pieces.join("")) };
}

const STRICT = { fatal: true, ignoreBOM: true };

function bytesOf({ format, content }: Stored): Uint8Array {
  if (format === "base64") return Uint8Array.from(atob(String(content)), (unit) => unit.charCodeAt(0));
  return new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content, null, 2));
}
