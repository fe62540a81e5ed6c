/**
 * What has been received of a model's files: pieces that begin anywhere, in a folder or in memory. A piece on disk is a
 * file that grows as bytes arrive, so that nothing of it is lost when the process is killed.
 */
import { host } from "../../host";
import { readJsonIfThere } from "../json-file";
import type { Range } from "./ranges";

/** What the server said of a file. */
export interface About {
  /** In bytes. */
  size: number;
  /** The server's name for this version of the file. */
  etag: string | null;
}

interface Piece extends Range {
  bytes(at: number, length: number): Uint8Array;
}

/** Takes what follows a place in a file. */
export interface Sink {
  write(bytes: Uint8Array): void;
  close(): void;
}

export class Pieces {
  private readonly files = new Map<string, { about: About | null; pieces: Piece[] }>();

  /** @param folder where they are kept; null: in memory */
  constructor(private readonly folder: string | null) {}

  about(file: string): About | null {
    return this.of(file).about;
  }

  setAbout(file: string, about: About): void {
    this.of(file).about = about;
    if (this.folder === null) return;
    const aside = this.path(file, `${ABOUT}-${host.randomId().slice(0, 8)}`);
    host.write(aside, JSON.stringify(about));
    host.move(aside, this.path(file, ABOUT)); // whole or not at all, whenever the process is killed
  }

  /** What there is of a file. */
  ranges(file: string): Range[] {
    return this.of(file).pieces;
  }

  /** Bytes begin … end of a file, in a buffer of their own; null if not all of them are there. */
  read(file: string, begin: number, end: number): Uint8Array | null {
    const found = new Uint8Array(end - begin);
    let at = begin;
    for (const piece of this.of(file).pieces.sort((a, b) => a.begin - b.begin)) {
      if (at >= end || piece.begin > at) break;
      if (piece.end <= at) continue;
      const bytes = piece.bytes(at - piece.begin, Math.min(end, piece.end) - at);
      found.set(bytes, at - begin);
      at += bytes.length;
    }
    return at < end ? null : found;
  }

  /** Begins a piece. */
  add(file: string, begin: number): Sink {
    const { pieces } = this.of(file);
    if (this.folder === null) return inMemory(pieces, begin);
    const path = this.path(file, `${begin}-${host.randomId().slice(0, 8)}`); // another process may write the same
    const piece = onDisk(path, begin, 0);
    const writing = host.create(path);
    pieces.push(piece);
    return {
      write(bytes) {
        writing.write(bytes);
        piece.end += bytes.length;
      },
      close: () => writing.close(),
    };
  }

  /** Removes what there is of a file; of all files, if none is named. */
  forget(file?: string): void {
    if (this.folder !== null) host.remove(file === undefined ? this.folder : this.path(file));
    if (file === undefined) this.files.clear();
    else this.files.delete(file);
  }

  private path(...parts: string[]): string {
    return host.paths.join(this.folder ?? "", ...parts);
  }

  private of(file: string): { about: About | null; pieces: Piece[] } {
    let found = this.files.get(file);
    if (found === undefined) this.files.set(file, (found = this.found(file)));
    return found;
  }

  /** What an earlier process has left. */
  private found(file: string): { about: About | null; pieces: Piece[] } {
    if (this.folder === null || host.look(this.path(file)) === null) return { about: null, pieces: [] };
    const about = readJsonIfThere(this.path(file, ABOUT)) as About | null;
    if (about === null) return { about, pieces: [] };
    const names = host.list(this.path(file)).filter((name) => /^\d+-[0-9a-f]+$/.test(name));
    const pieces = names.map((name) => {
      const path = this.path(file, name);
      return onDisk(path, parseInt(name), host.look(path)?.size ?? 0);
    });
    return { about, pieces };
  }
}

const ABOUT = "about.json";

function onDisk(path: string, begin: number, size: number): Piece {
  return { begin, end: begin + size, bytes: (at, length) => host.readRange(path, at, length) };
}

/** Every part that arrives is a piece of its own. */
function inMemory(pieces: Piece[], begin: number): Sink {
  let at = begin;
  return {
    write(part) {
      const own = part.slice();
      pieces.push({ begin: at, end: at + own.length, bytes: (from, length) => own.subarray(from, from + length) });
      at += own.length;
    },
    close: () => {},
  };
}
