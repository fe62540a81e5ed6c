/* What a cell's syntax tree says of its names and members. */
import ts from "@tslab/typescript-for-tslab";

/** A cell by itself, and who declares its names: those of other cells are nobody's. */
export function checkedCell(source: string): { file: ts.SourceFile; checker: ts.TypeChecker } {
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  const host: ts.CompilerHost = {
    getSourceFile: (name) => (name === file.fileName ? file : undefined),
    getDefaultLibFileName: () => "",
    writeFile: () => {},
    getCurrentDirectory: () => "",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    fileExists: (name) => name === file.fileName,
    readFile: () => undefined,
  };
  const program = ts.createProgram([file.fileName], { noLib: true, noResolve: true, types: [] }, host);
  return { file, checker: program.getTypeChecker() };
}

/** Without brackets, `as any` and `!`. */
export function bare(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node)
    ? bare(node.expression)
    : node;
}

export const isAccess = (node: ts.Node): node is ts.PropertyAccessExpression | ts.ElementAccessExpression =>
  ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);

/** The member that is asked for; "…" where it is computed. */
export function memberOf(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : "…";
}

/** The name that a chain of members begins with: Math in (Math as any)["abs"], tf in tf.engine().state. */
export function rootOf(node: ts.Expression): ts.Identifier | null {
  const inner = bare(node);
  if (ts.isIdentifier(inner)) return inner;
  if (ts.isCallExpression(inner) && isAccess(inner.expression) && memberOf(inner.expression) === "engine") {
    return rootOf(inner.expression.expression);
  }
  return isAccess(inner) ? rootOf(inner.expression) : null;
}

/** The expression around a node that only changes its type. */
export function outermost(node: ts.Node): ts.Node {
  const { parent } = node;
  const through = ts.isParenthesizedExpression(parent) || ts.isAsExpression(parent) || ts.isNonNullExpression(parent);
  return through ? outermost(parent) : node;
}

/** Whether an identifier stands for a value, and is not a member's or a declaration's name or a type's. */
export function isValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name !== node;
  if (ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent) || ts.isQualifiedName(parent)) return false;
  if (ts.isImportSpecifier(parent)) return false;
  if (ts.isImportClause(parent) || ts.isNamespaceImport(parent) || ts.isLabeledStatement(parent)) return false;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  const { name } = parent as ts.Node & { name?: ts.Node };
  return name !== node || ts.isShorthandPropertyAssignment(parent);
}

/** Members taken out of a value in braces: `const { reference: mine } = …`. */
export function takenApart(node: ts.Node): string[] {
  const { parent } = node;
  if (!ts.isVariableDeclaration(parent) || parent.initializer !== node || !ts.isObjectBindingPattern(parent.name))
    return [];
  return parent.name.elements.map((element) => (element.propertyName ?? element.name).getText().replace(/["']/g, ""));
}
