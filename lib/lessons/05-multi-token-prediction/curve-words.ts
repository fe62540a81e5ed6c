/** A curve in words, by its turning points: what is said of it follows the numbers. */
import { fixed, whole } from "../../notebook/format";

/**
 * "1.41 at 1, down to 1.27 near 12, up to 1.78 near 512": both ends and each turning point between them.
 *
 * @throws unless there are at least two points, as many x as y
 */
export function curveInWords(x: readonly number[], y: readonly number[]): string {
  if (x.length < 2 || x.length !== y.length) throw new RangeError(`curveInWords: ${x.length} and ${y.length} values`);
  const last = y.length - 1;
  const parts = [`${fixed(y[0])} at ${whole(x[0])}`];
  let direction = 0;
  let from = 0; // where the curve last moved
  for (let i = 1; i <= last; i++) {
    const step = Math.sign(y[i] - y[from]);
    if (step === 0) continue;
    if (direction !== 0 && step !== direction) parts.push(part(direction, y[from], x[from], "near"));
    direction = step;
    from = i;
  }
  parts.push(part(direction, y[last], x[last], "at"));
  return parts.join(", ");
}

function part(direction: number, y: number, x: number, where: "near" | "at"): string {
  const way = direction === 0 ? "still" : direction > 0 ? "up to" : "down to";
  return `${way} ${fixed(y)} ${where} ${whole(x)}`;
}
