/**
 * Runs cells: checks, translates and evaluates each as a module (cell-module.ts), and remembers what it declares if it
 * succeeded. A cell that fails leaves every name as it was. Cells of a lesson as it was built are not checked
 * (as-built.ts): the compiler gets to know them when there is time, or when it is needed.
 */
import { guard } from "../../../lib/host/browser";
import { errorContent, INTERRUPTED } from "../../kernel/error-content.cjs";
import { Standing } from "../../kernel/standing.cjs";
import { instead } from "../../kernel/unready-check.cjs";
import type { AsBuilt } from "./as-built";
import { LAST, type CellModule, type Origin, type Scope } from "./cell-module";
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
  asBuilt: AsBuilt;
  /** The modules that a cell can import, by what it imports them from. */
  modules: (name: string) => unknown;
  /** Shows the value of a last line. */
  print: (value: unknown) => void;
  runtime: Parameters<typeof errorContent>[2];
}

export class Cells {
  readonly standing = new Standing();
  private readonly declared = new Map<string, Origin>();
  /** The same, up to the first run that the compiler has not seen. */
  private readonly seen = new Map<string, Origin>();
  private readonly unseen: { file: string; code: string }[] = [];
  private serial = 0;
  private readonly exports = new Map<string, Exports>();
  private readonly lines = new Map<string, LineMap>();

  constructor(private readonly options: CellsOptions) {}

  /** @returns what went wrong, null if nothing did */
  async run(code: string, count: number): Promise<ErrorContent | null> {
    const at = Date.now();
    const file = `/cell-${++this.serial}`;
    const { asBuilt, compiler } = this.options;
    const isBuilt = asBuilt.goesOn(code);
    const module = compiler.module(file, code, isBuilt ? this.declared : this.scope);
    const names = [...module.declares.keys()];
    const done = (error: ErrorContent | null) => {
      this.standing.ran(names, { cell: count, source: code, at, failure: error === null ? null : error.evalue });
      if (error !== null) asBuilt.leave();
      return error;
    };
    const problems = isBuilt ? [] : compiler.problems(module);
    if (problems.length > 0) {
      const reports = problems.map(({ line, column, message }) => [COMPILER_MESSAGE, "", line, column, message]);
      const said = instead(code, reports);
      if (said !== null) return this.run(said, count);
      return done(this.content(reports));
    }
    if (!isBuilt) compiler.importLiterals(module);
    try {
      await this.options.interrupts.runCell(() => this.evaluate(file, module, count));
    } catch (error) {
      return done(this.options.interrupts.isInterrupted(error) ? INTERRUPTED : this.errorOf(error));
    }
    if (isBuilt) this.unseen.push({ file, code });
    else {
      compiler.keep(file, module);
      for (const [name, origin] of module.declares) this.seen.set(name, origin);
    }
    this.keep(module);
    return done(null);
  }

  /** What the cells so far have declared, all of it known to the compiler. */
  get scope(): Scope {
    while (this.showOne());
    return this.seen;
  }

  /** Has the compiler see the first run that it has not seen; says whether there was one. */
  showOne(): boolean {
    const run = this.unseen.shift();
    if (run === undefined) return false;
    const { compiler } = this.options;
    const module = compiler.module(run.file, run.code, this.seen);
    compiler.importLiterals(module);
    compiler.keep(run.file, module);
    for (const [name, origin] of module.declares) this.seen.set(name, origin);
    return true;
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
    for (const [name, origin] of declares) this.declared.set(name, origin);
    const needed = new Set([...this.declared.values()].map(({ from }) => from));
    for (const file of this.exports.keys()) if (!needed.has(file)) this.exports.delete(file);
  }
}
