// What learners do by mistake costs them one red output: the kernel lives, and what was computed stays.
import { expect, it } from "vitest";
import type { CellResult, KernelClient } from "./client";
import { trap, untilHeard, withKernel, withSharedKernel } from "./project";

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Runs a cell, interrupts it a little after it has begun, and returns how it ended.
 *
 * @param deaf whether it is a loop out of which the stock kernel lets nothing, and into which it lets no interrupt
 */
async function interrupted(kernel: KernelClient, code: string, deaf = false): Promise<CellResult> {
  let tell = () => {};
  const begun = new Promise<void>((resolve) => (tell = resolve));
  // Node's vm may lose a signal that comes just when the part before the first await ends: it is over when this is said.
  const first = `await null;\nconsole.log("begun");\n`;
  const running = kernel.execute(first + code, { timeoutMs: deaf ? 8000 : undefined, onOutput: () => tell() });
  await Promise.race([begun, pause(deaf && kernel.kind === "stock" ? 4000 : 120_000)]);
  await pause(100);
  kernel.interrupt();
  return running;
}

/** What the wasm backend of tfjs does when it starts: handlers that throw whatever they are shown. */
const FOREIGN_HANDLERS = `process.on("unhandledRejection", (reason) => { throw reason; });
process.on("uncaughtException", (error) => { throw error; });`;

trap(
  "a promise that fails and that nobody awaits is an error of its cell, with the line, and the kernel lives",
  {
    ours: {
      status: "error",
      traceback: ["TypeError: no such row", expect.stringMatching(/^ {4}at load \(cell \d+, line 2\)$/)],
      next: "7\n",
    },
    stock: { status: "ok", traceback: undefined, next: "7\n" },
  },
  async (kernel) => {
    await kernel.execute("const kept = 7;");
    const cell = `async function load(): Promise<void> {\n  throw new TypeError("no such row");\n}\nvoid load();`;
    const { status, error } = await kernel.execute(cell);
    await untilHeard(kernel);
    return {
      status,
      traceback: error?.traceback.slice(0, 2),
      next: (await kernel.execute("console.log(kept);")).stdout,
    };
  },
);

it("with handlers that throw again, as a package may add them, errors are told once and nothing is lost", async () => {
  const seen = await withKernel("ours", async (kernel) => {
    await kernel.execute(FOREIGN_HANDLERS);
    await kernel.execute("const kept = 7;");
    const rejected = await kernel.execute(`void Promise.reject(new Error("nobody awaits me"));`);
    const timer = await kernel.execute(
      `setTimeout(() => { throw new Error("a timer threw"); }, 0);\nawait new Promise((done) => setTimeout(done, 50));`,
    );
    const next = await kernel.execute("console.log(kept);");
    return [rejected.error?.evalue, rejected.errors, timer.error?.evalue, timer.errors, next.stdout];
  });
  expect(seen).toEqual(["nobody awaits me", 1, "a timer threw", 1, "7\n"]);
});

it("with tfjs on WebAssembly, whose handlers do that, a timer's exception is an error of its cell", async () => {
  const seen = await withKernel("ours", async (kernel) => {
    const start = `import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
await (tf.setBackend("wasm"));
console.log(tf.getBackend());`;
    const backend = (await kernel.execute(start, { timeoutMs: 60_000 })).stdout;
    const timer = await kernel.execute(
      `setTimeout(() => { throw new Error("x"); }, 10);\nawait new Promise((done) => setTimeout(done, 50));`,
    );
    const next = await kernel.execute("tf.scalar(7).dataSync()[0]");
    return [backend, timer.error?.traceback, timer.errors, next.stdout];
  });
  const traceback = ["Error: x", expect.stringMatching(/^ {4}at .*\(cell \d+, line 1\)$/)];
  expect(seen).toEqual(["wasm\n", traceback, 1, "7\n"]);
});

it("an error that comes after its cell has ended still appears below that cell, and no other cell fails for it", async () => {
  const seen = await withKernel("ours", async (kernel) => {
    const late = await kernel.execute(`setTimeout(() => { throw new RangeError("late"); }, 1000);`);
    const next = await kernel.execute(`await new Promise((done) => setTimeout(done, 1500)); console.log("done");`);
    return [late.status, late.error?.evalue, next.status, next.error, next.stdout];
  });
  expect(seen).toEqual(["ok", "late", "ok", undefined, "done\n"]);
});

trap(
  "Interrupt stops a loop that awaits what is there already",
  { ours: ["error", "Interrupted", "after\n"], stock: ["timeout", undefined, ""] },
  async (kernel) => {
    const { status, error } = await interrupted(kernel, "while (true) await 0;", true);
    return [status, error?.ename, (await kernel.execute(`console.log("after");`, { timeoutMs: 3000 })).stdout];
  },
  withKernel,
);

it.each([
  ["in a function", "async function spin(): Promise<void> { for (;;) await null; }\nawait spin();"],
  ["in the head of a loop", "const yes = async () => true;\nwhile (await yes()) {}"],
  ["do", "do { await 0; } while (true);"],
  ["over what never ends", "async function* all() { while (true) yield 1; }\nfor await (const one of all()) void one;"],
])("Interrupt stops a loop that awaits: %s", async (_, cell) => {
  const seen = await withSharedKernel("ours", async (kernel) => {
    const { error } = await interrupted(kernel, cell);
    return [error?.ename, (await kernel.execute("console.log(1);")).stdout];
  });
  expect(seen).toEqual(["Interrupted", "1\n"]);
});

