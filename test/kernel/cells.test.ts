// What cells are held to and what reaches them: types, imports from the project root, edited files.
import { expect, it } from "vitest";
import { KernelClient } from "./client";
import { Project, trap, withKernel, withSharedKernel } from "./project";

const HELPER = (value: number): string => `export const value = (): number => ${value};\n`;
const CALLER = `import { value } from "./helper";\nexport const twice = (): number => 2 * value();\n`;

trap(
  "a cell imports lib from the project root wherever the notebook lies",
  { ours: "7\n", stock: "" },
  async (kernel, project) => {
    project.write("lib/helper.ts", HELPER(7));
    return (await kernel.execute(`import { value } from "./lib/helper";\nconsole.log(value());`)).stdout;
  },
  (kind, probe) => withKernel(kind, probe, "notebooks/solutions"),
);

trap("cells are checked with strict types", { ours: "error", stock: "ok" }, async (kernel) => {
  const cell = `const names = ["a"];\nconst first: string = names.find((name) => name === "b");`;
  return (await kernel.execute(cell)).status;
});

trap(
  "lib files that a cell imports are checked with strict types",
  { ours: "lib/nullable.ts 1:48 - 'text' is possibly 'null'.", stock: undefined },
  async (kernel, project) => {
    project.write("lib/nullable.ts", `export const length = (text: string | null) => text.length;\n`);
    return (await kernel.execute(`import { length } from "./lib/nullable";\nlength("a");`)).error?.evalue;
  },
);

trap(
  "an edited lib file reaches a cell that runs again, through the files that import it",
  { ours: ["2\n", "10\n", "14\n"], stock: ["2\n", "2\n", "2\n"] },
  async (kernel, project) => {
    project.write("lib/helper.ts", HELPER(1));
    project.write("lib/caller.ts", CALLER);
    const cell = `import { twice } from "./lib/caller";\nconsole.log(twice());`;
    const printed = [(await kernel.execute(cell)).stdout];
    project.write("lib/helper.ts", HELPER(5));
    await pause();
    printed.push((await kernel.execute(cell)).stdout);
    project.write("lib/helper.ts", HELPER(7));
    await pause();
    printed.push((await kernel.execute(cell)).stdout);
    return printed;
  },
);

trap(
  "an edited lib file reaches its importers even if another cell has already imported the new one",
  { ours: ["5\n", "10\n"], stock: ["5\n", "2\n"] },
  async (kernel, project) => {
    project.write("lib/indirect/helper.ts", HELPER(1));
    project.write("lib/indirect/caller.ts", CALLER);
    await kernel.execute(`import { twice } from "./lib/indirect/caller";\ntwice();`);
    project.write("lib/indirect/helper.ts", HELPER(5));
    await pause();
    const direct = await kernel.execute(`import { value } from "./lib/indirect/helper";\nconsole.log(value());`);
    const through = await kernel.execute(`import { twice } from "./lib/indirect/caller";\nconsole.log(twice());`);
    return [direct.stdout, through.stdout];
  },
);

it("an edit that breaks an importer is reported in the importer, and mending it ends the report", async () => {
  const seen = await withSharedKernel("ours", async (kernel, project) => {
    project.write("lib/broken/helper.ts", HELPER(1));
    project.write("lib/broken/caller.ts", CALLER);
    const cell = `import { twice } from "./lib/broken/caller";\nconsole.log(twice());`;
    await kernel.execute(cell);
    project.write("lib/broken/helper.ts", `export const value = (): string => "1";\n`);
    const broken = await kernel.execute(cell);
    const still = await kernel.execute(cell);
    project.write("lib/broken/helper.ts", HELPER(4));
    const mended = await kernel.execute(cell);
    return [broken.error?.evalue, still.error?.evalue, mended.stdout];
  });
  const report =
    "lib/broken/caller.ts 2:40 - The right-hand side of an arithmetic operation must be of type " +
    "'any', 'number', 'bigint' or an enum type.";
  expect(seen).toEqual([report, report, "8\n"]);
});

it("a file that does not import the edited one keeps its state", async () => {
  const printed = await withSharedKernel("ours", async (kernel, project) => {
    project.write("lib/kept/helper.ts", HELPER(1));
    project.write("lib/kept/state.ts", `export const state = { count: 0 };\n`);
    const imports = `import { state } from "./lib/kept/state";\nimport { value } from "./lib/kept/helper";\n`;
    await kernel.execute(`${imports}state.count++; value();`);
    project.write("lib/kept/helper.ts", HELPER(5));
    return (await kernel.execute(`${imports}console.log(state.count, value());`)).stdout;
  });
  expect(printed).toBe("1 5\n");
});

trap(
  "a lib file that did not exist at the first import is found when it does, and breaks no later cell",
  { ours: ["error", "3\n", "ok"], stock: ["error", "", "error"] },
  async (kernel, project) => {
    project.write("lib/missing/helper.ts", HELPER(1));
    await kernel.execute(`import { value } from "./lib/missing/helper";\nvalue();`);
    const cell = `import { value } from "./lib/missing/later";\nconsole.log(value());`;
    const early = await kernel.execute(cell);
    project.write("lib/missing/later.ts", HELPER(3));
    await pause();
    const found = await kernel.execute(cell);
    await pause();
    return [early.status, found.stdout, (await kernel.execute(`1 + 1`)).status];
  },
  withKernel,
);

trap(
  "a variable of an earlier cell can stand in an object in its short form",
  { ours: '{"a":1,"b":2,"c":[3]} 4 5\n', stock: "" },
  async (kernel) => {
    await kernel.execute(`const a = 1; let b = 0; let d = 0;`);
    return (
      await kernel.execute(`
const c = [3];
({ b, d = 5 } = { b: 2 } as { b: number; d?: number });
function inside(a: number) { return { a }; }
console.log(JSON.stringify({ a, b, c }), inside(4).a, d);`)
    ).stdout;
  },
);

it("a folder may have any name: imports, edits, awaits and the places of errors are as ever", async () => {
  const project = new Project("Zoë's Kurs #1 50%20 $HOME $& ü-");
  project.write("lib/helper.ts", HELPER(1));
  project.write("lib/fails.ts", `export async function fails() {\n  await null;\n  throw new Error("no");\n}\n`);
  const kernel = await KernelClient.start("ours", project.root);
  try {
    const cell = `import { value } from "./lib/helper";\nconsole.log(await (Promise.resolve(value())));`;
    const printed = [(await kernel.execute(cell)).stdout];
    project.write("lib/helper.ts", HELPER(25));
    printed.push((await kernel.execute(cell)).stdout);
    expect(printed).toEqual(["1\n", "25\n"]);
    const { error } = await kernel.execute(`import { fails } from "./lib/fails";\n\nawait fails();`);
    expect(error?.traceback).toEqual([
      "Error: no",
      "    at fails (lib/fails.ts:3)",
      expect.stringMatching(/^ {4}at async cell \d+, line 3$/),
    ]);
  } finally {
    await kernel.close();
    project.remove();
  }
});

/** Gives the stock kernel, which waits for events of the file system and drops cells after an error, a fair chance. */
async function pause(): Promise<void> {
  await new Promise((done) => setTimeout(done, 1500));
}
