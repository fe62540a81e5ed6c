/** The lessons' own solutions as functions, from their masters: without a kernel, and without the rest of the lesson. */
import fs from "node:fs";
import path from "node:path";
import ts from "typescript";
import type { AnyFunction } from "../../lib/notebook/exercise/check";
import { exercisesIn } from "../../lib/notebook/exercise/announced";

/** What solutions take from cells that are not run here. */
const BEFORE: Record<string, string> = {
  "03-multi-head-latent-attention": "const [absorbedQuery, expandedMixture] = [absorb, mixThenExpand];",
  "05-multi-token-prediction": "const expected = tokensPerStep;",
  "11-the-article-audited": "const pricePerHour = 2;",
};

/** The module that a lesson's cell imports. */
function moduleFile(name: string): string {
  if (!name.startsWith(".")) return name;
  const file = path.resolve(name);
  return fs.existsSync(`${file}.ts`) ? `${file}.ts` : path.join(file, "index.ts");
}

/** Each exercise's answer by the exercise's id. */
export async function solutionsOf(lesson: string): Promise<Map<string, AnyFunction>> {
  const master = fs.readFileSync(`notebooks/source/${lesson}.ts`, "utf8");
  const cells = master.split(/^(?=\/\/ %%)/m);
  const imports = [...master.matchAll(/^import [^;]*?;$/gm)].map(([text]) => text);
  const answers = cells.filter((cell) => /^\/\/ %%.*"solution": true/.test(cell));
  const names = exercisesIn(master, lesson).map(({ id, names }) => [id, names?.answer ?? ""]);
  const given = `export { ${names.map(([, name]) => name).join(", ")} };`;
  const code = [...imports, ...answers, BEFORE[lesson] ?? "", given].join("\n");
  const { CommonJS: module } = ts.ModuleKind;
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module, target: ts.ScriptTarget.ES2022 } });
  const wanted = [...outputText.matchAll(/require\("(.+?)"\)/g)].map(([, name]) => name);
  const modules = new Map<string, unknown>();
  for (const name of wanted) modules.set(name, await import(moduleFile(name)));
  const exported: Record<string, AnyFunction> = {};
  new Function("require", "exports", outputText)((name: string) => modules.get(name), exported);
  return new Map(names.map(([id, name]) => [id, exported[name]]));
}
