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

const DRAFT = "/cell-draft";

export class Compiler {
  private readonly cells = new Map<string, string>();
  private current = `${DRAFT}.ts`;
  private drafts = 0;
  private readonly service: tslib.LanguageService;

  constructor(
    private readonly ts: Ts,
    private readonly files: SourceFiles,
  ) {
    this.cells.set(this.current, "export {};\n");
    const read = (path: string) => this.cells.get(path) ?? files.read(path);
    const exists = (path: string) => this.cells.has(path) || files.exists(path);
    const host: tslib.LanguageServiceHost = {
      getCompilationSettings: () => options(ts),
      getScriptFileNames: () => [TYPES.globals, this.current],
      getScriptVersion: (path) => (path === `${DRAFT}.ts` ? `draft ${this.drafts}` : "1"),
      getScriptSnapshot: (path) => {
        const text = read(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => "/",
      getDefaultLibFileName: () => `${TYPES.library}lib.es2023.d.ts`,
      fileExists: exists,
      readFile: read,
      directoryExists: files.folderExists,
    };
    this.service = ts.createLanguageService(host);
  }

  /** Makes a cell's run known to the runs after it. Its declarations count only when it has succeeded: the caller decides. */
  module(file: string, source: string, scope: Scope): CellModule {
    const made = cellModule(this.ts, file, source, scope);
    this.cells.set(`${file}.ts`, made.checked);
    return made;
  }

  /** Drops a run that nothing refers to any more. */
  forget(file: string): void {
    this.cells.delete(`${file}.ts`);
  }

  /** What the compiler says of a run, in the words of the kernel of JupyterLab. */
  problems(file: string, { before }: CellModule): Problem[] {
    this.current = `${file}.ts`;
    const found = [
      ...this.service.getSyntacticDiagnostics(this.current),
      ...this.service.getSemanticDiagnostics(this.current),
    ].filter(({ category }) => category === this.ts.DiagnosticCategory.Error);
    const text = this.cells.get(this.current) ?? "";
    return found.map(({ start = before, messageText }) => {
      const own = text.slice(before, Math.max(before, start)).split("\n");
      const message = this.ts.flattenDiagnosticMessageText(messageText, "\n");
      return {
        line: own.length,
        column: own[own.length - 1].length + 1,
        message: message.replace(/^(Cannot assign to '.+' because it is )an import\.$/, "$1a constant."),
      };
    });
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
    this.service.getSemanticDiagnostics(this.current);
  }

  private draft(source: string, scope: Scope): number {
    this.current = `${DRAFT}.ts`;
    this.drafts++;
    const made = cellModule(this.ts, DRAFT, source, scope);
    this.cells.set(this.current, made.checked);
    return made.before;
  }

  /** What Tab offers: in tslab's order, what begins with the word first. */
  complete(source: string, cursor: number, scope: Scope): { matches: string[]; start: number; end: number } {
    const paths = pathsAt("", source, cursor, (folder) => this.files.list(folder));
    if (paths !== null) return { matches: paths.candidates, start: paths.start, end: paths.end };
    const before = this.draft(source, scope);
    const entries = this.service.getCompletionsAtPosition(this.current, before + cursor, undefined)?.entries ?? [];
    const [begun] = /[\w$]*$/.exec(source.slice(0, cursor)) ?? [""];
    const [rest] = /^[\w$]*/.exec(source.slice(cursor)) ?? [""];
    const word = (begun + rest).toLowerCase();
    const rank = (name: string) =>
      name.startsWith(begun + rest) ? 0 : name.toLowerCase().startsWith(word) ? 1 : name.toLowerCase().includes(word) ? 2 : 3;
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
    const at = (position: number) => this.service.getQuickInfoAtPosition(this.current, before + position);
    const callee = calleeAround(source, cursor);
    const info = at(cursor) ?? (callee === null ? undefined : at(callee));
    return info === undefined ? null : quickInfo(info);
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
