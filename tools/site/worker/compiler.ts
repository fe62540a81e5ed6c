/**
 * TypeScript in the tab: checks a cell strictly before it runs, as the kernel of JupyterLab does (tools/kernel/compiler.cjs),
 * translates it, and answers Tab and Shift-Tab. Its files are those of the pack: TypeScript's own declarations, those of
 * tfjs, and lib as it is.
 */
import type * as tslib from "@tslab/typescript-for-tslab";
import { pauseInLoops } from "../../kernel/awaited-loops.cjs";
import { calleeAround, pathsAt } from "../../kernel/help.cjs";
import { cellModule, type CellModule, type Scope, type Ts } from "./cell-module";
import { guardLoops } from "./guards";
import { takeLines, type LineMap } from "./source-map";

/** The path of TypeScript's own declarations in the pack, and of what a cell finds in a worker without importing it. */
export const TYPES = { library: "/types/typescript/", globals: "/types/globals.d.ts" } as const;

/** The options of tools/kernel/compiler.cjs. */
const options = (ts: Ts): tslib.CompilerOptions => ({
  strict: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  lib: ["lib.es2023.d.ts"],
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.NodeJs,
  esModuleInterop: true,
  skipLibCheck: true,
  noEmit: true,
});

/** One message of the compiler, at a place of the cell; both from 1. */
export interface Problem {
  line: number;
  column: number;
  message: string;
}

export interface Translated {
  code: string;
  lines: LineMap;
}

/** What is asked of the files: those of the pack, and whatever else the kernel has. */
export interface SourceFiles {
  read(path: string): string | undefined;
  exists(path: string): boolean;
  folderExists(path: string): boolean;
  /** Names in a folder; those of folders end in a slash. */
  list(folder: string): string[];
}

/**
 * The file that is looked at, whichever cell it is: with another file for each, the compiler would look for the imports of
 * all its files anew, a thousand and more.
 */
const NOW = "/cell-now.ts";

export class Compiler {
  private readonly cells = new Map<string, string>();
  private versions = 0;
  private readonly service: tslib.LanguageService;

