/**
 * `{ batch }` with a variable of an earlier cell. tslab reads such variables from its exports object and rewrites their
 * names for that, but overlooks the short form, which then fails with "batch is not defined". Here it is written out as
 * `{ batch: exports.batch }` before tslab sees it.
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
    /** @type {(node: import("@tslab/typescript-for-tslab").Node) => import("@tslab/typescript-for-tslab").Node} */
    const visit = (node) => {
      if (!ts.isShorthandPropertyAssignment(node)) return ts.visitEachChild(node, visit, context);
      const declarations = checker.getShorthandAssignmentValueSymbol(node)?.declarations ?? [];
      if (!declarations.some((declaration) => EARLIER_CELLS.test(declaration.getSourceFile().fileName))) {
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
