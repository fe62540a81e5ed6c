/**
 * What lib writes below work/, for the page to keep: gathered for a turn, so that what is written and then renamed is sent
 * once. What is written aside (lib/checkpoint/files-aside.ts) is not sent: it is of use to nobody later.
 */
import { host } from "../../../lib/host/browser";
import type { FileChange } from "./protocol";

const isKept = (path: string) => path.startsWith("work/") && !path.includes(".partial");

export class Written {
  /** In the order of their last change. */
  private paths = new Set<string>();
  private waiting = false;

  constructor(private readonly send: (changes: FileChange[]) => void) {}

  /** A file was written or removed. */
  changed(path: string): void {
    if (!isKept(path)) return;
    this.paths.delete(path);
    this.paths.add(path);
    if (this.waiting) return;
    this.waiting = true;
    void host.nextTurn().then(() => this.flush());
  }

  /** These could not be kept: they come again with what is written next. */
  again(paths: string[]): void {
    this.paths = new Set([...paths, ...this.paths]);
  }

  /** Sends what has changed: first what is there, then what is not, so that the old goes when the new is kept. */
  flush(): void {
    this.waiting = false;
    if (this.paths.size === 0) return;
    const changes = [...this.paths].map((path): FileChange => {
      const found = host.look(path);
      const isFile = found?.kind === "file";
      return { path, bytes: isFile ? host.readBytes(path) : null, changed: found?.changed ?? Date.now() };
    });
    this.paths.clear();
    this.send([...changes.filter(({ bytes }) => bytes !== null), ...changes.filter(({ bytes }) => bytes === null)]);
  }
}
