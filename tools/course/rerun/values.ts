/*
 * Values for a lesson's parameters, from the command line. They are held to what the comment in the parameters cell
 * allows before anything runs, and a mistake is answered with the nearest parameter and its range.
 */
import {
  allowedText,
  problemWith,
  type ParameterSpec,
  type ParameterValue,
} from "../../../lib/notebook/parameter-spec";
import { Mistakes } from "../../cli";

export type Values = Record<string, ParameterValue>;

/** How many letters have to be changed, added or left out to make one word of the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + change));
    }
    row = next;
  }
  return row[b.length];
}

/** "gpuHourPrice" as gpu, hour, price. */
const wordsOf = (name: string) => name.split(/(?=[A-Z])|[_-]/).map((word) => word.toLowerCase());

/** The parameter whose name is most like another: the most words in common, then the fewest letters to change. */
function nearest(specs: ParameterSpec[], name: string): ParameterSpec {
  const words = new Set(wordsOf(name));
  const apart = (spec: ParameterSpec) => {
    const common = wordsOf(spec.name).filter((word) => words.has(word)).length;
    return editDistance(spec.name.toLowerCase(), name.toLowerCase()) - 100 * common;
  };
  return specs.reduce((best, spec) => (apart(spec) < apart(best) ? spec : best));
}

/** "gpuMemory (16..288 GB)" */
function described(spec: ParameterSpec): string {
  return `${spec.name} (${allowedText(spec)})`;
}

function findSpec(specs: ParameterSpec[], name: string): ParameterSpec {
  const found = specs.find((spec) => spec.name === name);
  if (found !== undefined) return found;
  throw new Error(
    `there is no parameter ${name}; the nearest is ${described(nearest(specs, name))}. ` +
      `All: ${specs.map((spec) => spec.name).join(", ")}`,
  );
}

function readValue(spec: ParameterSpec, written: string): ParameterValue {
  const text = written.trim();
  const value = asType(spec.type, text);
  const problem = problemWith(spec, value);
  if (problem === null) return value;
  const range = problem.includes(allowedText(spec)) ? "" : `; it may be ${allowedText(spec)}`;
  throw new Error(`${spec.name} = ${text === "" ? "(nothing)" : text} ${problem}${range}`);
}

/** The text itself where it is not of the type: what is wrong about it is said then. */
function asType(type: ParameterSpec["type"], text: string): ParameterValue {
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  const number = Number(text.replaceAll("_", ""));
  return type === "number" && text !== "" && Number.isFinite(number) ? number : text;
}

/** "name=value" taken apart. */
function split(option: string, text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at <= 0) throw new Error(`${option} takes name=value, not "${text}"`);
  return [text.slice(0, at).trim(), text.slice(at + 1)];
}

/** Collects the mistakes of several values: all are told at once. */
function all<T>(texts: string[], read: (text: string) => T): T[] {
  const mistakes: string[] = [];
  const values: T[] = [];
  for (const text of texts) {
    try {
      values.push(read(text));
    } catch (error) {
      mistakes.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (mistakes.length > 0) throw new Mistakes([...new Set(mistakes)]);
  return values;
}

/**
 * The values of `-p name=value …`.
 * @throws {Error} with one line for each that is unknown, of the wrong type or out of its range
 */
export function readValues(specs: ParameterSpec[], texts: string[]): Values {
  const pairs = all(texts, (text) => {
    const [name, value] = split("-p", text);
    return [name, readValue(findSpec(specs, name), value)] as const;
  });
  const twice = pairs.find(([name], i) => pairs.findIndex((pair) => pair[0] === name) !== i);
  if (twice !== undefined) throw new Error(`${twice[0]} is given twice`);
  return Object.fromEntries(pairs);
}

/** One parameter of a sweep. */
export interface Axis {
  spec: ParameterSpec;
  values: ParameterValue[];
}

/**
 * The values of `--sweep name=1,2,3 …`.
 * @throws {Error} as readValues
 */
export function readAxes(specs: ParameterSpec[], texts: string[]): Axis[] {
  const axes = all(texts, (text) => {
    const [name, list] = split("--sweep", text);
    const spec = findSpec(specs, name);
    return { spec, values: [...new Set(all(list.split(","), (value) => readValue(spec, value)))] };
  });
  const names = axes.map(({ spec }) => spec.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`${twice} is swept twice: give all its values in one list`);
  return axes;
}

/** Every combination, the last axis changing fastest. */
export function grid(axes: Axis[]): Values[] {
  return axes.reduce<Values[]>(
    (points, { spec, values }) => points.flatMap((point) => values.map((value) => ({ ...point, [spec.name]: value }))),
    [{}],
  );
}

/** "batch=1, seed=2" */
export function label(point: Values): string {
  return Object.entries(point)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

/** A constant's type in TypeScript: that of the lesson's own, or the union of all that its comment allows. */
export function typeOf(spec: ParameterSpec): string {
  if (!("values" in spec.allowed)) return spec.type;
  return spec.type === "boolean" ? "boolean" : spec.allowed.values.map((value) => JSON.stringify(value)).join(" | ");
}

/** The table of --list. */
export function listing(specs: ParameterSpec[]): string {
  const rows = [
    ["parameter", "default", "may be", "what it is"],
    ...specs.map((spec) => [spec.name, String(spec.default), allowedText(spec), spec.meaning]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((text, column) => (column < 3 ? text.padEnd(widths[column]) : text)).join("  "))
    .join("\n");
}
