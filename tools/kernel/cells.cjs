/**
 * A cell on its way through the compiler: made ready before, named and mapped after, so that an error tells the cell and
 * the line that a reader sees, and a cell that is run again destroys nothing before it has something to put there.
 */
const { SourceMap } = require("node:module");
const { prepareCell } = require("./cell-source.cjs");
const { Standing } = require("./standing.cjs");

/** With these TypeScript begins a module: it would erase what an earlier run of the cell has computed. */
const ERASING = /^(exports\.[\w$]+ = )+void 0;$/m;

const INLINE_MAP = /^\/\/# sourceMappingURL=data:application\/json;base64,(\S+)$/m;

/** tslab puts a line before each source. */
const LINES_BEFORE = 1;

/**
 * Takes the source map out of what the compiler printed.
 *
 * @param {string} code
 * @returns {{ code: string, map: SourceMap | null }}
 */
function takeMap(code) {
  const [comment, data] = INLINE_MAP.exec(code) ?? [];
  if (comment === undefined || data === undefined) return { code, map: null };
  const payload = JSON.parse(Buffer.from(data, "base64").toString());
  return { code: code.replace(comment, ""), map: new SourceMap(payload) };
}

/**
 * @param {SourceMap | null} map
 * @param {number} line of the generated code, from 1
 * @param {number} column likewise
 * @returns {{ line: number, column: number } | null} from 1
 */
function originalPosition(map, line, column) {
  const entry = map?.findEntry(line - 1, column - 1);
  if (!entry || !("originalLine" in entry)) return null;
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

class Cells {
  #ts;
  /** From modules to CommonJS, and from TypeScript to modules, of the cell that was compiled last. @type {(SourceMap | null)[]} */
  #lastMaps = [];
  /** By a cell's name: the source maps, and how many lines its code has. @type {Map<string, { maps: (SourceMap | null)[], lines: number }>} */
  #compiled = new Map();
  /** What the cell that was compiled last declares. @type {string[]} */
  names = [];
  #source = "";
  #standing = new Standing();
  /** The number that a reader sees beside the cell that is compiled next. */
  number = 0;

  /** @param {typeof import("@tslab/typescript-for-tslab")} ts */
  constructor(ts) {
    this.#ts = ts;
  }

  /**
   * The second translation of a cell, from modules to CommonJS: keeps both source maps.
   *
   * @type {typeof import("@tslab/typescript-for-tslab").transpileModule}
   */
  transpile = (input, options) => {
    const first = takeMap(input);
    const compilerOptions = { ...options.compilerOptions, inlineSourceMap: true };
    const second = takeMap(this.#ts.transpileModule(first.code, { ...options, compilerOptions }).outputText);
    this.#lastMaps = [second.map, first.map];
    return { outputText: second.code };
  };

  /**
   * @param {import("tslab/dist/converter").Converter} converter
   * @returns {import("tslab/dist/converter").Converter}
   */
  wrap(converter) {
    return {
      ...converter,
      convert: (previous, source) => {
        const cell = prepareCell(this.#ts, source);
        this.names = cell.names;
        this.#source = source;
        const result = converter.convert(previous, cell.source);
        if (result.output === undefined) return result;
        const name = `cell-${this.number}`;
        const output = `${result.output.replace(ERASING, "")}\n//# sourceURL=${name}`;
        this.#compiled.set(name, { maps: this.#lastMaps, lines: output.split("\n").length });
        return {
          ...result,
          output,
          hasToplevelAwait: cell.awaits,
        };
      },
    };
  }

  /**
   * The cell that was compiled last has run.
   *
   * @param {number} at when its run began, in milliseconds since 1970
   * @param {string | null} failure what it failed with
   */
  ran(at, failure) {
    this.#standing.ran(this.names, { cell: this.number, source: this.#source, at, failure });
  }

  /** What a check may ask. */
  get standing() {
    return this.#standing.answers;
  }

  /**
   * Where a place in a cell's compiled code comes from.
   *
   * @param {string} name "cell-7"
   * @param {number} line from 1
   * @param {number} column from 1
   * @returns {number | null} the line that a reader sees; 0 for the end of the function that tslab puts around a cell
   */
  lineOf(name, line, column) {
    const { maps, lines } = this.#compiled.get(name) ?? { maps: [null], lines: Infinity };
    if (line > lines) return 0;
    /** @type {{ line: number, column: number } | null} */
    let place = { line, column };
    for (const map of maps) {
      if (place) place = originalPosition(map, place.line, place.column);
    }
    return place && place.line > LINES_BEFORE ? place.line - LINES_BEFORE : null;
  }
}

module.exports = { Cells, originalPosition };
