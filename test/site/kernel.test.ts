/** The kernel in a tab behaves like the one in JupyterLab (test/kernel): here its worker, in a real browser. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorker, stopServing } from "./built-worker";
import { JUDGED_MIME, sourceHash } from "../../lib/notebook/exercise/standing";
import { slimNotebook } from "../../tools/site/worker/protocol";
import { folderFiles, openHub } from "../support/hub";
import type { WorkerPage } from "./worker-page";

let kernel: WorkerPage;

beforeAll(async () => {
  kernel = await openWorker();
  const usual = `import * as tf from "@tensorflow/tfjs";
import { check, progress, say, showSource } from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";
import { leakExercise, shapeExercise } from "./lib/lessons/00-start-here";
say\`\${(await useBackend("wasm")).name}\`;`;
  const { error, displays } = await kernel.execute(usual);
  expect([error, displays[0].data["text/plain"]]).toEqual([null, "wasm"]);
});

afterAll(async () => {
  await kernel.close();
  await stopServing();
});

const printed = async (code: string) => (await kernel.execute(code)).stdout;
const errorOf = async (code: string) => (await kernel.execute(code)).error;

describe("a cell that does not compile", () => {
  it("is told where, in the words of the kernel in JupyterLab, and does not run", async () => {
    expect(await errorOf(`console.log("ran");\nconst two: number = "2";`)).toEqual({
      ename: "CompileError",
      evalue: "2:7 - Type 'string' is not assignable to type 'number'.",
      traceback: ["2:7 - Type 'string' is not assignable to type 'number'."],
    });
    expect(await printed(`const two: number = "2"; console.log("ran");`)).toBe("");
  });

  it("with a typo gets the name that was meant, with an unknown name how to run the cells above", async () => {
    await kernel.execute(`const total = 1;`);
    const typo = await errorOf(`totl + 1;`);
    expect([typo?.evalue, typo?.traceback.length]).toEqual(["1:1 - Cannot find name 'totl'. Did you mean 'total'?", 1]);
    const unknown = await errorOf(`missing + 1;`);
    expect([unknown?.evalue, unknown?.traceback.length]).toEqual(["1:1 - Cannot find name 'missing'.", 2]);
  });

  it("is checked strictly, against lib and tfjs as well", async () => {
    expect((await errorOf(`function f(x: string | null) { return x.length; }`))?.evalue).toBe(
      "1:39 - 'x' is possibly 'null'.",
    );
    expect((await errorOf(`tf.zeros("a");`))?.evalue).toMatch(/^1:10 - Argument of type 'string'/);
    expect((await errorOf(`import { nothing } from "./lib/model/router";`))?.evalue).toMatch(/^1:10 - .*nothing/);
  });

  it("that is a check before its answer has run says what to run first", async () => {
    const { error, displays } = await kernel.execute(`await check(shapeExercise, shapeAnswer);`);
    expect(error).toBeNull();
    expect(displays[0].data["text/plain"]).toMatch(/not checked\n`shapeAnswer` does not exist in this kernel yet/);
  });
});

describe("names", () => {
  it("of earlier cells are the same variables everywhere", async () => {
    await kernel.execute(`let sum = 1; const add = (n: number) => (sum += n); function twice() { return 2 * sum; }`);
    expect(await printed(`sum = 10; add(5); console.log(sum, twice(), { sum });`)).toBe("15 30 { sum: 15 }\n");
    expect(await printed(`sum++; [sum] = [sum * 2]; twice()`)).toBe("64\n");
  });

  it("can be declared anew, with another type; constants can't be assigned", async () => {
    await kernel.execute(`const again = 1; class Box { private inside = 2; }; interface Row { a: number }`);
    await kernel.execute(`const again = "one"; class Box { readonly size = 3; }; interface Row { b: string }`);
    expect(await printed(`const row: Row = { b: again.toUpperCase() }; console.log(row, new Box().size);`)).toBe(
      "{ b: 'ONE' } 3\n",
    );
    expect((await errorOf(`again = "two";`))?.evalue).toBe("1:1 - Cannot assign to 'again' because it is a constant.");
  });

  it("of a cell that failed mean what they meant before", async () => {
    await kernel.execute(`const kept = "kept";`);
    await kernel.execute(`const kept = 1; throw new Error("no");`);
    expect(await printed(`kept.toUpperCase()`)).toBe("KEPT\n");
  });

  it("are narrowed by conditions, in functions within too, and literals widen", async () => {
    await kernel.execute(`const found = Math.random() < 2 ? { size: 3 } : null; const seedOf = 7;`);
    expect(await printed(`if (found !== null) { const f = () => found.size; console.log(f()); }`)).toBe("3\n");
    expect(await printed(`let next = seedOf; next += 1; console.log(next);`)).toBe("8\n");
    expect((await errorOf(`seedOf = 8;`))?.evalue).toBe("1:1 - Cannot assign to 'seedOf' because it is a constant.");
  });

  it("and types reach over many cells", async () => {
    await kernel.execute(`type Tree = { value: number; inner: Tree[] }; enum Kind { A, B }`);
    await kernel.execute(`function depth(tree: Tree): number { return 1 + Math.max(0, ...tree.inner.map(depth)); }`);
    expect(await printed(`console.log(depth({ value: 1, inner: [{ value: 2, inner: [] }] }), Kind.B);`)).toBe("2 1\n");
  });
});

describe("output", () => {
  it("is what Node prints", async () => {
    expect(await printed(`console.log("%s is %d", "x", 4.5, [1, , 3], new Map([["a", 1]]), null);`)).toBe(
      "x is 4.5 [ 1, <1 empty item>, 3 ] Map(1) { 'a' => 1 } null\n",
    );
    expect(await printed(`tf.tensor2d([[1, 2], [3, 4]])`)).toBe("tensor [2, 2] float32\n[[1, 2],\n [3, 4]]\n");
    expect((await kernel.execute(`console.error("so"); console.warn("so");`)).stderr).toBe("so\nso\n");
  });

  it("of 20,000 lines comes complete and in order", async () => {
    const lines = (await printed(`for (let i = 0; i < 20_000; i++) console.log("line " + i);`)).trimEnd().split("\n");
    expect([lines.length, lines[0], lines[19_999]]).toEqual([20_000, "line 0", "line 19999"]);
    expect(lines.every((line, i) => line === `line ${i}`)).toBe(true);
  });

  it("is updated in place, shows sources, and awaits at the top level", async () => {
    const { displays } = await kernel.execute(`for await (const i of progress(3, "going")) await Promise.resolve(i);`);
    expect(displays.map(({ update }) => update)).toEqual([false, ...displays.slice(1).map(() => true)]);
    expect(new Set(displays.map(({ transient }) => transient.display_id)).size).toBe(1);
    expect(displays.at(-1)?.data["text/plain"]).toBe("✔ going: 3");
    const source = await kernel.execute(`showSource("lib/host/host.ts", "Host");`);
    expect(source.displays[0].data["text/markdown"]).toContain("export interface Host {");
  });
});

describe("await", () => {
  it.each([
    ["const x = await (later());\nx", "4"],
    ["await (async () => 4)()", "4"],
    ["console.log(`${await (later())}`, ...(await [1, 2]))", "4 1 2"],
    ['const found = await /a;b/.exec("a;b");\nawait /;/.test(String(found))', "true"],
    ["await -1", "-1"],
    ["later()", "a promise: await gives its value"],
  ])("%s", async (code, value) => {
    expect(await printed(`const later = async () => 4;\n${code}`)).toBe(`${value}\n`);
  });

  it("where none may stand is told with its place", async () => {
    const error = await errorOf(`const o = {\n  m() { return await null; } };`);
    expect(error?.evalue).toMatch(/^2:16 - 'await' expressions are only allowed within async functions/);
  });
});

describe("errors", () => {
  it("name the cell and the line that a reader sees", async () => {
    const error = await errorOf(`// one\nfunction own(): void {\n  throw new TypeError("bad shape");\n}\nown();`);
    expect(error?.traceback).toEqual([
      "TypeError: bad shape",
      expect.stringMatching(/^ {4}at own \(cell \d+, line 3\)$/),
      expect.stringMatching(/^ {4}at cell \d+, line 5$/),
    ]);
    expect(await errorOf(`throw { code: 7 };`)).toMatchObject({ ename: "Thrown value", evalue: "{ code: 7 }" });
  });

  it("that nobody caught belong to their cell", async () => {
    expect(await errorOf(`void Promise.reject(new Error("nobody waits"));`)).toMatchObject({ evalue: "nobody waits" });
    expect(
      await errorOf(`setTimeout(() => { throw new Error("timer"); }); await new Promise((r) => setTimeout(r, 50));`),
    ).toMatchObject({ evalue: "timer" });
    expect(await printed(`"on"`)).toBe("on\n");
  });

  it("of what a tab can't do say so", async () => {
    const error = await errorOf(`import { samePlace } from "./lib/checkpoint/same-place"; samePlace("one", "other");`);
    expect(error?.evalue).toBe("This needs Node (path.resolve): it can't be done in a browser tab");
  });
});

describe("Interrupt", () => {
  it.each([
    ["an awaited loop", `while (true) await 0;`],
    ["a loop of lib", `for await (const i of progress(1e9, "for ever")) void i;`],
    ["what never comes", `await new Promise(() => {});`],
  ])("stops %s at once, and nothing is lost", async (_, code) => {
    await kernel.execute(`const before = "still here"; let turns = 0;`);
    const counting = code.replace("await 0", "{ turns++; await 0; }");
    const { id, done } = await kernel.begin(`console.log("begun");\n${counting}`);
    await kernel.printed(id); // before that an interrupt would find no cell running
    await kernel.interrupt();
    expect((await done()).error).toEqual({
      ename: "Interrupted",
      evalue: "The cell was interrupted.",
      traceback: ["The cell was interrupted."],
    });
    const counted = await printed(
      `const seen = turns; await new Promise((r) => setTimeout(r, 50)); console.log(before, turns - seen);`,
    );
    expect(counted).toBe("still here 0\n");
  });

  it("of nothing harms no later cell", async () => {
    await kernel.interrupt();
    expect(await printed(`for await (const i of progress(2, "all")) void i; "done"`)).toBe("done\n");
  });
});

describe("a check", () => {
  const verdict = async (code: string) => {
    const { error, displays } = await kernel.execute(code);
    expect(error).toBeNull();
    return String(displays.at(-1)?.data["text/plain"]);
  };

  it.each([
    ["an endless loop", `function answer(): never { while (true) {} }`],
    ["a loop after an await", `async function answer() { await null; for (;;); }`],
    [
      "calls that double",
      `const fib = (n: number): number => (n < 2 ? 0 : fib(n - 1) + fib(n - 2));\nconst answer = () => fib(90);`,
    ],
  ])("ends %s when its time is over, and the lesson goes on", async (_, code) => {
    await kernel.execute(`const quick = { ...shapeExercise, seconds: 0.5 };`);
    await kernel.execute(code);
    expect(await verdict(`await check(quick, answer);`)).toContain("had not come back after 0.5 seconds");
    expect(await printed(`for (let i = 0; i < 1e6; i++); "goes on"`)).toBe("goes on\n");
  });

  it("tells recursion without end from a right answer", async () => {
    await kernel.execute(`function answer(): never { return answer(); }`);
    expect(await verdict(`await check(quick, answer);`)).toContain("RangeError: Maximum call stack size exceeded");
    await kernel.execute(`const right = shapeExercise.reference;`);
    expect(await verdict(`await check(shapeExercise, right);`)).toMatch(/^✔/);
  });

  it("tells of tensors that leak", async () => {
    await kernel.execute(
      `function leaky(...args: Parameters<typeof leakExercise.reference>) { tf.zeros([3]); return leakExercise.reference(...args); }`,
    );
    expect(await verdict(`await check(leakExercise, leaky);`)).toMatch(/tensor/);
  });

  it("does not judge a cell that was edited since, as the saved notebook says", async () => {
    await kernel.execute(`function stale(): number[] { return [1]; }`);
    const cell = {
      metadata: { nbgrader: { grade_id: shapeId } },
      cell_type: "code",
      source: "function stale() { return 2; }",
    };
    await kernel.notebooks([
      { path: "00.ipynb", text: JSON.stringify({ cells: [cell] }), changed: Date.now() + 60_000 },
    ]);
    const { displays } = await kernel.execute(`await check(shapeExercise, stale);`, "00.ipynb");
    expect(displays[0].data["text/plain"]).toContain("was edited since it was run");
    await kernel.notebooks([]);
  });
});

const shapeId = "00-shape";

it("the index of exercises reads the learner's saved copies, as the page sends them", async () => {
  const answer = "function gate() { return [1]; }";
  const judged = { [JUDGED_MIME]: { exercise: "01-gate", source: sourceHash(answer) } };
  const graded = (grade_id: string) => ({ nbgrader: { grade_id } });
  const notebook = {
    cells: [
      { id: "h", cell_type: "markdown", source: "### Exercise 1" },
      { id: "a", cell_type: "code", metadata: graded("01-gate"), source: answer, execution_count: 1, outputs: [] },
      {
        id: "c",
        cell_type: "code",
        metadata: graded("01-gate-check"),
        source: "await check(gateExercise, gate);",
        execution_count: 2,
        outputs: [{ data: { "text/plain": "✔ The gate: right", "text/html": "x".repeat(10_000), ...judged } }],
      },
      { id: "p", cell_type: "code", source: "plot()", outputs: [{ data: { "image/png": "x".repeat(100_000) } }] },
    ],
  };
  const text = slimNotebook(notebook);
  expect(text.length).toBeLessThan(1000);
  await kernel.notebooks([{ path: "01-mixture-of-experts.ipynb", text, changed: Date.now() }]);
  const code = `import { showExercises } from "./lib/notebook/exercise/progress";\nshowExercises();`;
  const { error, displays } = await kernel.execute(code, "00-start-here.ipynb");
  expect(error).toBeNull();
  expect(displays.at(-1)?.data["text/plain"]).toMatch(/^Solved: 1 of \d+ exercises, 3 of \d+ points/);
  expect(displays[0].data["text/html"]).toContain('href="01-mixture-of-experts.ipynb#cell-id=h"');
  await kernel.notebooks([]);
});

describe("help", () => {
  it("Tab offers names of cells, members, and paths", async () => {
    await kernel.execute(`const somethingLong = { inner: 1 };`);
    expect(await kernel.complete("somethingL")).toEqual(["somethingLong"]);
    expect(await kernel.complete("somethingLong.")).toEqual(["inner"]);
    expect((await kernel.complete("tf.matM"))[0]).toBe("matMul");
    expect(await kernel.complete('import { route } from "./lib/model/ro')).toEqual(["rotary", "router"]);
  });

  it("Shift-Tab says what is called, with its comment", async () => {
    await kernel.execute(
      `/** Twice as much. */\nfunction twiceOf(n: number, of: string) { return 2 * n + of.length; }`,
    );
    expect(await kernel.inspect("twiceOf(3, ")).toBe(
      "function twiceOf(n: number, of: string): number\n\nTwice as much.",
    );
    expect(await kernel.inspect("useBackend(")).toContain("Chooses the backend");
    expect(await kernel.inspect("  ")).toBeNull();
  });
});

it("large files come when they are read, and say so", async () => {
  const { displays, stdout, error } = await kernel.execute(
    `import { openCorpus } from "./lib/corpus/build";\nopenCorpus().heldOut.novel.length`,
  );
  expect([error, Number(stdout) > 10_000]).toEqual([null, true]);
  const loading = displays.filter(({ metadata }) => metadata.course === "loading");
  expect(loading.length === 0 || /^✔ .*loaded$/.test(String(loading.at(-1)?.data["text/plain"]))).toBe(true);
});

describe("a model on the web", () => {
  const READ = (address: string) => `import { fromRealWeights, REAL_BIASES } from "./lib/lessons/real-weights";
const found = await fromRealWeights("${address}", REAL_BIASES);
console.log(found?.length ?? "none");`;

  it.each([
    ["is read where its host lets pages", true, "6\n", /^Read from .*over the network/],
    ["is not read where its host does not, in one line", false, "none\n", /^Not read, and the lesson goes on: /],
  ])("%s", async (_, pages, printed, line) => {
    const hub = await openHub(folderFiles("data/checkpoints/v3-mini"), { pages });
    try {
      const { error, stdout, displays } = await kernel.execute(READ(hub.address));
      expect([error, stdout]).toEqual([null, printed]);
      const said = displays.map(({ data }) => String(data["text/plain"])).filter((text) => /[Rr]ead/.test(text));
      expect(said.at(-1)).toMatch(line);
    } finally {
      await hub.close();
    }
  });
});
