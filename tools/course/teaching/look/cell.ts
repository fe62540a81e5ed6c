/*
 * What one cell of a learner reaches for, read off its syntax tree: comments and texts say nothing, a name that the cell
 * declares itself is its own, and it makes no difference how a member is asked for.
 */
import ts from "@tslab/typescript-for-tslab";
import { builtinModules } from "node:module";
import path from "node:path";
import { bare, checkedCell, isAccess, isValue, memberOf, outermost, rootOf, takenApart } from "./tree";

export interface Known {
  /** The exercises, as the lesson calls them: shapeExercise. */
  exercises: Set<string>;
  /** Functions of lib that are the answer, or what it is made of. */
  answers: Set<string>;
  /** Names that the lesson itself imports. */
  imported: Set<string>;
  /** Names that other cells of the learner declare. */
  declared: Set<string>;
}

/** Modules of Node that an answer may use: they read nothing and change nothing. */
const HARMLESS = new Set(
  "assert buffer events perf_hooks readline readline/promises string_decoder timers timers/promises url util".split(
    " ",
  ),
);
const OF_THE_CHECK = new Set(["assertSolved", "evaluate", "defineExercise", "solvedOr", "handOver", "HANDED_MIME"]);
const OUTSIDE = new Set("globalThis global eval Function Reflect Proxy module exports fetch WebSocket".split(" "));
const OF_PROCESS = new Set("stdin stdout stderr memoryUsage hrtime uptime platform version versions".split(" "));
const SHARED = new Set(
  "Object Function Array Number Math String Boolean Symbol Promise Map Set JSON Error Date RegExp Float32Array tf".split(
    " ",
  ),
);
/** Members of an exercise that a check's messages name. */
const OF_AN_EXERCISE = ["inputs", "drawn", "id"];
/** Types of the course's own outputs: what an answer gives is handed over as one. */
const OF_THE_COURSE = /^application\/vnd\.course\./;
const CHANGING = /^(Object|Reflect)\.(defineProperty|defineProperties|assign|setPrototypeOf|set|deleteProperty)$/;

const assigns = (kind: ts.SyntaxKind) => kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;

