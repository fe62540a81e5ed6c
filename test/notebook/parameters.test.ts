import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseParameters, problemWith, type ParameterValue } from "../../lib/notebook/parameter-spec";
import { checkParameters, parametersOf } from "../../lib/notebook/parameters";
import fs from "node:fs";
import { shownText } from "./captured";

const LESSON = "01-mixture-of-experts";
const master = fs.readFileSync(`notebooks/source/${LESSON}.ts`, "utf8");
const specs = parametersOf(master, LESSON);
const defaults: Record<string, ParameterValue> = Object.fromEntries(specs.map((spec) => [spec.name, spec.default]));

describe("parseParameters", () => {
  it("reads ranges, lists, switches and names", () => {
    const source = [
      "const batch = 32; // 1..4096 tokens: tokens that are decoded together",
      "",
      "// a comment of its own",
      "const width = 2; // 1 | 2 | 4 bytes: memory of one parameter",
      'const method = "bias"; // none | loss | bias: how load is kept even',
      "const shared = true; // true | false: whether there is a shared expert",
      "const rate = 1e-3; // 1e-5..0.1 per step: how far a step goes",
    ].join("\n");
    expect(parseParameters(source)).toEqual([
      {
        name: "batch",
        type: "number",
        default: 32,
        integer: true,
        allowed: { min: 1, max: 4096 },
        unit: "tokens",
        meaning: "tokens that are decoded together",
      },
      {
        name: "width",
        type: "number",
        default: 2,
        integer: true,
        allowed: { values: [1, 2, 4] },
        unit: "bytes",
        meaning: "memory of one parameter",
      },
      {
        name: "method",
        type: "string",
        default: "bias",
        integer: false,
        allowed: { values: ["none", "loss", "bias"] },
        unit: "",
        meaning: "how load is kept even",
      },
      {
        name: "shared",
        type: "boolean",
        default: true,
        integer: false,
        allowed: { values: [true, false] },
        unit: "",
        meaning: "whether there is a shared expert",
      },
      {
        name: "rate",
        type: "number",
        default: 0.001,
        integer: false,
        allowed: { min: 1e-5, max: 0.1 },
        unit: "per step",
        meaning: "how far a step goes",
      },
    ]);
  });

  it("reads back any range of whole numbers", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (a, b, c) => {
        const [min, value, max] = [a, b, c].sort((x, y) => x - y);
        const [spec] = parseParameters(`const p = ${value}; // ${min}..${max} things: what it is`);
        expect(spec).toMatchObject({ default: value, integer: true, allowed: { min, max } });
      }),
    );
  });

  it.each([
    ["a line without a comment", "const batch = 32;"],
    ["a comment without a range", "const batch = 32; // tokens: how many"],
    ["a comment without a meaning", "const batch = 32; // 1..4096 tokens"],
    ["a default outside its range", "const batch = 0; // 1..4096 tokens: how many"],
    ["a default that is none of its list", 'const method = "other"; // none | bias: how'],
    ["a default that is computed", "const batch = 4 * 8; // 1..4096 tokens: how many"],
    ["something that is no constant", "let batch = 32; // 1..4096 tokens: how many"],
  ])("refuses %s, and quotes the line", (_, line) => {
    expect(() => parseParameters(line)).toThrow(line);
  });

  it("refuses a parameter that is declared twice", () => {
    const line = "const batch = 32; // 1..4096 tokens: how many";
    expect(() => parseParameters(`${line}\n${line}`)).toThrow("batch is declared twice");
  });
});

describe("parametersOf", () => {
  it("takes the cell tagged parameters and nothing after it", () => {
    const source =
      '// %%\nlet a = 1;\n\n// %% tags=["parameters"]\nconst b = 1; // 0..2 things: b\n\n// %% [markdown]\n// text\n';
    expect(parametersOf(source, "x").map(({ name }) => name)).toEqual(["b"]);
    expect(() => parametersOf("// %%\nconst b = 1;\n", "x")).toThrow('x has no cell with tags=["parameters"]');
  });

  const lessons = fs.readdirSync("notebooks/source").map((file) => file.replace(/\.ts$/, ""));
  it.each(lessons)("%s: every parameter says what it may be", (lesson) => {
    expect(parametersOf(fs.readFileSync(`notebooks/source/${lesson}.ts`, "utf8"), lesson).length).toBeGreaterThan(0);
  });
});

it("takes whatever text is written where the comment says so", () => {
  const [spec] = parseParameters('const folder = ""; // any text: where a model lies');
  expect(spec).toMatchObject({ type: "string", default: "", allowed: { any: "text" }, meaning: "where a model lies" });
  expect([problemWith(spec, "a: b | c"), problemWith(spec, 3)]).toEqual([null, "is not a string"]);
  expect(() => parseParameters("const folder = 3; // any text: where a model lies")).toThrow(/no range/);
});

describe("checkParameters", () => {
  it("shows nothing while every parameter has its default", async () => {
    expect(await shownText(() => checkParameters(LESSON, defaults))).toBe("");
  });

  it("names what differs from the defaults", async () => {
    const text = await shownText(() => checkParameters(LESSON, { ...defaults, batch: 64 }));
    expect(text).toBe(`Changed parameters: batch = 64 (default ${defaults.batch}).`);
  });

  it.each<[string, Record<string, ParameterValue>, string]>([
    [
      "a value outside its range",
      { batch: 0 },
      "batch = 0 is outside 1..4096 tokens: choose a value in that range in the parameters cell",
    ],
    [
      "a value that is none of a list",
      { bytesPerParameter: 3 },
      "bytesPerParameter = 3 is not one of 1 | 2 | 4 bytes: choose one of them in the parameters cell",
    ],
    ["a fraction where only whole numbers are allowed", { batch: 1.5 }, "batch = 1.5 is not a whole number"],
    ["text for a number", { batch: "many" }, 'batch = "many" is not a number'],
    ["NaN", { batch: NaN }, "batch = NaN is not a finite number"],
    [
      "a name that the lesson does not have",
      { bacth: 3 },
      "bacth is not a parameter of this lesson; they are routedExperts",
    ],
  ])("refuses %s", (_, change, message) => {
    expect(() => checkParameters(LESSON, { ...defaults, ...change })).toThrow(message);
  });

  it("says all that is wrong at once, and asks for what is missing", () => {
    const others = Object.fromEntries(Object.entries(defaults).filter(([name]) => name !== "batch"));
    expect(() => checkParameters(LESSON, { ...others, seed: -1 })).toThrow(
      /batch is missing.*\n*.*seed = -1 is outside/s,
    );
    expect(() => checkParameters("99-nothing", {})).toThrow('there is no lesson "99-nothing"');
  });
});
