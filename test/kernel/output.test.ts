// Output under load, and the kinds of output that lessons use.
import { expect, it } from "vitest";
import { trap, withKernel, withSharedKernel } from "./project";

/** What Jupyter's server lets through in its window of 3 s before it drops output. */
const SERVER_LIMIT = 3000;

trap(
  "20,000 lines of output in one burst arrive and the cell ends",
  {
    ours: { status: "ok", lines: 20_000, last: "line 19999", withinServerLimit: true },
    stock: {
      status: "timeout",
      lines: expect.any(Number),
      last: expect.not.stringMatching("19999"),
      withinServerLimit: true,
    },
  },
  async (kernel) => {
    const code = `function burst(): void { for (let i = 0; i < 20_000; i++) console.log("line " + i); }\nburst();`;
    const { status, stdout, streamMessages } = await kernel.execute(code, { timeoutMs: 6000 });
    const lines = stdout.trimEnd().split("\n");
    return { status, lines: lines.length, last: lines.at(-1) ?? "", withinServerLimit: streamMessages < SERVER_LIMIT };
  },
  withKernel,
);

trap(
  "2,000 displays in one burst arrive and the cell ends",
  { ours: ["ok", 2000], stock: ["timeout", expect.any(Number)] },
  async (kernel) => {
    const code = `import { display } from "tslab";
      function burst(): void { for (let i = 0; i < 2000; i++) display.text("picture " + i); }
      burst();`;
    const { status, displays } = await kernel.execute(code, { timeoutMs: 6000 });
    return [status, displays.length];
  },
  withKernel,
);

it("stdout, stderr and displays keep their order in a burst", async () => {
  const { stdout, stderr, displays } = await withSharedKernel("ours", (kernel) =>
    kernel.execute(`import { display } from "tslab";
      function burst(): void {
        for (let i = 0; i < 300; i++) {
          console.log("out");
          if (i % 100 === 0) { console.error("err"); display.text("shown"); }
        }
      }
      burst();`),
  );
  expect([stdout, stderr, displays.length]).toEqual(["out\n".repeat(300), "err\n".repeat(3), 3]);
});

it("a few lines of a long synchronous cell arrive while it runs", async () => {
  const seen = await withSharedKernel("ours", async (kernel) => {
    // It runs until it is interrupted, which it is once its line has arrived.
    const onOutput = (text: string): void => void (text === "early\n" && kernel.interrupt());
    const { status, stdout } = await kernel.execute(`console.log("early");\nfor (;;);`, { onOutput });
    return [status, stdout];
  });
  expect(seen).toEqual(["error", "early\n"]);
});

const TWICE = `/** Doubles. */\nfunction twice(n: number) { return 2 * n; }\ntwice(3)`;

it("the kernel keeps what tslab is liked for", async () => {
  const seen = await withSharedKernel("ours", async (kernel) => {
    const first = await kernel.execute(`const x = 1;
      class Point { length = 2; }
      function f(): number { return x; }`);
    const second = await kernel.execute(`const x = "redeclared";
      class Point { size = 3; }
      function f(): string { return x; }
      f() + new Point().size`);
    const awaited = await kernel.execute(`
      const answer = await new Promise<number>((done) => setTimeout(() => done(42), 20));
      answer`);
    const progress = await kernel.execute(`process.stdout.write("10%\\r");
      process.stdout.write("20%\\r");
      const shown = true;`);
    const updates = await kernel.execute(`import { newDisplay } from "tslab";
      const bar = newDisplay();
      bar.text("0 of 2"); await null; bar.text("1 of 2");`);
    const several = await kernel.execute(`import { createRequire } from "node:module";
      createRequire(process.cwd() + "/x.js")("tslab/dist/jupyter.js").lastWriteDisplayData(
        { data: { "text/plain": "a plot", "text/html": "<b>a plot</b>" }, metadata: {}, transient: {} }, false);`);
    return {
      first: first.status,
      second: second.stdout,
      awaited: awaited.stdout,
      progress: progress.stdout,
      updates: updates.displays.map(({ data, update }) => [data["text/plain"], update]),
      sameDisplay: updates.displays[0]?.id !== undefined && updates.displays[0].id === updates.displays[1]?.id,
      several: several.displays.map(({ data }) => data),
      completion: (await kernel.complete(`[1, 2].findL`)).slice(0, 2),
      inspection: await kernel.inspect(TWICE, TWICE.lastIndexOf("twice") + 1),
    };
  });
  expect(seen).toEqual({
    first: "ok",
    second: "redeclared3\n",
    awaited: "42\n",
    progress: "10%\r20%\r",
    updates: [
      ["0 of 2", false],
      ["1 of 2", true],
    ],
    sameDisplay: true,
    several: [{ "text/plain": "a plot", "text/html": "<b>a plot</b>" }],
    completion: ["findLast", "findLastIndex"],
    inspection: "function twice(n: number): number\n\nDoubles.",
  });
});
