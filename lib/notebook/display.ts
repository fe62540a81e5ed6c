/**
 * How a cell shows something. An output holds the same content in several forms ("mime types"), and the program that
 * shows the notebook takes the richest form it knows. Every output of the course has `text/plain` as well, for screen
 * readers, terminals and tests.
 *
 * This is the one file that knows how the kernel shows outputs. tslab's own `display` puts one form into an output;
 * several need the function below it. Outside a kernel the plain text is printed.
 */
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";

/** The forms of one output. */
export interface MimeBundle {
  "text/plain": string;
  [mime: string]: unknown;
}

/** Takes outputs in place of the kernel; `update` says that the output replaces the one with the same id. */
export type Sink = (bundle: MimeBundle, output: { id: string; update: boolean }) => void;

interface TslabOutput {
  data: MimeBundle;
  metadata: object;
  transient: { display_id?: string };
}

interface TslabJupyter {
  lastWriteDisplayData?: ((output: TslabOutput, update: boolean) => void) | null;
}

let capturing: Sink | null = null;

/** The kernel's function that sends an output, or null outside a kernel. Loads nothing by itself. */
function kernelWriter(): TslabJupyter["lastWriteDisplayData"] {
  const projectRequire = createRequire(path.join(process.cwd(), "package.json"));
  const found = Object.keys(projectRequire.cache).find((file) =>
    file.replaceAll("\\", "/").endsWith("/tslab/dist/jupyter.js"),
  );
  if (found === undefined) return null;
  return (projectRequire.cache[found]?.exports as TslabJupyter).lastWriteDisplayData;
}

/** Whether outputs go to a notebook (or to a sink in its place), not to a terminal or a file. */
export function inNotebook(): boolean {
  return capturing !== null || typeof kernelWriter() === "function";
}

/** Shows one output below the running cell. */
export function display(bundle: MimeBundle): void {
  newOutput().show(bundle);
}

/** An output that can be replaced later, such as a progress bar: the first `show` makes it, the next ones replace it. */
export function newOutput(): { show(bundle: MimeBundle): void } {
  const id = randomUUID();
  let update = false;
  return {
    show(bundle) {
      const write = kernelWriter();
      if (capturing) capturing(bundle, { id, update });
      else if (write) write({ data: bundle, metadata: {}, transient: { display_id: id } }, update);
      else console.log(bundle["text/plain"]);
      update = true;
    },
  };
}

/**
 * Runs something and gives what it displays to `sink` in place of the notebook.
 *
 * @returns what `work` returns
 */
export async function withDisplay<T>(sink: Sink, work: () => T | Promise<T>): Promise<T> {
  const outer = capturing;
  capturing = sink;
  try {
    return await work();
  } finally {
    capturing = outer;
  }
}
