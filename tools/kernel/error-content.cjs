/**
 * Turns what the executor reports into the content of a Jupyter error.
 *
 * tslab prints an error as red text and sends no `error` output, so Run All went on, and a runner that looks for errors
 * called a broken notebook a success. The traceback keeps what a reader of the cell can use: the message first, then
 * cells and files of the project with the lines as they are written; no frames of Node or tslab, no machine's paths.
 */
/** The executor's format of a compiler message. */
const COMPILER_MESSAGE = "%s%d:%d - %s";

/** What the compiler says of a name that no cell has declared; where it knows a similar one, it is more likely a typo. */
const UNKNOWN_NAME = /Cannot find name '[^']*'\.(?! Did you mean)/;
const NOT_RUN = "Is it declared in a cell further up? Then that cell has not run: Run → Run All Above Selected Cell.";

/**
 * @typedef {object} Places where compiled code comes from; null where that is not known
 * @property {(name: string, line: number, column: number) => number | null} cellLine "cell-7" → the line in the cell, 0 for
 *   what stands around it
 * @property {(file: string, line: number, column: number) => number | null} fileLine "lib/x.js" → the line in lib/x.ts
 */

/**
 * @typedef {object} Runtime where the code runs
 * @property {(value: unknown) => string} inspect a value as the console shows it, an error with its stack
 * @property {(...values: unknown[]) => string} format as console.log puts values together
 * @property {string} root what stands before the project's own files in a stack
 * @property {RegExp} foreign a frame that is of no use to a reader
 */

/**
 * @param {unknown[][]} reports the arguments of the executor's console.error, one call each; at least one
 * @param {Places} places
 * @param {Runtime} runtime
 * @returns {{ ename: string, evalue: string, traceback: string[] }}
 */
function errorContent(reports, places, runtime) {
  const { format, inspect } = runtime;
  const [format0, ...values] = reports[0] ?? [];
  if (isCompilerMessage(reports[0])) {
    const messages = reports.map((report) => format(...report));
    const traceback = messages.some((message) => UNKNOWN_NAME.test(message)) ? [...messages, NOT_RUN] : messages;
    return { ename: "CompileError", evalue: messages.join("\n"), traceback };
  }
  const error = format0;
  if (!(error instanceof Error)) {
    const text = typeof error === "string" ? format(error, ...values) : inspect(error);
    return { ename: "Thrown value", evalue: text, traceback: [`Thrown value: ${text}`] };
  }
  return { ename: error.name, evalue: error.message, traceback: readableStack(error, places, runtime) };
}

/** @param {unknown[] | undefined} report */
function isCompilerMessage(report) {
  return report?.[0] === COMPILER_MESSAGE;
}

/** The place of a frame in the compiled code of a cell. */
const CELL_PLACE = /(?<=^\s+at .*)\bcell-(\d+):(\d+):(\d+)/;

/** What Node puts before a stack: file and line, the source, an arrow below it; of a text that is no JSON, no arrow. */
const COMPILED_SOURCE = /^(?:\S.*:\d+\n.*\n *\^+|<anonymous_script>:\d+\n.*\n *)\n+/;

/** What Node writes in place of frames that the error's cause has as well. */
const SHOWN_BELOW = /^ +\.\.\. \d+ lines matching cause stack trace/;

/** The end of a stack behind which an error's own properties follow: its last frame may be one that is left out. */
const OWN_PROPERTIES = /^( *)( {4}at .*) \{$/gm;

/**
 * @param {Error} error
 * @param {Places} places
 * @param {Runtime} runtime
 * @returns {string[]} lines
 */
function readableStack(error, { cellLine, fileLine }, { inspect, root, foreign }) {
  const lines = inspect(error)
    .replace(COMPILED_SOURCE, "")
    .replaceAll(OWN_PROPERTIES, "$1$2\n$1{")
    .split("\n")
    .filter((line) => !foreign.test(line) && !SHOWN_BELOW.test(line))
    .flatMap((line) => {
      const [, cell, row, column] = CELL_PLACE.exec(line) ?? [];
      const own = cell === undefined ? null : cellLine(`cell-${cell}`, Number(row), Number(column));
      if (own === 0) return [];
      return line
        .replaceAll(root, "")
        .replaceAll("\\", "/")
        .replace(CELL_PLACE, own === null ? "cell $1" : `cell $1, line ${own}`)
        .replace(/\b(lib\/.*)\.js:(\d+):(\d+)/, (_, file, line, column) => {
          const own = fileLine(`${file}.js`, Number(line), Number(column));
          return own === null ? `${file}.ts` : `${file}.ts:${own}`;
        });
    });
  return lines.filter((line, i) => line !== lines[i - 1]);
}

/** The error of a cell that was interrupted. */
const INTERRUPTED = {
  ename: "Interrupted",
  evalue: "The cell was interrupted.",
  traceback: ["The cell was interrupted."],
};

module.exports = { errorContent, INTERRUPTED, isCompilerMessage };
