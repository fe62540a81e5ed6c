/*
 * What lib itself would answer to an exercise: the functions that its reference is made of, by name. Read off the files
 * of lib/lessons; nothing runs.
 */
import ts from "@tslab/typescript-for-tslab";
import fs from "node:fs";
import path from "node:path";

type Files = Map<string, ts.SourceFile>;

function readFolder(folder: string): Files {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".ts")) : [];
  return new Map(
    names.map((name) => {
      const text = fs.readFileSync(path.join(folder, name), "utf8");
      return [`./${name.slice(0, -".ts".length)}`, ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true)];
    }),
  );
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Node | undefined {
  const found = object.properties.find((property) => property.name?.getText() === name);
  return found !== undefined && ts.isPropertyAssignment(found) ? found.initializer : found;
}

/** Where a file's top level declares a name: what stands there, or the module that it comes from. */
function declarationOf(file: ts.SourceFile, name: string): { node: ts.Node } | { from: string } | null {
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) return { node: statement };
    if (ts.isVariableStatement(statement)) {
      const found = statement.declarationList.declarations.find((one) => one.name.getText() === name);
      if (found?.initializer !== undefined) return { node: found.initializer };
    }
    if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      const named = statement.importClause?.namedBindings;
      if (named === undefined || !ts.isNamedImports(named)) continue;
      if (named.elements.some((element) => element.name.text === name)) return { from: statement.moduleSpecifier.text };
    }
  }
  return null;
}

/** Names that a piece of code uses as values, members of objects by their object's name. */
function namesIn(node: ts.Node): Set<string> {
  const names = new Set<string>();
  const visit = (at: ts.Node): void => {
    if (ts.isTypeNode(at) || ts.isParameter(at)) return;
    if (ts.isIdentifier(at)) names.add(at.text);
    else if (ts.isPropertyAccessExpression(at)) visit(at.expression);
    else if (ts.isPropertyAssignment(at)) visit(at.initializer);
    else ts.forEachChild(at, visit);
  };
  visit(node);
  return names;
}

const isFunction = (name: string) => /^[a-z]/.test(name);

/**
 * The functions that a reference is made of: those that it names itself, and those of lib that these use, if they are the
 * lesson's own. Not further: what stands deeper are tools that an honest answer may use as well.
 */
function libNames(reference: ts.Node, files: Files): Set<string> {
  const found = new Set<string>();
  const follow = (file: ts.SourceFile, name: string, inside: boolean): void => {
    const declared = declarationOf(file, name);
    if (declared === null) return;
    const other = "from" in declared ? files.get(declared.from) : undefined;
    if (other !== undefined) return follow(other, name, inside);
    if ("from" in declared) {
      if (declared.from.startsWith("../")) found.add(name);
      return;
    }
    if (inside) return;
    found.add(name);
    for (const used of namesIn(declared.node)) if (isFunction(used)) follow(file, used, true);
  };
  for (const name of namesIn(reference)) follow(reference.getSourceFile(), name, false);
  return found;
}

/**
 * @param folder lib/lessons/NN-topic
 * @returns for each exercise's id, the functions of lib that its reference is made of
 */
export function libAnswers(folder: string): Map<string, Set<string>> {
  const files = readFolder(folder);
  const found = new Map<string, Set<string>>();
  for (const file of files.values()) {
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText() === "defineExercise") {
        const [exercise] = node.arguments;
        if (exercise === undefined || !ts.isObjectLiteralExpression(exercise)) return;
        const [id, reference] = [propertyOf(exercise, "id"), propertyOf(exercise, "reference")];
        if (id !== undefined && ts.isStringLiteral(id) && reference !== undefined) {
          found.set(id.text, libNames(reference, files));
        }
      } else ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}