/** @returns what it does that has no place in an answer, each once: "reads shapeExercise.reference" */
export function lookAtCell(source: string, known: Known): string[] {
  const { file, checker } = checkedCell(source);
  const found = new Set<string>();

  const module = (name: string): void => {
    const plain = name.replace(/^node:/, "");
    const isNode = builtinModules.includes(plain) || name.startsWith("node:");
    if (isNode && !HARMLESS.has(plain)) found.add(`uses the module ${plain}`);
    if (/(^|\/)(lib\/host|tools|notebooks|test)(\/|$)/.test(name)) found.add(`imports ${name}`);
  };

  /** What a name of this cell was imported as; null if it comes from elsewhere or is declared here. */
  const origin = (node: ts.Identifier): { name: string; here: boolean; all: boolean } => {
    const shorthand = ts.isShorthandPropertyAssignment(node.parent);
    const symbol = shorthand
      ? checker.getShorthandAssignmentValueSymbol(node.parent)
      : checker.getSymbolAtLocation(node);
    const declaration = symbol?.declarations?.find((one) => one.getSourceFile() === file);
    if (declaration === undefined) return { name: node.text, here: known.declared.has(node.text), all: false };
    if (ts.isImportSpecifier(declaration)) {
      return { name: (declaration.propertyName ?? declaration.name).text, here: false, all: false };
    }
    const from = ts.isNamespaceImport(declaration) ? declaration.parent.parent.moduleSpecifier.getText() : "";
    return { name: node.text, here: !/lib\//.test(from), all: /lib\//.test(from) };
  };

  const exercise = (node: ts.Identifier, name: string): void => {
    const whole = outermost(node);
    const { parent } = whole;
    if (isAccess(parent) && parent.expression === whole) {
      if (!OF_AN_EXERCISE.includes(memberOf(parent))) found.add(`reads ${name}.${memberOf(parent)}`);
      return;
    }
    if (ts.isCallExpression(parent) && parent.expression.getText() === "check" && parent.arguments[0] === whole) return;
    const parts = takenApart(whole);
    if (parts.length === 0) found.add(`passes ${name} on`);
    for (const part of parts) if (!OF_AN_EXERCISE.includes(part)) found.add(`reads ${name}.${part}`);
  };

  const lib = (name: string): void => {
    if (OF_THE_CHECK.has(name)) found.add(`uses the check's own ${name}`);
    if (known.answers.has(name)) found.add(`uses lib's own ${name}`);
  };

  const identifier = (node: ts.Identifier): void => {
    const { name, here, all } = origin(node);
    if (here) return;
    const whole = outermost(node);
    const member = isAccess(whole.parent) && whole.parent.expression === whole ? memberOf(whole.parent) : null;
    if (all) {
      if (member === "…") found.add(`asks ${name} for a computed name`);
      for (const part of [...takenApart(whole), member ?? ""]) {
        lib(part);
        if (known.exercises.has(part)) found.add(`takes ${part} out of ${name}`);
      }
      if (member === null && takenApart(whole).length === 0) found.add(`passes ${name} on`);
    } else if (known.exercises.has(name)) exercise(node, name);
    else if (name === "require" && !ts.isCallExpression(node.parent)) found.add("passes require on");
    else if (name === "process" && !OF_PROCESS.has(member ?? ""))
      found.add(`uses process${member ? `.${member}` : ""}`);
    else if (OUTSIDE.has(name) && !(name === "Reflect" && member === "ownKeys")) found.add(`uses ${name}`);
    else lib(name);
  };

  const changes = (target: ts.Expression): void => {
    const root = rootOf(target);
    if (root === null) return;
    const { name, here, all } = origin(root);
    if (!here && (all || SHARED.has(name) || known.exercises.has(name))) {
      found.add(
        `changes ${bare(target)
          .getText()
          .replace(/ as \w+|[()\s]/g, "")}`,
      );
    }
  };

  const call = (node: ts.CallExpression): void => {
    const [first] = node.arguments;
    const loads =
      node.expression.kind === ts.SyntaxKind.ImportKeyword ||
      (ts.isIdentifier(node.expression) && node.expression.text === "require" && !origin(node.expression).here);
    if (loads && first !== undefined) {
      if (ts.isStringLiteralLike(first)) {
        module(first.text);
        if (/lib\//.test(first.text)) found.add(`loads ${first.text} while it runs`);
      } else found.add("loads a module by a computed name");
    }
    if (isAccess(node.expression) && memberOf(node.expression) === "constructor") found.add("makes code from text");
    if (CHANGING.test(node.expression.getText()) && first !== undefined) changes(first);
  };

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      if (node.importClause?.isTypeOnly) return;
      if (ts.isStringLiteral(node.moduleSpecifier)) module(node.moduleSpecifier.text);
      const named = node.importClause?.namedBindings;
      const parts = named !== undefined && ts.isNamedImports(named) ? named.elements : [];
      if (/lib\//.test(node.moduleSpecifier.getText())) {
        for (const one of parts) if (!one.isTypeOnly) lib((one.propertyName ?? one.name).text);
      }
      const file = ts.isStringLiteral(node.moduleSpecifier) ? path.posix.normalize(node.moduleSpecifier.text) : "";
      const lessons = /lib\/lessons(\/|$)/.test(file);
      const names = parts.map((one) => (one.propertyName ?? one.name).text);
      if (lessons && parts.length === 0) found.add("imports all of lib/lessons");
      for (const name of names) if (lessons && !known.imported.has(name)) found.add(`imports ${name} from lib/lessons`);
    }
    if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      const file = node.moduleReference.expression;
      if (ts.isStringLiteral(file)) module(file.text);
      if (/lib\//.test(file.getText())) found.add(`loads ${file.getText().slice(1, -1)} while it runs`);
    }
    if (ts.isStringLiteralLike(node) && OF_THE_COURSE.test(node.text)) found.add("hands over results itself");
    if (ts.isIdentifier(node) && isValue(node)) identifier(node);
    if (ts.isCallExpression(node)) call(node);
    if (ts.isDeleteExpression(node)) changes(node.expression);
    if (ts.isBinaryExpression(node) && assigns(node.operatorToken.kind) && isAccess(bare(node.left))) {
      changes(node.left);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found];
}