  constructor(
    private readonly ts: Ts,
    private readonly files: SourceFiles,
  ) {
    this.show("export {};\n");
    const resolved = new Map<string, tslib.ResolvedModuleWithFailedLookupLocations>();
    const read = (path: string) => this.cells.get(path) ?? files.read(path);
    const exists = (path: string) => this.cells.has(path) || files.exists(path);
    const host: tslib.LanguageServiceHost = {
      getCompilationSettings: () => options(ts),
      getScriptFileNames: () => [TYPES.globals, NOW],
      getScriptVersion: (path) => (path === NOW ? String(this.versions) : "1"),
      getScriptSnapshot: (path) => {
        const text = read(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => "/",
      getDefaultLibFileName: () => `${TYPES.library}lib.es2023.d.ts`,
      fileExists: exists,
      readFile: read,
      directoryExists: files.folderExists,
      resolveModuleNameLiterals: (names, importer, _, settings) =>
        names.map(({ text }) => {
          const key = `${text} ${importer.slice(0, importer.lastIndexOf("/"))}`;
          let found = resolved.get(key);
          if (found === undefined) {
            found = ts.resolveModuleName(text, importer, settings, host);
            if (found.resolvedModule !== undefined) resolved.set(key, found);
          }
          return found;
        }),
    };
    this.service = ts.createLanguageService(host);
  }

  private show(text: string): void {
    if (this.cells.get(NOW) === text) return;
    this.cells.set(NOW, text);
    this.versions++;
  }

  /** A cell as a module. */
  module(file: string, source: string, scope: Scope): CellModule {
    const made = cellModule(this.ts, file, source, scope);
    return made;
  }

  /** Makes a run that has succeeded known to the cells after it. */
  keep(file: string, { checked }: CellModule): void {
    this.cells.set(`${file}.ts`, checked);
  }

  /** What the compiler says of a run, in the words of the kernel of JupyterLab. */
  problems({ before, checked }: CellModule): Problem[] {
    this.show(checked);
    const found = [...this.service.getSyntacticDiagnostics(NOW), ...this.service.getSemanticDiagnostics(NOW)].filter(
      ({ category }) => category === this.ts.DiagnosticCategory.Error,
    );
    return found.map(({ start = before, messageText }) => {
      const own = checked.slice(before, Math.max(before, start)).split("\n");
      const message = this.ts.flattenDiagnosticMessageText(messageText, "\n");
      return {
        line: own.length,
        column: own[own.length - 1].length + 1,
        message: message.replace(/^(Cannot assign to '.+' because it is )an import\.$/, "$1a constant."),
      };
    });
  }

  /**
   * Has constants with a value for a type imported by later cells: `let n = seed` makes a number of the imported 7, and
   * would make another 7 of one that is declared as such.
   */
  importLiterals({ checked, declares }: CellModule): void {
    if (![...declares.values()].some(({ variable }) => variable === "const")) return;
    const { ts } = this;
    this.show(checked);
    const program = this.service.getProgram();
    const file = program?.getSourceFile(NOW);
    const checker = program?.getTypeChecker();
    const module = file && checker?.getSymbolAtLocation(file);
    if (!checker || !file || !module) return;
    for (const exported of checker.getExportsOfModule(module)) {
      const origin = declares.get(exported.name);
      if (origin?.variable !== "const") continue;
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const type = checker.getTypeOfSymbolAtLocation(symbol, file);
      const parts = type.isUnion() ? type.types : [type];
      if (parts.every(({ flags }) => flags & ts.TypeFlags.Literal)) origin.variable = null;
    }
  }

  translate({ run }: CellModule): Translated {
    const { ts } = this;
    const { outputText } = ts.transpileModule(run, {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.CommonJS,
        esModuleInterop: true,
        inlineSourceMap: true,
      },
      transformers: { before: [pauseInLoops(ts, () => true), guardLoops(ts)] },
    });
    return takeLines(outputText);
  }

  /** Reads what most cells need, so that the first one need not. */
  warmUp(imports: string): void {
    this.draft(imports, new Map());
    this.service.getSemanticDiagnostics(NOW);
  }

  private draft(source: string, scope: Scope): number {
    const made = cellModule(this.ts, NOW.replace(/\.ts$/, ""), source, scope);
    this.show(made.checked);
    return made.before;
  }

  /** What Tab offers: in tslab's order, what begins with the word first. */
  complete(source: string, cursor: number, scope: Scope): { matches: string[]; start: number; end: number } {
    const paths = pathsAt("", source, cursor, (folder) => this.files.list(folder));
    if (paths !== null) return { matches: paths.candidates, start: paths.start, end: paths.end };
    const before = this.draft(source, scope);
    const entries = this.service.getCompletionsAtPosition(NOW, before + cursor, undefined)?.entries ?? [];
    const [begun] = /[\w$]*$/.exec(source.slice(0, cursor)) ?? [""];
    const [rest] = /^[\w$]*/.exec(source.slice(cursor)) ?? [""];
    const word = (begun + rest).toLowerCase();
    const rank = (name: string) =>
      name.startsWith(begun + rest)
        ? 0
        : name.toLowerCase().startsWith(word)
          ? 1
          : name.toLowerCase().includes(word)
            ? 2
            : 3;
    const matches = entries
      .map(({ name, sortText }) => ({ name, key: `${rank(name)} ${sortText} ${name}` }))
      .filter(({ key }) => !key.startsWith("3"))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ name }) => name);
    return { matches, start: cursor - begun.length, end: cursor + rest.length };
  }

  /** What Shift-Tab says; null where there is nothing to say. */
  inspect(source: string, cursor: number, scope: Scope): string | null {
    const before = this.draft(source, scope);
    const at = (position: number) => this.declaredAt(before + position);
    const callee = calleeAround(source, cursor);
    const info = at(cursor) ?? (callee === null ? undefined : at(callee));
    return info === undefined ? null : quickInfo(info);
  }

  /** What is known of a name; of one that an earlier cell declares, what is known where it does. */
  private declaredAt(position: number): tslib.QuickInfo | undefined {
    const [definition] = this.service.getDefinitionAtPosition(NOW, position) ?? [];
    const earlier = definition !== undefined && /^\/cell-\d+\.ts$/.test(definition.fileName);
    const there = earlier
      ? this.service.getQuickInfoAtPosition(definition.fileName, definition.textSpan.start)
      : undefined;
    return there ?? this.service.getQuickInfoAtPosition(NOW, position);
  }
}

/** As tslab prints it. */
function quickInfo({ displayParts = [], documentation = [], tags = [] }: tslib.QuickInfo): string {
  const said = displayParts.map(({ text }) => text).join("");
  const docs = documentation.map(({ text }) => `\n${text}`).join("");
  const more = tags.flatMap(({ name, text = [] }) => {
    const words = text.map((part) => part.text).join("");
    return words === "" ? [] : [`\n${name === "param" ? "@param " : ""}${words}`];
  });
  return `${said}${docs === "" && tags.length === 0 ? "" : "\n"}${docs}${more.join("")}`;
}
