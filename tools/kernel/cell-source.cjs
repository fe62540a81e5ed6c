/**
 * Makes a cell into what tslab can compile, without moving anything: messages name the line and column that a reader sees.
 *
 * - `export const x` is a declaration like any other in a cell, and tslab exports all of them: the word is blanked.
 * - `const A = class { private x = 1 }` cannot be declared to later cells (TypeScript's 4094), `class A { … }` can.
 * - Whether the cell awaits at its top level is told here. tslab asks the compiler, which is silent where a script could
 *   mean something else, a call of `await` in `await (x)` for one, and of `for await`.
 */

/**
 * @typedef {import("@tslab/typescript-for-tslab").SourceFile} SourceFile
 * @typedef {import("@tslab/typescript-for-tslab").Node} Node
 * @typedef {import("@tslab/typescript-for-tslab").Statement} Statement
 */

/**
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {string} source
 * @returns {{ source: string, names: string[], awaits: boolean }} names: what the cell declares at its top level
 */
function prepareCell(ts, source) {
  const file = parseCell(ts, source);
  let text = source;
  /** @param {number} start @param {number} end @param {string} [by] */
  const replace = (start, end, by = "") => {
    text = text.slice(0, start) + by.padEnd(end - start) + text.slice(end);
  };
  for (const statement of file.statements) {
    for (const modifier of exportsOf(ts, statement)) replace(modifier.getStart(file), modifier.end);
    const named = classExpression(ts, statement);
    if (named) replace(statement.getStart(file), named.keywordEnd, `class ${named.name}`);
  }
  return { source: text, names: declaredNames(ts, file), awaits: awaits(ts, file) };
}

/**
 * A cell's syntax, which is that of a module, whatever it imports and exports.
 *
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {string} source
 */
function parseCell(ts, source) {
  const options = {
    languageVersion: ts.ScriptTarget.Latest,
    /** @param {SourceFile} file */
    setExternalModuleIndicator: (file) => void Object.assign(file, { externalModuleIndicator: true }),
  };
  return ts.createSourceFile("cell.ts", source, options, true, ts.ScriptKind.TS);
}

/**
 * The word `export` before a declaration. (`export default` and `export { … }` mean something else: they stay.)
 *
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {Statement} statement
 */
function exportsOf(ts, statement) {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return [];
  return modifiers.filter(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

/**
 * `const A = class …` or `let A = class …`, if the class has no name of its own and something private or protected.
 *
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {Statement} statement
 * @returns {{ name: string, keywordEnd: number } | null} keywordEnd: where the word `class` ends
 */
function classExpression(ts, statement) {
  if (!ts.isVariableStatement(statement) || statement.declarationList.declarations.length !== 1) return null;
  const [declaration] = statement.declarationList.declarations;
  const value = declaration?.initializer;
  if (!declaration || declaration.type || !ts.isIdentifier(declaration.name)) return null;
  if (!value || !ts.isClassExpression(value) || value.name || value.modifiers) return null;
  const hidden = value.members.some((member) => {
    const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
    return modifiers.some(
      ({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword,
    );
  });
  return hidden ? { name: declaration.name.text, keywordEnd: value.getStart() + "class".length } : null;
}

/**
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {SourceFile} file
 * @returns {string[]}
 */
function declaredNames(ts, file) {
  /** @type {string[]} */
  const names = [];
  /** @param {import("@tslab/typescript-for-tslab").BindingName} name */
  const bind = (name) => {
    if (ts.isIdentifier(name)) names.push(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name);
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) bind(name);
    } else if (
      (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) || ts.isEnumDeclaration(statement)) &&
      statement.name
    ) {
      names.push(statement.name.text);
    } else if (ts.isImportDeclaration(statement) && statement.importClause) {
      const { name, namedBindings } = statement.importClause;
      if (name) names.push(name.text);
      if (namedBindings && ts.isNamespaceImport(namedBindings)) names.push(namedBindings.name.text);
      else if (namedBindings) names.push(...namedBindings.elements.map((element) => element.name.text));
    }
  }
  return names;
}

/**
 * Whether an await, or a `for await`, stands outside of all functions.
 *
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {Node} node
 * @returns {boolean}
 */
function awaits(ts, node) {
  const isAwait = ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
  if (isAwait && isAtTopLevel(ts, node)) return true;
  return ts.forEachChild(node, (child) => awaits(ts, child)) ?? false;
}

/**
 * As the compiler sees it: what a class extends is at the top level, the value of its field is not.
 *
 * @param {object} ts its types leave this function out
 * @param {Node} node
 */
function isAtTopLevel(ts, node) {
  return /** @type {{ isInTopLevelContext(node: Node): boolean }} */ (ts).isInTopLevelContext(node);
}

module.exports = { isAtTopLevel, parseCell, prepareCell };
