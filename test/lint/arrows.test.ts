import { ESLint } from "eslint";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { MAY_IMPORT } from "../../eslint.config.mjs";

const eslint = new ESLint();
const folders = Object.keys(MAY_IMPORT);

/** Some module below a folder, without its ending. */
function moduleIn(folder: string): string {
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const found = files.find((file) => file.endsWith(".ts"));
  if (found === undefined) throw new Error(`no module in ${folder}`);
  return path.join(folder, found).replace(/\.ts$/, "");
}

/** What the linter says about arrows of a file that stands in `folder` and imports `module`. */
async function complaints(
  folder: string,
  module: string,
  write = (from: string) => `import * as planted from "${from}";\nvoid planted;\n`,
): Promise<string[]> {
  const from = path.relative(folder, module).split(path.sep).join("/");
  const [{ messages }] = await eslint.lintText(write(from.startsWith(".") ? from : `./${from}`), {
    filePath: path.join(folder, "planted.ts"),
  });
  expect(messages.filter(({ fatal }) => fatal)).toEqual([]);
  return messages.filter(({ ruleId }) => ruleId === "boundaries/dependencies").map(({ message }) => message);
}

describe("the table of arrows", () => {
  it("has every folder of lib", () => {
    expect([...folders].sort()).toEqual(fs.readdirSync("lib").sort());
  });

  it("points one way: a folder imports only what stands above it", () => {
    for (const [i, folder] of folders.entries()) {
      for (const other of MAY_IMPORT[folder]) expect(folders.slice(0, i), folder).toContain(other);
    }
  });
});

describe("an import planted into lib", () => {
  for (const from of folders) {
    const forbidden = folders.filter((to) => to !== from && !MAY_IMPORT[from].includes(to));

    it(`passes from ${from} to ${["itself", ...MAY_IMPORT[from]].join(", ")}`, async () => {
      for (const to of [from, ...MAY_IMPORT[from]]) {
        expect(await complaints(`lib/${from}`, moduleIn(`lib/${to}`)), to).toEqual([]);
      }
    });

    it(`fails from ${from} to ${[...forbidden, "tools, test, notebooks"].join(", ")}`, async () => {
      for (const to of [...forbidden.map((name) => `lib/${name}`), "tools", "test", "notebooks"]) {
        const found = await complaints(`lib/${from}`, moduleIn(to));
        expect(found, to).toEqual([expect.stringContaining(`${from} may not import ${path.basename(to)}`)]);
      }
    });
  }

  it("fails in every form, and from a folder's folders too", async () => {
    const forms = [
      (from: string) => `import type { Model } from "${from}";\nexport type Planted = Model;\n`,
      (from: string) => `export * from "${from}";\n`,
      (from: string) => `export const planted = () => import("${from}");\n`,
    ];
    for (const write of forms) {
      expect(await complaints("lib/tensor/wasm", "lib/model/model", write), write("…")).toHaveLength(1);
    }
    expect(await complaints("lib/notebook/plot", "lib/lessons/01-mixture-of-experts")).toHaveLength(1); // index.ts
  });
});

describe("an import planted into tools", () => {
  it("passes to lib and fails to tests", async () => {
    expect(await complaints("tools", "lib/notebook/index")).toEqual([]);
    expect(await complaints("tools", moduleIn("test"))).toHaveLength(1);
  });
});
