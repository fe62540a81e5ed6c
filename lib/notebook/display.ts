/**
 * How a cell shows something. An output holds the same content in several forms ("mime types"), and the program that
 * shows the notebook takes the richest form it knows. Every output of the course has `text/plain` as well, for screen
 * readers, terminals and tests.
 *
 * This is the one file that sends outputs to the notebook. tslab's own `display` puts one form into an output; several
 * need the function below it, which lib/host finds. Outside a kernel the plain text is printed.
 */
import { host } from "../host";

/** The forms of one output. */
export interface MimeBundle {
  "text/plain": string;
  [mime: string]: unknown;
}

/** Takes outputs in place of the kernel; `update` says that the output replaces the one with the same id. */
export type Sink = (bundle: MimeBundle, output: { id: string; update: boolean }) => void;

let capturing: Sink | null = null;

/** Whether outputs go to a notebook (or to a sink in its place), not to a terminal or a file. */
export function inNotebook(): boolean {
  return capturing !== null || host.outputs() !== null;
}

/** Shows one output below the running cell. */
export function display(bundle: MimeBundle): void {
  newOutput().show(bundle);
}

/** An output that can be replaced later, such as a progress bar: the first `show` makes it, the next ones replace it. */
export function newOutput(): { show(bundle: MimeBundle): void } {
  const id = host.randomId();
  let update = false;
  return {
    show(bundle) {
      const write = host.outputs();
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
