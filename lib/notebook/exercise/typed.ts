/** Values as TypeScript that makes them, so that a case of a check can be typed into a cell as it stands in a message. */
import * as tf from "@tensorflow/tfjs";
import { isRecord } from "./values";

/** The value as an expression; null where no expression makes it: a function, an object of a class. */
export function typed(value: unknown): string | null {
  if (value === undefined || value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof tf.Tensor) return typedTensor(value);
  if (Array.isArray(value)) return joined("[", value.map(typed), "]");
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return typedArray(value);
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return null;
  const parts = Object.entries(value).map(([key, inner]) => {
    const text = typed(inner);
    return text === null ? null : `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: ${text}`;
  });
  return parts.length === 0 ? "{}" : joined("{ ", parts, " }");
}

/** The arguments of a call: `[1, 2], 3`. Null where one can't be typed. */
export function typedArguments(args: readonly unknown[]): string | null {
  return joined("", args.map(typed), "");
}

function joined(open: string, parts: (string | null)[], close: string): string | null {
  return parts.includes(null) ? null : `${open}${parts.join(", ")}${close}`;
}

function typedTensor(tensor: tf.Tensor): string {
  const { shape, dtype } = tensor;
  const values = Array.from(tensor.dataSync<tf.DataType>() as ArrayLike<number | string>, (value) =>
    typeof value === "string" ? JSON.stringify(value) : dtype === "bool" ? String(value !== 0) : shortest(value),
  );
  const plain = dtype === "float32" || dtype === "bool" || dtype === "string";
  if (shape.length === 0) return `tf.scalar(${values[0]}${plain ? "" : `, "${dtype}"`})`;
  if (shape.length === 1) return `tf.tensor1d([${values.join(", ")}]${plain ? "" : `, "${dtype}"`})`;
  if (plain && shape.length === 2 && tensor.size > 0) return `tf.tensor2d(${nested(values, shape)})`;
  const make = shape.length <= 6 ? `tensor${shape.length}d` : "tensor";
  return `tf.${make}([${values.join(", ")}], [${shape.join(", ")}]${plain ? "" : `, "${dtype}"`})`;
}

function nested(values: string[], [rows, columns]: readonly number[]): string {
  const lines = Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns));
  return `[${lines.map((line) => `[${line.join(", ")}]`).join(", ")}]`;
}

/** The shortest decimal that is this float32: 0.1, where its double is 0.10000000149011612. */
function shortest(value: number): string {
  if (Math.fround(value) !== value) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return Object.is(short, -0) ? "-0" : String(short);
  }
  return String(value);
}

function typedArray(view: ArrayBufferView): string {
  const { name } = view.constructor;
  const items = Array.from(view as unknown as ArrayLike<number | bigint>);
  const texts = items.map((item) =>
    typeof item === "bigint" ? `${item}n` : name === "Float32Array" ? shortest(item) : String(item),
  );
  return `new ${name}([${texts.join(", ")}])`;
}
