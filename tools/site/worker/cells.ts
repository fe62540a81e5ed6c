/**
 * Runs cells: checks, translates and evaluates each as a module (cell-module.ts), and remembers what it declares if it
 * succeeded. A cell that fails leaves every name as it was.
 */
import { guard } from "../../../lib/host/browser";
import { errorContent, INTERRUPTED } from "../../kernel/error-content.cjs";
import { Standing } from "../../kernel/standing.cjs";
import { instead } from "../../kernel/unready-check.cjs";
import { LAST, type CellModule, type Origin } from "./cell-module";
import type { Compiler } from "./compiler";
import { GUARD } from "./guards";
import type { Interrupts } from "./interrupts";
import type { ErrorContent } from "./protocol";
import { sourceLine, type LineMap } from "./source-map";

/** The first line of a cell's module is ours. */
const LINES_BEFORE = 1;

/** As tslab's executor reports a message of the compiler (error-content.cjs). */
const COMPILER_MESSAGE = "%s%d:%d - %s";

type Exports = Record<string, unknown>;

export interface CellsOptions {
  compiler: Compiler;
  interrupts: Interrupts;
  /** The modules that a cell can import, by what it imports them from. */
  modules: (name: string) => unknown;
  /** Shows the value of a last line. */
  print: (value: unknown) => void;
  runtime: Parameters<typeof errorContent>[2];
}

export class Cells {
  readonly standing = new Standing();
  readonly scope = new Map<string, Origin>();
  private serial = 0;
  private readonly exports = new Map<string, Exports>();
  private readonly lines = new Map<string, LineMap>();

  constructor(private readonly options: CellsOptions) {}

  /** @returns what went wrong, null if nothing did */
  async run(code: string, count: number): Promise<ErrorContent | null> {
    const at = Date.now();
    const file = `/cell-${++this.serial}`;
    const { compiler } = this.options;
    const module = compiler.module(file, code, this.scope);
    const names = [...module.declares.keys()];
    const done = (error: ErrorContent | null) => {
      this.standing.ran(names, { cell: count, source: code, at, failure: error === null ? null : error.evalue });
      return error;
    };
    const problems = compiler.problems(module);
    if (problems.length > 0) {
      const reports = problems.map(({ line, column, message }) => [COMPILER_MESSAGE, "", line, column, message]);
      const said = instead(code, reports);
      if (said !== null) return this.run(said, count);
      return done(this.content(reports));
    }
    compiler.importLiterals(module);
    try {
      await this.options.interrupts.runCell(() => this.evaluate(file, module, count));
    } catch (error) {
      return done(this.options.interrupts.isInterrupted(error) ? INTERRUPTED : this.errorOf(error));
    }
    compiler.keep(file, module);
    this.keep(module);
    return done(null);
  }

  /** The content of an error, with the lines that a reader sees. */
  errorOf(error: unknown): ErrorContent {
    return this.content([[error]]);
  }

  private content(reports: unknown[][]): ErrorContent {
    const cellLine = (name: string, line: number, column: number) => {
      const own = sourceLine(this.lines.get(name) ?? [], line, column);
      return own === null || own <= LINES_BEFORE ? null : own - LINES_BEFORE;
    };
    return errorContent(reports, { cellLine, fileLine: () => null }, this.options.runtime);
  }

  private async evaluate(file: string, module: CellModule, count: number): Promise<void> {
    const { code, lines } = this.options.compiler.translate(module);
    const name = `cell-${count}`;
    this.lines.set(name, lines);
    const exports: Exports = {};
    this.exports.set(file, exports);
    const require = (from: string): unknown => this.exports.get(from) ?? this.options.modules(from);
    const head = `(async function (exports, require, ${GUARD.guard}) { let ${GUARD.turns} = 0; `;
    // Not eval itself, which would let the cell see our variables.
    const call = (0, eval)(`${head}${code}\n})\n//# sourceURL=${name}`) as (...args: unknown[]) => Promise<void>;
    await call(exports, require, guard);
    const value = exports[LAST];
    delete exports[LAST];
    if (value !== undefined && value !== null) this.options.print(value);
  }

  /** Takes over what a run has declared, and drops runs of which nothing is left. */
  private keep({ declares }: CellModule): void {
    for (const [name, origin] of declares) this.scope.set(name, origin);
    const needed = new Set([...this.scope.values()].map(({ from }) => from));
    for (const file of this.exports.keys()) if (!needed.has(file)) this.exports.delete(file);
  }
}
