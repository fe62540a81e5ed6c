import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { findDeclaration, showSource } from "../../lib/notebook/source";
import { captured } from "./captured";

const SOURCE = `/** The file. */
import fs from "node:fs";

const hidden = 1;

/**
 * Adds.
 * @param a one
 */
export function add(
  a: number,
  b: number,
): number {
  const text = "}";

  return a + b;
}

export async function later() {}
/** One line. */
export const list = [
  1,
];
export function twice(x: string): string;
export function twice(x: number): number;
export function twice(x: never) {
  return x;
}
export class Box {
  /** Inside. */
  value = 1;
}
`;

describe("findDeclaration", () => {
  const find = (name: string) => findDeclaration(SOURCE, name, "lib/x.ts");

  it("takes the doc comment and the whole body", () => {
    const { code, line } = find("add");
    expect(code).toMatch(/^\/\*\*\n \* Adds\.[^]*return a \+ b;\n\}$/);
    expect(SOURCE.split("\n")[line - 1]).toBe("export function add(");
  });

  it("takes constants, classes, async functions and all overloads, and nothing around them", () => {
    expect(find("list").code).toBe("/** One line. */\nexport const list = [\n  1,\n];");
    expect(find("later").code).toBe("export async function later() {}");
    expect(find("twice").code.match(/export function twice/g)).toHaveLength(3);
    expect(find("Box").code).toBe("export class Box {\n  /** Inside. */\n  value = 1;\n}");
  });

  it("lists what the file exports when there is no such name", () => {
    expect(() => find("hidden")).toThrow('lib/x.ts exports no "hidden"; it exports add, later, list, twice, Box');
    expect(() => findDeclaration("const a = 1;", "a", "lib/y.ts")).toThrow("it exports nothing");
  });

  const files = fs
    .readdirSync("lib", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith("index.ts"));
  it.each(files)("finds whatever lib/%s exports, with as many closing as opening braces", (file) => {
    const source = fs.readFileSync(`lib/${file}`, "utf8");
    const names = [
      ...source.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type|enum) ([\w$]+)/gm),
    ].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const { code } = findDeclaration(source, name, file);
      // Comments, strings and patterns, whichever begins first: an address in a string holds //, a comment holds quotes.
      const bare = code.replace(/\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|\/(?![*/ ])(?:[^/\\\n]|\\.)+\/[a-z]*/g, "");
      expect(`${name} ${bare.split("{").length}`).toBe(`${name} ${bare.split("}").length}`);
      expect(bare.trimEnd()).toMatch(/[;}]$/);
    }
  });
});

describe("showSource", () => {
  it("shows highlighted code below its path and line", async () => {
    const { shown } = await captured(() => showSource("lib/notebook/source.ts", "showSource"));
    const { bundle } = shown[0];
    expect(shown).toHaveLength(1);
    expect(bundle["text/markdown"]).toMatch(
      /^\[`lib\/notebook\/source\.ts:\d+`\]\(\.\.\/lib\/notebook\/source\.ts\)\n\n```ts\n\/\*\*[^]*export function showSource\([^]*\n\}\n```$/,
    );
    expect(bundle["text/plain"]).toMatch(/^lib\/notebook\/source\.ts:\d+\n\n\/\*\*/);
  });

  it("links from wherever Jupyter says that the notebook is", async () => {
    const link = async () => {
      const { shown } = await captured(() => showSource("lib/notebook/source.ts", "showSource"));
      return /\]\(([^)]*)\)/.exec(String(shown[0].bundle["text/markdown"]))?.[1];
    };
    vi.stubEnv("JPY_SESSION_NAME", path.resolve("notebooks/solutions/00-start-here.ipynb"));
    expect(await link()).toBe("../../lib/notebook/source.ts");
    vi.stubEnv("JPY_SESSION_NAME", "work/00-start-here.ipynb");
    expect(await link()).toBe("../lib/notebook/source.ts");
    vi.unstubAllEnvs();
  });

  it("fences code that holds a fence", async () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "source-")), "x.ts");
    fs.writeFileSync(file, "/**\n * ```ts\n * f();\n * ```\n */\nexport function f() {}\n");
    const { shown } = await captured(() => showSource(file, "f"));
    expect(shown[0].bundle["text/markdown"]).toMatch(/\n````ts\n[^]*\n````$/);
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  it("names a file that does not exist", () => {
    expect(() => showSource("lib/nowhere.ts", "x")).toThrow("no file lib/nowhere.ts");
  });
});
