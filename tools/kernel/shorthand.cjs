/**
 * Names in braces that belong to earlier cells. tslab reads the variables of such cells from its exports object and
 * rewrites their names for that, which goes wrong in braces. Here they are spelt so that it goes right:
 *
 * - `{ batch }` with a variable of an earlier cell is overlooked and fails with "batch is not defined": it is written out
 *   as `{ batch: exports.batch }`.
 * - `const { size: n } = batch` takes a property whose name is declared in an earlier cell, and would be rewritten as if it
 *   were a variable of it: it becomes `const { "size": n } = batch`.
 */

/** The file in which tslab declares the variables of earlier cells. */
const EARLIER_CELLS = /(^|\/)__prev__\.d\.ts$/;

/**
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {import("@tslab/typescript-for-tslab").TypeChecker} checker
 * @returns {import("@tslab/typescript-for-tslab").TransformerFactory<import("@tslab/typescript-for-tslab").SourceFile>}
 */
function expandShorthand(ts, checker) {
  return (context) => {
    const { factory } = context;
    /** @param {import("@tslab/typescript-for-tslab").Symbol | undefined} symbol */
    const isEarlier = (symbol) =>
      symbol?.declarations?.some((declaration) => EARLIER_CELLS.test(declaration.getSourceFile().fileName)) ?? false;
    /**
     * The name of a property as a text, if it is one of an earlier cell's.
     * @param {import("@tslab/typescript-for-tslab").Node | undefined} name
     */
    const spelt = (name) =>
      name && ts.isIdentifier(name) && isEarlier(checker.getSymbolAtLocation(name))
        ? factory.createStringLiteral(name.text)
        : undefined;
    /** @type {(node: import("@tslab/typescript-for-tslab").Node) => import("@tslab/typescript-for-tslab").Node} */
    const visit = (node) => {
      const property = spelt(ts.isBindingElement(node) ? node.propertyName : undefined);
      if (property && ts.isBindingElement(node)) {
        const name = ts.visitNode(node.name, visit, ts.isBindingName);
        const initial = ts.visitNode(node.initializer, visit, ts.isExpression);
        return factory.updateBindingElement(node, node.dotDotDotToken, property, name, initial);
      }
      const assigned = spelt(ts.isPropertyAssignment(node) ? node.name : undefined);
      if (assigned && ts.isPropertyAssignment(node)) {
        return factory.updatePropertyAssignment(node, assigned, ts.visitNode(node.initializer, visit, ts.isExpression));
      }
      if (!ts.isShorthandPropertyAssignment(node)) return ts.visitEachChild(node, visit, context);
      if (!isEarlier(checker.getShorthandAssignmentValueSymbol(node))) {
        return ts.visitEachChild(node, visit, context);
      }
      const name = node.name.text;
      const variable = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), name);
      const fallback = node.objectAssignmentInitializer; // the default in `({ batch = 1 } = options)`
      if (!fallback) return factory.createPropertyAssignment(name, variable);
      const value = ts.visitNode(fallback, visit, ts.isExpression);
      return factory.createPropertyAssignment(name, factory.createAssignment(variable, value));
    };
    return (file) => ts.visitEachChild(file, visit, context);
  };
}

module.exports = { expandShorthand };
