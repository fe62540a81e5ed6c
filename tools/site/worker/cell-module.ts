/**
 * A cell as a module. Run 7 is the file /cell-7.ts: it exports what it declares, and its first line imports what earlier
 * runs declared, so that redeclaring is no more than a new module. Two texts are made of it, with the same lines:
 *
 * - one for the compiler that checks types, in which variables are declared and not imported: an import can't be assigned,
 *   and what a condition says of it is forgotten in a function within;
 * - one that is translated to CommonJS, in which every use of an exported or imported name becomes a property of its
 *   run's exports: that is how TypeScript translates modules, and so all cells see the same variable.
 */
import type * as tslib from "@tslab/typescript-for-tslab";
import { parseCell, prepareCell } from "../../kernel/cell-source.cjs";

export type Ts = typeof tslib;

/** Where a name that a cell can use comes from. */
export interface Origin {
  /** "/cell-3" or, for what a cell imports, what it imports from. */
  from: string;
  /** The name there; "*" for the module itself, "default" for its default. */
  name: string;
  /** How a variable is declared for the cells after it; null where it is imported, as all else is. */
  variable: "let" | "const" | null;
}

/** What the cells so far have declared, by name. */
export type Scope = ReadonlyMap<string, Origin>;

export interface CellModule {
  checked: string;
  run: string;
  /** What stands before the cell's own first character, in `checked`. */
  before: number;
  /** What it declares. */
  declares: Map<string, Origin>;
}

/** The name under which the value of a last line that is an expression is exported. */
export const LAST = "$last";

export function cellModule(ts: Ts, file: string, source: string, scope: Scope): CellModule {
  const text = prepareCell(ts, source).source;
  const parsed = parseCell(ts, text);
  const declares = declarations(ts, parsed, file);
  const others = [...scope].filter(([name]) => !declares.has(name));
  const declared = others.flatMap(([name, { from, variable }]) =>
    variable === null ? [] : [`declare ${variable} ${name}: typeof import("${from}").${name};`],
  );
  const fixed = importLine(others.filter(([, { variable }]) => variable === null));
  const first = `export {}; ${fixed} ${declared.join(" ")}\n`;
  const own = [...declares].flatMap(([name, { from }]) => (from === file ? [name] : []));
  return {
    checked: `${first}${text}\n;export { ${own.join(", ")} };`,
    run: `export {}; ${importLine(others)}\n${withExports(ts, parsed, text)}`,
    before: first.length,
    declares,
  };
}

function importLine(names: [string, Origin][]): string {
  const modules = new Map<string, string[]>();
  const whole: string[] = [];
  for (const [name, { from, name: there }] of names) {
    if (there === "*") whole.push(`import * as ${name} from "${from}";`);
    else modules.set(from, [...(modules.get(from) ?? []), there === name ? name : `${there} as ${name}`]);
  }
  const parts = [...modules].map(([from, list]) => `import { ${list.join(", ")} } from "${from}";`);
  return [...whole, ...parts].join(" ");
}

function declarations(ts: Ts, file: tslib.SourceFile, place: string): Map<string, Origin> {
  const found = new Map<string, Origin>();
  const own = (name: string, variable: Origin["variable"] = null) => found.set(name, { from: place, name, variable });
  const bind = (name: tslib.BindingName, variable: Origin["variable"]): void => {
    if (ts.isIdentifier(name)) own(name.text, variable);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name, variable);
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      const { flags, declarations } = statement.declarationList;
      for (const { name } of declarations) bind(name, flags & ts.NodeFlags.Const ? "const" : "let");
    } else if (isNamed(ts, statement)) {
      if (statement.name) own(statement.name.text);
    } else if (ts.isImportDeclaration(statement) && statement.importClause) {
      const from = (statement.moduleSpecifier as tslib.StringLiteral).text;
      const { name, namedBindings } = statement.importClause;
      const imported = (local: string, there: string) => found.set(local, { from, name: there, variable: null });
      if (name) imported(name.text, "default");
      if (namedBindings && ts.isNamespaceImport(namedBindings)) imported(namedBindings.name.text, "*");
      else
        for (const one of namedBindings?.elements ?? []) imported(one.name.text, (one.propertyName ?? one.name).text);
    }
  }
  return found;
}

type Named =
  | tslib.FunctionDeclaration
  | tslib.ClassDeclaration
  | tslib.EnumDeclaration
  | tslib.InterfaceDeclaration
  | tslib.TypeAliasDeclaration
  | (tslib.ModuleDeclaration & { name: tslib.Identifier });

function isNamed(ts: Ts, node: tslib.Statement): node is Named {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name))
  );
}

/** The text with `export` before what it declares, and the value of its last line exported. */
function withExports(ts: Ts, file: tslib.SourceFile, text: string): string {
  const insertions: [number, string][] = [];
  for (const statement of file.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue; // export default
    if (ts.isVariableStatement(statement) || (isNamed(ts, statement) && statement.name))
      insertions.push([statement.getStart(file), "export "]);
  }
  const last = file.statements[file.statements.length - 1];
  if (last !== undefined && ts.isExpressionStatement(last)) {
    const { expression } = last;
    insertions.push([expression.getStart(file), `export const ${LAST} = (`], [expression.end, ")"]);
  }
  let out = text;
  for (const [at, word] of insertions.sort(([a], [b]) => b - a)) out = out.slice(0, at) + word + out.slice(at);
  return out;
}
