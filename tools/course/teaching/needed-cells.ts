/*
 * Which cells of a lesson do some of its cells need? Those that declare a name which they use, and what those need in
 * turn. It is read off the text with TypeScript's own parser, nothing runs. Names are enough: in a notebook, cells know
 * each other by what they declare at their top level.
 */
import ts from "@tslab/typescript-for-tslab"; // the kernel's: a learner has no other
import type { Cell } from "../build/notebook";

interface Names {
  declared: Set<string>;
  used: Set<string>;
}

function bindingNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : bindingNames(element.name)));
}

/** What a statement at a cell's top level declares. */
function declaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => bindingNames(name));
  }
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {};
    const named =
      namedBindings === undefined
        ? []
        : ts.isNamespaceImport(namedBindings)
          ? [namedBindings.name.text]
          : namedBindings.elements.map((element) => element.name.text);
    return name === undefined ? named : [name.text, ...named];
  }
  const { name } = statement as ts.Statement & { name?: ts.Node };
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

/** Whether an identifier only names a member: `x.name`, `{ name: … }`. */
function isMember(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  return (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node;
}

function namesOf(source: string): Names {
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isMember(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { declared: new Set(file.statements.flatMap(declaredBy)), used };
}

/** The names that a cell declares at its top level; those that it imports, if they are wanted. */
export function namesDeclaredBy(source: string, { imports = true } = {}): Set<string> {
  const { statements } = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  return new Set(statements.filter((one) => imports || !ts.isImportDeclaration(one)).flatMap(declaredBy));
}

/** All names that a cell uses, but for members. */
export const namesUsedBy = (source: string): Set<string> => namesOf(source).used;

const codeNames = (cells: Cell[]) => cells.map((cell) => (cell.cell_type === "code" ? namesOf(cell.source) : null));

const shares = (declared: Set<string>, used: Set<string>) => [...declared].some((name) => used.has(name));

/**
 * @param roots cells that are wanted, by their numbers from 0
 * @returns these, and all code cells before them that they need, in order
 */
export function neededCells(cells: Cell[], roots: number[]): number[] {
  const names = codeNames(cells);
  const needed = new Set<number>();
  const add = (index: number): void => {
    if (needed.has(index)) return;
    needed.add(index);
    const used = names[index]?.used ?? new Set<string>();
    for (let earlier = 0; earlier < index; earlier++) {
      const declared = names[earlier]?.declared;
      if (declared !== undefined && shares(declared, used)) add(earlier);
    }
  };
  roots.forEach(add);
  return [...needed].sort((a, b) => a - b);
}

/**
 * @param roots cells that are other than they were, by their numbers from 0
 * @returns these, and all later code cells that use what they declare, themselves or through others, in order
 */
export function dependentCells(cells: Cell[], roots: number[]): number[] {
  const names = codeNames(cells);
  const dependent = new Set(roots);
  for (let index = 0; index < cells.length; index++) {
    const used = names[index]?.used;
    if (used === undefined) continue;
    const onOne = [...dependent].some(
      (earlier) => earlier < index && shares(names[earlier]?.declared ?? new Set(), used),
    );
    if (onOne) dependent.add(index);
  }
  return [...dependent].sort((a, b) => a - b);
}
