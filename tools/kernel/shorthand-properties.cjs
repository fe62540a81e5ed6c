/**
 * `{ batch }` with a variable of an earlier cell.
 *
 * tslab turns a name that an earlier cell has declared into a property of what the cells share. In `{ batch }` it
 * overlooks it: the name is asked about as a property, not as the variable behind it, and the cell throws "batch is not
 * defined". Here the question is answered with the variable, and `{ batch }` becomes `{ batch: … }` where it must.
 */

/**
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @returns {{
 *   visitEachChild: Function,
 *   seeVariables: (program: import("@tslab/typescript-for-tslab").Program) => void,
 * }} what tslab is to use in place of the compiler's function, and what to call for every program before it is emitted
 */
function shorthandProperties(ts) {
  /** @type {WeakSet<object>} */
  const seeing = new WeakSet();
  return {
    /**
     * @param {import("@tslab/typescript-for-tslab").Node} node
     * @param {import("@tslab/typescript-for-tslab").Visitor} visitor
     * @param {import("@tslab/typescript-for-tslab").TransformationContext} context
     */
    visitEachChild(node, visitor, context) {
      if (!ts.isShorthandPropertyAssignment(node)) return ts.visitEachChild(node, visitor, context);
      const value = visitor(node.name);
      if (value === node.name) return node;
      const expression = /** @type {import("@tslab/typescript-for-tslab").Expression} */ (value);
      return ts.factory.createPropertyAssignment(node.name.text, expression);
    },
    seeVariables(program) {
      const checker = program.getTypeChecker();
      if (seeing.has(checker)) return;
      seeing.add(checker);
      const { getSymbolAtLocation } = checker;
      checker.getSymbolAtLocation = (node) => {
        const isName = node.parent && ts.isShorthandPropertyAssignment(node.parent) && node.parent.name === node;
        return isName ? checker.getShorthandAssignmentValueSymbol(node.parent) : getSymbolAtLocation(node);
      };
    },
  };
}

module.exports = { shorthandProperties };
