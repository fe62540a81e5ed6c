/** What Tab and Shift-Tab answer in a cell, beyond tslab's own answers. */
import { describe, expect, it } from "vitest";
import { calleeAround, pathsAt } from "../../tools/kernel/help.cjs";
import { listFolder } from "../../tools/kernel/list-folder.cjs";
import { trap } from "./project";

const CALL = `/** Twice as much. */\nfunction twice(n: number, of: string) { return 2 * n; }\ntwice(3, `;

trap(
  "Shift-Tab between the brackets of a call shows it, and Tab in an import's path offers files",
  {
    ours: {
      called: "function twice(n: number, of: string): number\n\nTwice as much.",
      paths: ["rotary", "router"],
    },
    stock: { called: "", paths: [] },
  },
  async (kernel, project) => {
    project.write("lib/model/router.ts", "export const one = 1;");
    project.write("lib/model/rotary.ts", "export const two = 2;");
    return {
      called: await kernel.inspect(CALL, CALL.length),
      paths: await kernel.complete('import { one } from "./lib/model/ro'),
    };
  },
);

describe("the name that is called around the cursor", () => {
  it.each([
    ["f(", "f"],
    ["f(1, g(2), ", "f"],
    ["f(1, g(", "g"],
    ["tf.matMul(a, ", "matMul"],
    ["plot({ data: [1, 2], layout: ", "plot"],
    ['say("a (", ', "say"],
    ["f( // an aside (", "f"],
    ["if (", null],
    ["for (const x of f(1)) ", null],
    ["(", null],
    ["f(1)", null],
  ])("in %s is %s", (source, name) => {
    const at = calleeAround(source, source.length);
    expect(at === null ? null : /[\w$]+$/.exec(source.slice(0, at + 1))?.[0]).toBe(name);
  });
});

describe("paths of an import", () => {
  const at = (source: string) => pathsAt(process.cwd(), source, source.length, listFolder);

  it("are the project's folders and files, without their endings", () => {
    expect(at('import { route } from "./lib/model/rout')).toEqual({ start: 35, end: 39, candidates: ["router"] });
    expect(at("const x = await import('./lib/numer")?.candidates).toEqual(["numerics/"]);
    expect(at('import "./')?.candidates).toContain("lib/");
    expect(at('import "./')?.candidates).not.toContain("node_modules/");
  });

  it("are offered nowhere else, nor of a folder that is not there", () => {
    expect(at('const text = "./lib/mod')).toBeNull();
    expect(at('import * as tf from "@tens')).toBeNull();
    expect(at('import { x } from "./lib/nothing/')).toBeNull();
  });
});
