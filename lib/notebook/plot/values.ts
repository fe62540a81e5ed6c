/**
 * Figures as JSON. Typed arrays become lists, what JSON cannot say (NaN, infinity, missing) becomes null, which Plotly
 * draws as a gap, and numbers keep seven significant digits: more than a pixel can show, and a notebook file a third of
 * the size.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const DIGITS = 7;

/**
 * @param at where the value stands, for the error
 * @throws if a value is a function, a tensor or another object that is not data
 */
export function toJson(value: unknown, at: string): Json {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) return null;
      return Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS));
    case "bigint":
      return Number(value);
    case "string":
    case "boolean":
      return value;
    case "undefined":
      return null;
    case "object":
      return objectToJson(value, at);
    default:
      throw new Error(`plot: ${at} is a ${typeof value}; a figure holds only numbers, texts and lists of them`);
  }
}

function objectToJson(value: object | null, at: string): Json {
  if (value === null) return null;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as Float64Array, (number, i) => toJson(number, `${at}[${i}]`));
  }
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, `${at}[${i}]`));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const name = value.constructor.name;
    throw new Error(`plot: ${at} is a ${name}, not plain data${"dataSync" in value ? "; give it t.arraySync()" : ""}`);
  }
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, toJson(inner, `${at}.${key}`)]));
}
