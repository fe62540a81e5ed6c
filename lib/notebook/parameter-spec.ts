/**
 * The language of a parameters cell. Each line declares one number (or switch, or name) that is worth changing, and its
 * comment says what it may be:
 *
 *     const batch = 32; // 1..4096 tokens: tokens that are decoded together
 *     const bytes = 1; // 1 | 2 | 4 bytes: memory of one parameter
 *     const method = "bias"; // none | loss | bias: how load is kept even
 *     const shared = true; // true | false: whether there is a shared expert
 *     const folder = ""; // any text: where a model lies, empty for none
 *
 * Range or list, unit, colon, meaning. A number is whole if its default and its bounds are written without a point:
 * `0..3.0` takes fractions. Lessons, the check of the masters and re-runs with other parameters all read this.
 */

export type ParameterValue = number | boolean | string;

export interface ParameterSpec {
  name: string;
  type: "number" | "boolean" | "string";
  default: ParameterValue;
  /** Only whole numbers are allowed. */
  integer: boolean;
  /** The smallest and the largest value, or all values, or whatever is written. */
  allowed: { min: number; max: number } | { values: ParameterValue[] } | { any: "text" };
  /** "tokens"; empty for switches, names and texts. */
  unit: string;
  meaning: string;
}

const NUMBER = String.raw`[-+]?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?`;
const LINE = /^const ([A-Za-z_$][\w$]*) = (.+?);\s*\/\/ (.+)$/;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER}) ([^:]+): (.+)$`);
const LIST = /^([^:|]+(?:\|[^:|]+)+): (.+)$/;
const ANY_TEXT = /^any text: (.+)$/;
const LAST_NUMBER = new RegExp(`^(${NUMBER}) (.+)$`);

/**
 * Reads the lines of a parameters cell; blank lines and lines that are only a comment are skipped.
 *
 * @throws if a line does not say what its parameter may be, naming the line
 */
export function parseParameters(source: string): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  for (const line of source.split(/\r?\n/).map((text) => text.trim())) {
    if (line === "" || line.startsWith("//")) continue;
    const spec = parseLine(line);
    if (specs.some(({ name }) => name === spec.name)) throw new Error(`parameters: ${spec.name} is declared twice`);
    specs.push(spec);
  }
  return specs;
}

function parseLine(line: string): ParameterSpec {
  const fail = (reason: string): never => {
    throw new Error(
      `parameters: ${reason} in the line \`${line}\`. A line looks like: ` +
        "const batch = 32; // 1..4096 tokens: how many tokens decode together",
    );
  };
  const [, name, written, comment] = LINE.exec(line) ?? fail("no value with a comment");
  const value = parseValue(written) ?? fail("the default is not a number, a text in quotes, true or false");
  const spec =
    parseRange(name, value, written, comment) ??
    parseAnyText(name, value, comment) ??
    parseList(name, value, written, comment);
  if (spec === null) return fail("no range (1..10), or list (1 | 2 | 4), with unit, colon and meaning");
  const problem = problemWith(spec, spec.default);
  return problem === null ? spec : fail(`the default is not allowed (${problem})`);
}

function parseValue(written: string): ParameterValue | null {
  const text = written.trim();
  if (text === "true" || text === "false") return text === "true";
  if (/^(["']).*\1$/.test(text)) return text.slice(1, -1);
  return new RegExp(`^${NUMBER}$`).test(text) ? toNumber(text) : null;
}

const toNumber = (written: string): number => Number(written.replaceAll("_", ""));

function parseRange(name: string, value: ParameterValue, written: string, comment: string): ParameterSpec | null {
  const found = RANGE.exec(comment);
  if (found === null || typeof value !== "number") return null;
  const [, min, max, unit, meaning] = found;
  const allowed = { min: toNumber(min), max: toNumber(max) };
  const integer = [written, min, max].every((text) => !text.includes(".") && Number.isInteger(toNumber(text)));
  return { name, type: "number", default: value, integer, allowed, unit: unit.trim(), meaning };
}

function parseAnyText(name: string, value: ParameterValue, comment: string): ParameterSpec | null {
  const found = ANY_TEXT.exec(comment);
  if (found === null || typeof value !== "string") return null;
  return {
    name,
    type: "string",
    default: value,
    integer: false,
    allowed: { any: "text" },
    unit: "",
    meaning: found[1],
  };
}

function parseList(name: string, value: ParameterValue, written: string, comment: string): ParameterSpec | null {
  const found = LIST.exec(comment);
  if (found === null) return null;
  const items = found[1].split("|").map((item) => item.trim());
  if (typeof value !== "number") {
    const values = items.map((item) =>
      typeof value === "boolean" ? (parseValue(item) ?? item) : item.replace(/^(["'])(.*)\1$/, "$2"),
    );
    return {
      name,
      type: typeof value as "boolean" | "string",
      default: value,
      integer: false,
      allowed: { values },
      unit: "",
      meaning: found[2],
    };
  }
  const last = LAST_NUMBER.exec(items[items.length - 1]);
  if (last === null) return null;
  const numbers = [...items.slice(0, -1), last[1]];
  if (!numbers.every((text) => new RegExp(`^${NUMBER}$`).test(text))) return null;
  const integer = [written, ...numbers].every((text) => !text.includes(".") && Number.isInteger(toNumber(text)));
  const allowed = { values: numbers.map(toNumber) };
  return { name, type: "number", default: value, integer, allowed, unit: last[2].trim(), meaning: found[2] };
}

/** What a parameter may be, as its comment says it: "1..4096 tokens", "1 | 2 | 4 bytes". */
export function allowedText({ allowed, unit }: ParameterSpec): string {
  if ("any" in allowed) return `any ${allowed.any}`;
  const text = "values" in allowed ? allowed.values.map(String).join(" | ") : `${allowed.min}..${allowed.max}`;
  return unit === "" ? text : `${text} ${unit}`;
}

/** Why a value is not allowed, as the end of a sentence about it; null if it is. */
export function problemWith(spec: ParameterSpec, value: unknown): string | null {
  if (typeof value !== spec.type) return `is not a ${spec.type}`;
  if (typeof value === "number" && !Number.isFinite(value)) return "is not a finite number";
  if ("values" in spec.allowed) {
    return spec.allowed.values.includes(value as ParameterValue) ? null : `is not one of ${allowedText(spec)}`;
  }
  if ("any" in spec.allowed) return null;
  const number = value as number;
  if (number < spec.allowed.min || number > spec.allowed.max) return `is outside ${allowedText(spec)}`;
  return spec.integer && !Number.isInteger(number) ? `is not a whole number of ${allowedText(spec)}` : null;
}
