/** The names that a file of lib declares for others: what it exports, fields of exported types, parameters of functions. */
import fs from "node:fs";
import ts from "typescript";

/**
 * Names that stand for something in a file: exported declarations, members of exported interfaces, classes and constant
 * objects, and, by the name of their function, parameters and what is declared in its body.
 */
export function namesIn(file: string): { exported: Set<string>; inside: Map<string, Set<string>> } {
  const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const exported = new Set<string>();
  const inside = new Map<string, Set<string>>();
  for (const statement of source.statements) {
    const isExported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false;
    const within = declaredWithin(statement);
    const declared = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name.getText())
      : "name" in statement && statement.name !== undefined
        ? [(statement.name as ts.Node).getText()]
        : [];
    for (const name of declared) inside.set(name, within);
    if (!isExported) continue;
    for (const name of declared) exported.add(name);
    if (ts.isFunctionDeclaration(statement)) continue;
    for (const name of within) exported.add(name);
  }
  return { exported, inside };
}

/** Every identifier that a node declares or uses as the name of a field. */
function declaredWithin(node: ts.Node): Set<string> {
  const found = new Set<string>();
  const visit = (child: ts.Node): void => {
    const names =
      ts.isPropertySignature(child) ||
      ts.isParameter(child) ||
      ts.isVariableDeclaration(child) ||
      ts.isBindingElement(child) ||
      ts.isPropertyAssignment(child) ||
      ts.isShorthandPropertyAssignment(child) ||
      ts.isMethodDeclaration(child) ||
      ts.isPropertyDeclaration(child);
    if (names && ts.isIdentifier(child.name)) found.add(child.name.text);
    child.forEachChild(visit);
  };
  node.forEachChild(visit);
  return found;
}
