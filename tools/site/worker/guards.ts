/**
 * Lets a cell's loops and functions be ended: nothing can stop a worker's code from outside but ending the worker. Every
 * loop's turn and every call counts, and each 1,024th asks whether time is up (lib/host/browser.ts). Recursion counts as
 * well: without end it would fill the stack, but with two calls in each it would only take for ever.
 *
 *     while (true) { if (($turns = ($turns + 1) & 1023) === 0) $guard(); … }
 */
import type * as tslib from "@tslab/typescript-for-tslab";
import type { Ts } from "./cell-module";

/** Names that the function around a cell declares. */
export const GUARD = { turns: "$turns", guard: "$guard" } as const;

const EVERY = 1024;

export function guardLoops(ts: Ts): tslib.TransformerFactory<tslib.SourceFile> {
  return (context) => {
    const { factory } = context;
    // Counted round and round: past a billion an engine would keep the count as an object, and make one for each turn.
    const isDue = () => {
      const next = factory.createParenthesizedExpression(
        factory.createAdd(factory.createIdentifier(GUARD.turns), factory.createNumericLiteral(1)),
      );
      const masked = factory.createBinaryExpression(
        next,
        ts.SyntaxKind.AmpersandToken,
        factory.createNumericLiteral(EVERY - 1),
      );
      const counted = factory.createAssignment(factory.createIdentifier(GUARD.turns), masked);
      return factory.createStrictEquality(
        factory.createParenthesizedExpression(counted),
        factory.createNumericLiteral(0),
      );
    };
    const call = () => factory.createCallExpression(factory.createIdentifier(GUARD.guard), undefined, []);
    const check = () => factory.createIfStatement(isDue(), factory.createExpressionStatement(call()));
    const guarded = (body: tslib.Statement) => factory.createBlock([check(), body]);
    const visit = (node: tslib.Node): tslib.Node => {
      const seen = ts.visitEachChild(node, visit, context);
      if (ts.isWhileStatement(seen))
        return factory.updateWhileStatement(seen, seen.expression, guarded(seen.statement));
      if (ts.isDoStatement(seen)) return factory.updateDoStatement(seen, guarded(seen.statement), seen.expression);
      if (ts.isForStatement(seen)) {
        const { initializer, condition, incrementor, statement } = seen;
        return factory.updateForStatement(seen, initializer, condition, incrementor, guarded(statement));
      }
      if (ts.isForOfStatement(seen)) {
        const { awaitModifier, initializer, expression, statement } = seen;
        return factory.updateForOfStatement(seen, awaitModifier, initializer, expression, guarded(statement));
      }
      if (ts.isForInStatement(seen)) {
        return factory.updateForInStatement(seen, seen.initializer, seen.expression, guarded(seen.statement));
      }
      if (ts.isArrowFunction(seen) && !ts.isBlock(seen.body)) {
        const due = factory.createLogicalAnd(isDue(), call());
        const body = factory.createParenthesizedExpression(factory.createComma(due, seen.body));
        const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = seen;
        return factory.updateArrowFunction(
          seen,
          modifiers,
          typeParameters,
          parameters,
          type,
          equalsGreaterThanToken,
          body,
        );
      }
      const isBody =
        ts.isBlock(seen) && node.parent !== undefined && ts.isFunctionLike(node.parent) && !isPrologue(ts, seen);
      return isBody ? factory.updateBlock(seen as tslib.Block, [check(), ...(seen as tslib.Block).statements]) : seen;
    };
    return (file) => ts.visitEachChild(file, visit, context);
  };
}

/** A body that begins with "use strict": that has to stay first. */
function isPrologue(ts: Ts, { statements: [first] }: tslib.Block): boolean {
  return first !== undefined && ts.isExpressionStatement(first) && ts.isStringLiteral(first.expression);
}
