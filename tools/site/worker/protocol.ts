/**
 * What the front half of the kernel in a tab (tools/site/lab/extension/src/kernel.ts, in the page) and its worker say to
 * each other. Every message is plain data. The page asks, the worker answers with the same `id`; outputs come by
 * themselves and name the request whose cell they belong to.
 */

/** The first message, once. Addresses are absolute; folders end in "/". */
export interface Start {
  type: "start";
  /** Where bundleWorker's `out` is served. */
  base: string;
  /** The notebook that will be run, where it is known: what it imports is read before its first cell comes. */
  notebook?: string;
}

/** A cell to run. */
export interface Execute {
  type: "execute";
  id: number;
  code: string;
  /** The number that a reader sees beside the cell. */
  count: number;
  /** The notebook's path in JupyterLite's contents, whose root stands for the project's; where it is known. */
  notebook?: string;
}

/** Tab. `cursor` counts UTF-16 units, as JavaScript does. */
export interface Complete {
  type: "complete";
  id: number;
  code: string;
  cursor: number;
}

/** Shift-Tab. */
export interface Inspect {
  type: "inspect";
  id: number;
  code: string;
  cursor: number;
}

/** Stops the running cell; the worker says `interrupting` as soon as it hears of it. */
export interface Interrupt {
  type: "interrupt";
}

/** Nothing is going on: the compiler may read what it will need, and answers nothing for a second or two. */
export interface Spare {
  type: "spare";
}

/** The learner's notebooks as they are saved now, by path: checks and the index of lesson 00 read them. */
export interface Notebooks {
  type: "notebooks";
  files: SavedNotebook[];
}

export interface SavedNotebook {
  path: string;
  /** The notebook as JSON, without what no check reads (slimNotebook). */
  text: string;
  /** When it was saved, in milliseconds since 1970. */
  changed: number;
}

/**
 * Files of work/ that have changed. From the page: at first all that the browser keeps, then what others have changed.
 * From the worker: what lib has written.
 */
export interface Files {
  type: "files";
  changes: FileChange[];
}

export interface FileChange {
  path: string;
  /** All that is in it; null where it was removed. */
  bytes: Uint8Array | null;
  /** When, in milliseconds since 1970. */
  changed: number;
}

/** What the page could not keep: the worker sends it again. */
export interface NotKept {
  type: "not-kept";
  paths: string[];
}

export type ToWorker = Start | Execute | Complete | Inspect | Interrupt | Spare | Notebooks | Files | NotKept;

/** The worker can run cells. */
export interface Ready {
  type: "ready";
}

export interface Interrupting {
  type: "interrupting";
}

export interface Stream {
  type: "stream";
  id: number;
  name: "stdout" | "stderr";
  text: string;
}

export interface Display {
  type: "display";
  id: number;
  /** Whether it replaces the output with the same display_id. */
  update: boolean;
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
}

/** An error, also one that comes after its cell has ended. */
export interface CellError {
  type: "error";
  id: number;
  error: ErrorContent;
}

/** As in Jupyter's protocol. */
export interface ErrorContent {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** The cell with this id has ended. */
export interface Executed {
  type: "executed";
  id: number;
  error: ErrorContent | null;
}

export interface Completed {
  type: "completed";
  id: number;
  matches: string[];
  start: number;
  end: number;
}

export interface Inspected {
  type: "inspected";
  id: number;
  /** By mime type; null where there is nothing to say. */
  data: Record<string, string> | null;
}

export type FromWorker = Ready | Interrupting | Stream | Display | CellError | Executed | Completed | Inspected | Files;

/** The notebook with what standing.ts and progress.ts read, and nothing else: outputs with plots make megabytes. */
export function slimNotebook(notebook: { cells?: unknown }): string {
  interface Cell {
    id?: string;
    cell_type?: string;
    source?: unknown;
    metadata?: { nbgrader?: unknown };
    execution_count?: unknown;
    outputs?: { text?: unknown; data?: Record<string, unknown> }[];
  }
  const cells = Array.isArray(notebook.cells) ? (notebook.cells as Cell[]) : [];
  const kept = cells.map(({ id, cell_type, source, metadata, execution_count, outputs }) => {
    const graded = metadata?.nbgrader !== undefined;
    if (!graded) return { id, cell_type, source: cell_type === "markdown" ? source : "" };
    const shown = (outputs ?? []).map(({ text, data }) => ({
      text,
      data: Object.fromEntries(
        Object.entries(data ?? {}).filter(
          ([mime]) => mime === "text/plain" || mime.startsWith("application/vnd.course."),
        ),
      ),
    }));
    return { id, cell_type, source, metadata: { nbgrader: metadata?.nbgrader }, execution_count, outputs: shown };
  });
  return JSON.stringify({ cells: kept });
}
