/**
 * What Node and a browser do differently, as all of lib sees it: files, hashes, time limits, the way to a notebook, a GPU.
 * node.ts and browser.ts are the two that there are; no other module of a lesson asks where it runs.
 */

/** The parts of an output, as Jupyter's protocol has them. */
export interface NotebookOutput {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
}

/** What lies at a path. */
export interface Found {
  kind: "file" | "folder" | "other";
  /** In bytes. */
  size: number;
  /** When it was last written, in milliseconds since 1970. */
  changed: number;
}

/** A hash that is fed piece by piece. */
export interface Hash {
  update(bytes: Uint8Array | string): Hash;
  /** In hexadecimal. */
  digest(): string;
}

/** A file that is written piece by piece. */
export interface Writing {
  write(bytes: Uint8Array): void;
  /** Ends it. With `sync`, waits until the disk holds it. */
  close(options?: { sync: boolean }): void;
}

/** Names of files, put together and taken apart; as node:path has them. */
export interface Paths {
  join(...parts: string[]): string;
  dirname(file: string): string;
  basename(file: string, ending?: string): string;
  normalize(file: string): string;
  isAbsolute(file: string): boolean;
  /** The way from a folder to a file, with slashes. */
  relative(folder: string, file: string): string;
}

/** Relative paths start at the project's root. What goes wrong with a file has the system's `code`, such as ENOENT. */
export interface Host {
  paths: Paths;
  readText(file: string): string;
  readBytes(file: string): Uint8Array;
  /** Bytes from `begin` on, in a buffer of their own; fewer than `length` where the file ends. */
  readRange(file: string, begin: number, length: number): Uint8Array;
  /** Null where there is nothing. */
  look(path: string): Found | null;
  /** Names in a folder, sorted. */
  list(folder: string): string[];
  /** Writes a file and, where they are missing, the folders that it lies in. */
  write(file: string, content: string | Uint8Array): void;
  /** Begins a file, in place of one that is there; makes folders as `write` does. */
  create(file: string): Writing;
  /** Gives a file another name, in place of one that has it; or a folder one that nothing has. */
  move(path: string, to: string): void;
  /** Removes a file, or a folder with all that is in it. Does nothing where there is nothing. */
  remove(path: string): void;
  /** Waits until the disk holds what was written to a file, or the names in a folder. */
  sync(path: string): void;

  /** sha256 */
  hash(): Hash;
  randomId(): string;
  base64(text: string): string;

  /** A variable of the environment: how graders and tests tell a lesson what it runs for. */
  setting(name: string): string | undefined;
  /** The path of the notebook that is open, where that is known. */
  notebook(): string | undefined;
  /** What sends an output to the notebook; null outside of one. */
  outputs(): ((output: NotebookOutput, update: boolean) => void) | null;
  /** Writes to a terminal, where one is looked at. */
  terminal(): ((text: string) => void) | null;

  /** Lets in what waits: signals, timers, messages. */
  nextTurn(): Promise<void>;
  /**
   * Calls a function that may never return, and ends it when time is up, also in a loop without an await.
   *
   * @returns null if time was up
   * @throws what the function throws
   */
  limited<T>(milliseconds: number, call: () => T): { value: T } | null;
  /** Whether an error says that `limited` ended what comes after the call's first await. */
  isTimeUp(error: unknown): boolean;
  /** Whether an error comes from Interrupt. */
  isInterrupt(error: unknown): boolean;

  /**
   * Lets WebAssembly modules have relaxed SIMD from now on, where the runtime knows it and only hides it: Node 20 does.
   * With it, Node 20, newer ones and browsers compute alike, to the last bit.
   */
  allowRelaxedSimd(): void;
  /** Whether dataSync and arraySync work on webgpu: Node can only wait for a GPU with await. */
  readonly readsGpuNow: boolean;
  /** Puts WebGPU where tfjs looks for it, and loads tfjs's backend. Null if that worked, else what is in the way. */
  prepareWebgpu(): Promise<string | null>;
}
