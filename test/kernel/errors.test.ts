// What a cell that fails leaves behind: an output that says so, and other cells that run.
import { expect, it, vi } from "vitest";
import { trap, withSharedKernel } from "./project";

trap(
  "a cell that throws ends with an error output that any runner recognises",
  {
    ours: { status: "error", ename: "RangeError", evalue: "size 3 is too large", stderr: "" },
    stock: { status: "error", ename: undefined, evalue: undefined, stderr: expect.stringContaining("size 3 is too") },
  },
  async (kernel) => {
    const result = await kernel.execute(`throw new RangeError("size 3 is too large");`);
    // What tslab prints may come after it has said that it is done.
    await vi.waitFor(() => expect(result.errors + result.stderr.length).toBeGreaterThan(0), 30_000);
    const { status, error, stderr } = result;
    return { status, ename: error?.ename, evalue: error?.evalue, stderr };
  },
);

trap(
  "a cell that does not compile ends with an error output that names the place",
  { ours: "2:7 - Type 'string' is not assignable to type 'number'.", stock: undefined },
  async (kernel) => (await kernel.execute(`const one = 1;\nconst two: number = "2";`)).error?.evalue,
);

it("a name that no cell has declared: the error says how to run the cells above; a typo gets no such advice", async () => {
  const seen = await withSharedKernel("ours", async (kernel) => {
    const cells = [`missing + 1;`, `const total = 1;`, `totl + 1;`];
    const errors = [];
    for (const cell of cells) errors.push((await kernel.execute(cell)).error);
    return errors.map((error) => [error?.evalue, error?.traceback.length]);
  });
  expect(seen).toEqual([
    ["1:1 - Cannot find name 'missing'.", 2],
    [undefined, undefined],
    [expect.stringContaining("Did you mean 'total'?"), 1],
  ]);
});

trap(
  "a cell sent right after a failed one runs",
  {
    ours: Array.from({ length: 5 }, () => ["error", "ok", "after\n"]),
    stock: expect.arrayContaining([["error", "abort", ""]]), // it skips what comes within 200 ms of its own time
  },
  async (kernel) => {
    const seen = [];
    for (let round = 0; round < 5; round++) {
      const failed = await kernel.execute(`throw new Error("no");`);
      const next = await kernel.execute(`console.log("after");`);
      seen.push([failed.status, next.status, next.stdout]);
    }
    return seen;
  },
);

trap(
  "a runner that goes on after errors gets every cell run",
  { ours: ["error", "ok", "ok"], stock: ["error", "abort", "abort"] },
  async (kernel) => {
    const cells = [`throw new Error("no");`, `console.log(1);`, `console.log(2);`];
    const results = await Promise.all(cells.map((cell) => kernel.execute(cell, { stopOnError: false })));
    return results.map(({ status }) => status);
  },
);

it("Run All stops at a failing cell: what was sent with it is answered with aborted and not run", async () => {
  const seen = await withSharedKernel("ours", async (kernel) => {
    const busyThenFails = `{ const end = Date.now() + 1000; while (Date.now() < end); }\nthrow new Error("no");`;
    const cells = [`const before = 1;`, busyThenFails, `console.log("must not run");`, `1 + 1`];
    const results = await Promise.all(cells.map((cell) => kernel.execute(cell)));
    return [results.map(({ status }) => status), results.map(({ stdout }) => stdout).join("")];
  });
  expect(seen).toEqual([["ok", "error", "aborted", "aborted"], ""]);
});

it("an error shows the reader's own frames, no compiled source and no paths of the machine", async () => {
  const errors = await withSharedKernel("ours", async (kernel, project) => {
    project.write(
      "lib/deep.ts",
      `export function fails(): void { throw new TypeError("bad shape [2, 3]"); }\n` +
        `export async function failsLater(): Promise<void> { await null; fails(); }\n`,
    );
    const imports = `import { fails, failsLater } from "./lib/deep";\n`;
    const own = `function own(): void { throw new Error("in the cell"); }\nown();`;
    const results = [];
    for (const cell of ["fails();", "await failsLater();", own]) results.push(await kernel.execute(imports + cell));
    return results.map(({ error }) => error?.traceback);
  });
  expect(errors).toEqual([
    ["TypeError: bad shape [2, 3]", "    at fails (lib/deep.ts:1)", expect.stringMatching(/^ {4}at cell \d+, line 2$/)],
    [
      "TypeError: bad shape [2, 3]",
      "    at fails (lib/deep.ts:1)",
      "    at failsLater (lib/deep.ts:2)",
      expect.stringMatching(/^ {4}at async cell \d+, line 2$/),
    ],
    [
      "Error: in the cell",
      expect.stringMatching(/^ {4}at own \(cell \d+, line 2\)$/),
      expect.stringMatching(/^ {4}at cell \d+, line 3$/),
    ],
  ]);
});

it.each([
  ["a text that is no JSON", `const data: unknown =\n  JSON.parse("{");`, "SyntaxError: ", "    at cell N, line 2"],
  ["a declaration", `const made = 1 + (() => {\n  throw new Error("no");\n})();`, "Error: no", "    at cell N, line 3"],
  [
    "before an await",
    `const made = fails();\nfunction fails(): number { throw new Error("no"); }\nawait null;`,
    "Error: no",
    "    at cell N, line 1",
  ],
  ["a message on two lines", `throw new Error("one\\nat cell-1:99:9");`, "Error: one", "    at cell N, line 1"],
])("an error's message comes first, its last frame is the reader's last line: %s", async (_, cell, first, last) => {
  const { error } = await withSharedKernel("ours", (kernel) => kernel.execute(cell));
  const traceback = error?.traceback.map((line) => line.replace(/cell \d+/, "cell N")) ?? [];
  expect([traceback[0]?.slice(0, first.length), traceback.at(-1)]).toEqual([first, last]);
});

it("an error's own properties follow its frames, in braces, also where frames of Node are left out", async () => {
  const cell = `import { readFileSync } from "node:fs";\nthrow new Error("no", { cause: thrownBy(() => readFileSync("none.txt")) });
function thrownBy(call: () => unknown): unknown {\n  try { return call(); } catch (error) { return error; }\n}`;
  const { error } = await withSharedKernel("ours", (kernel) => kernel.execute(cell));
  const [message, ...rest] = error?.traceback ?? [];
  expect(message).toBe("Error: no");
  expect(rest.map((line) => line.replace(/cell \d+/, "cell N"))).toEqual([
    "    at cell N, line 2",
    "{",
    "  [cause]: Error: ENOENT: no such file or directory, open 'none.txt'",
    "      at cell N, line 2",
    "      at thrownBy (cell N, line 4)",
    "      at cell N, line 2",
    "  {",
    expect.stringContaining("errno: "),
    "    code: 'ENOENT',",
    "    syscall: 'open',",
    "    path: 'none.txt'",
    "  }",
    "}",
  ]);
});

it("a thrown value that is no Error is shown", async () => {
  const error = await withSharedKernel("ours", async (kernel) => (await kernel.execute(`throw { code: 7 };`)).error);
  expect(error?.evalue).toBe("{ code: 7 }");
});

it("what a cell defined before a failed one is still there after it", async () => {
  const printed = await withSharedKernel("ours", async (kernel) => {
    await kernel.execute(`const kept = "kept";`);
    await kernel.execute(`const lost = 1;\nthrow new Error("no");`);
    return (await kernel.execute(`console.log(kept);`)).stdout;
  });
  expect(printed).toBe("kept\n");
});