it("a loop that awaits gives the same as ever, with break, continue and labels", async () => {
  const cell = `const found: number[] = [];
outer: for (let i = 0; ; i++) {
  for (const j of [0, 1, 2]) {
    if (j === 1) continue;
    if (i === 3) break outer;
    found.push(await Promise.resolve(10 * i + j));
  }
}
for await (const one of [Promise.resolve(7)]) found.push(one);
for (const key in { a: 1 }) found.push(await key.length);
console.log(found.join());`;
  expect(await withSharedKernel("ours", async (kernel) => (await kernel.execute(cell)).stdout)).toBe(
    "0,2,10,12,20,22,7,1\n",
  );
});

trap(
  "a cell that is interrupted or fails when it runs again leaves what it had computed before",
  {
    ours: ["Interrupted", "1 2 3\n", "boom", "1 2 3\n"],
    stock: [undefined, "1 2 undefined\n", undefined, "1 2 undefined\n"],
  },
  async (kernel) => {
    const cell = (body: string) => `const first = 1;\nfunction second() { return 2; }\n${body}\nconst third = 3;`;
    await kernel.execute(cell(""));
    const show = async () => (await kernel.execute("console.log(first, second(), third);")).stdout;
    const first = await interrupted(kernel, cell("await new Promise((done) => setTimeout(done, 5000));"));
    await untilHeard(kernel);
    const afterwards = await show();
    const failed = await kernel.execute(cell(`throw new Error("boom");`));
    await untilHeard(kernel);
    return [first.error?.ename, afterwards, failed.error?.evalue, await show()];
  },
  withKernel,
);

it("what a failing cell has changed in variables of other cells stays changed", async () => {
  const seen = await withSharedKernel("ours", async (kernel) => {
    await kernel.execute("let total = 1;");
    await kernel.execute(`total = 5;\nthrow new Error("no");`);
    return (await kernel.execute("console.log(total);")).stdout;
  });
  expect(seen).toBe("5\n");
});

trap(
  "export before a declaration, private members in a class expression, and for await at the top level are no errors",
  { ours: ["ok", "ok", "ok", "3 4 5\n"], stock: ["error", "error", "error", ""] },
  async (kernel) => {
    const cells = [
      "export const three = 3;",
      "const Four = class { private four = 4; get(): number { return this.four; } };",
      "let five = 0;\nfor await (const n of [Promise.resolve(2), Promise.resolve(3)]) five += n;",
      "console.log(three, new Four().get(), five);",
    ];
    const results = [];
    for (const cell of cells) {
      results.push(await kernel.execute(cell));
      await untilHeard(kernel);
    }
    return [...results.slice(0, 3).map(({ status }) => status), results[3]?.stdout];
  },
);

it("a message of the compiler names line and column as they stand in the cell, also behind a blanked word", async () => {
  const cell = `export const n: number = 1;\nexport const text: string = n;`;
  const { error } = await withSharedKernel("ours", (kernel) => kernel.execute(cell));
  expect(error?.evalue).toMatch(/^2:14 - Type 'number' is not assignable to type 'string'/);
});

it("tells what a check asks: the source behind a name, and whether a later run of its cell failed", async () => {
  const ask = `console.log(JSON.stringify([courseCells.sourceOf("answer"), courseCells.lastFailure(["answer"])?.message]));`;
  const declare = `declare const courseCells: { sourceOf(name: string): string | null; lastFailure(names: string[]): { message: string } | null };`;
  const seen = await withSharedKernel("ours", async (kernel) => {
    const told = [];
    for (const cell of [
      `const answer = () => 1;`,
      `const answer = (): string => 2;`, // does not compile
      `const answer = () => { return 3;`, // is not even whole
      `const answer = () => 4;\nthrow new Error("too late");`,
      `const answer = () => 5;`,
    ]) {
      await kernel.execute(cell);
      told.push(JSON.parse((await kernel.execute(`${declare}\n${ask}`)).stdout) as unknown);
    }
    return told;
  });
  const first = "const answer = () => 1;";
  expect(seen).toEqual([
    [first, null],
    [first, expect.stringContaining("not assignable")],
    [first, expect.stringContaining("expected")],
    [first, "too late"],
    ["const answer = () => 5;", null],
  ]);
});

it("a check before whose cells nothing has run says what is missing, in place of a compiler's error", async () => {
  const seen = await withKernel("ours", async (kernel, project) => {
    project.write(
      "lib/notebook/exercise/not-run.ts",
      "export function notRun(...told: unknown[]): void { console.log(JSON.stringify(told)); }",
    );
    const cell = "await check(gateExercise, gate);\n";
    const told = [await kernel.execute(cell)];
    await kernel.execute("const check = async (...given: unknown[]) => console.log(given.length), gateExercise = 1;");
    told.push(await kernel.execute(cell));
    const other = await kernel.execute("await check(gateExercise, gat);\nconst n: number = no;");
    await kernel.execute("const gate = 2;");
    told.push(await kernel.execute(cell));
    return [...told.map(({ status, stdout, error }) => [status, stdout, error]), [other.status, other.error?.ename]];
  });
  expect(seen).toEqual([
    ["ok", '["gateExercise","gate",["check","gateExercise","gate"]]\n', undefined],
    ["ok", '["gateExercise","gate",["gate"]]\n', undefined],
    ["ok", "2\n", undefined],
    ["error", "CompileError"],
  ]);
});

it("where the project has no such file, the compiler's error stays", async () => {
  const { status, error } = await withSharedKernel("ours", (kernel) =>
    kernel.execute("await check(someExercise, mine);"),
  );
  expect([status, error?.ename]).toEqual(["error", "CompileError"]);
  expect(error?.evalue).toContain("Cannot find name 'check'");
  expect(error?.evalue).not.toContain("not-run");
});
