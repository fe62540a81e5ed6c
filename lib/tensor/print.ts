/**
 * What console.log and a cell's last line say of a tensor: its shape, its type and its values, few of them where there
 * are many. tfjs itself shows the object, which holds no values.
 */
import * as tf from "@tensorflow/tfjs";

/** Tensors up to this size are shown whole; of larger ones each axis shows its ends. */
const SHOWN_WHOLE = 64;
const SHOWN_AT_EACH_END = 3;

/** What console.log calls to print an object; the same in Node and in the kernel of a tab. */
const PRINTED_AS = Symbol.for("nodejs.util.inspect.custom");

/** Lets Node print tensors this way. Calling it again changes nothing. */
export function printTensors(): void {
  Object.defineProperty(tf.Tensor.prototype, PRINTED_AS, {
    configurable: true,
    value(this: tf.Tensor, depth: number): string {
      return depth < 0 ? heading(this) : describeTensor(this);
    },
  });
}

/** "tensor [2, 3] float32" and its values in lines, or why they are not shown. */
export function describeTensor(tensor: tf.Tensor): string {
  if (tensor.isDisposed) return `${heading(tensor)}, disposed: its values are gone`;
  if (tf.getBackend() === "webgpu") return `${heading(tensor)}, on the GPU: await t.data() fetches its values`;
  const values = tensor.dataSync<tf.DataType>();
  const edge = tensor.size > SHOWN_WHOLE ? SHOWN_AT_EACH_END : Infinity;
  const text = written(values, tensor.shape, edge, tensor.dtype);
  return `${heading(tensor)}${text.includes("\n") ? "\n" : " "}${text}`;
}

function heading({ shape, dtype }: tf.Tensor): string {
  return `tensor [${shape.join(", ")}] ${dtype}`;
}

/** The values from `start` on as nested lists, as they would be typed. */
function written(
  values: ArrayLike<number | string>,
  shape: readonly number[],
  edge: number,
  dtype: tf.DataType,
  start = 0,
  indent = 1,
): string {
  if (shape.length === 0) return one(values[start], dtype);
  const [length, ...inner] = shape;
  const step = inner.reduce((product, size) => product * size, 1);
  const part = (i: number) => written(values, inner, edge, dtype, start + i * step, indent + 1);
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => part(from + i));
  const parts = length > 2 * edge + 1 ? [...range(0, edge), "…", ...range(length - edge, length)] : range(0, length);
  return `[${parts.join(inner.length === 0 ? ", " : `,\n${" ".repeat(indent)}`)}]`;
}

function one(value: number | string, dtype: tf.DataType): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (Number.isFinite(value) && Math.abs(value) >= 1e15) return Number(value.toPrecision(5)).toExponential();
  return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : String(Number(value.toPrecision(5)));
}
