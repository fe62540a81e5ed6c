/**
 * Lets Interrupt, timers and output in while a cell's own loop awaits.
 *
 * `while (true) await 0` never gives the thread back: the promise is settled at once, and Node goes on with settled
 * promises before it looks at anything else, a signal included. So every loop of a cell that awaits something asks at
 * the begin of each turn whether the last pause is long ago:
 *
 *     while (true) { if (globalThis.courseInterrupt.isDue()) await globalThis.courseInterrupt.pause(); await 0; }
 *
 * Nothing is put into a loop without an await: others must not run in the middle of it.
 */

/**
 * @typedef {import("@tslab/typescript-for-tslab").Node} Node
 * @typedef {import("@tslab/typescript-for-tslab").SourceFile} SourceFile
 */

/**
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {(file: SourceFile) => boolean} isCell
 * @returns {import("@tslab/typescript-for-tslab").TransformerFactory<SourceFile>}
 */
function pauseInLoops(ts, isCell) {
  return (context) => {
    const { factory } = context;
    /** @param {string} method */
    const call = (method) => {
      const interrupt = factory.createPropertyAccessExpression(
        factory.createIdentifier("globalThis"),
        "courseInterrupt",
      );
      return factory.createCallExpression(factory.createPropertyAccessExpression(interrupt, method), undefined, []);
    };
    const pause = () =>
      factory.createIfStatement(
        call("isDue"),
        factory.createExpressionStatement(factory.createAwaitExpression(call("pause"))),
      );
    /** @type {(node: Node) => Node} */
    const visit = (node) => {
      const visited = ts.visitEachChild(node, visit, context);
      if (!ts.isIterationStatement(node, false) || !awaits(ts, node)) return visited;
      const loop = /** @type {import("@tslab/typescript-for-tslab").IterationStatement} */ (visited);
      return withStatement(ts, factory, loop, factory.createBlock([pause(), loop.statement]));
    };
    return (file) => (isCell(file) ? ts.visitEachChild(file, visit, context) : file);
  };
}

/**
 * Whether a loop awaits something itself, not in a function within it. (`for await` counts; so does an await that is
 * in the head of the loop.)
 *
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {Node} loop
 * @returns {boolean}
 */
function awaits(ts, loop) {
  /** @param {Node} node @returns {boolean} */
  const look = (node) => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return true;
    return ts.forEachChild(node, look) ?? false;
  };
  return look(loop);
}

/**
 * @param {typeof import("@tslab/typescript-for-tslab")} ts
 * @param {import("@tslab/typescript-for-tslab").NodeFactory} factory
 * @param {import("@tslab/typescript-for-tslab").IterationStatement} loop
 * @param {import("@tslab/typescript-for-tslab").Statement} body
 */
function withStatement(ts, factory, loop, body) {
  if (ts.isWhileStatement(loop)) return factory.updateWhileStatement(loop, loop.expression, body);
  if (ts.isDoStatement(loop)) return factory.updateDoStatement(loop, body, loop.expression);
  if (ts.isForStatement(loop)) {
    return factory.updateForStatement(loop, loop.initializer, loop.condition, loop.incrementor, body);
  }
  if (ts.isForOfStatement(loop)) {
    return factory.updateForOfStatement(loop, loop.awaitModifier, loop.initializer, loop.expression, body);
  }
  const { initializer, expression } = /** @type {import("@tslab/typescript-for-tslab").ForInStatement} */ (loop);
  return factory.updateForInStatement(
    /** @type {import("@tslab/typescript-for-tslab").ForInStatement} */ (loop),
    initializer,
    expression,
    body,
  );
}

module.exports = { pauseInLoops };
