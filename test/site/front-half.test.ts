/**
 * The half of the kernel that runs in the page, with the real worker behind it: what it does when a cell lets nothing in.
 * JupyterLite's base class is not installed here; a small one stands in for it, which keeps what it is given to publish.
 */
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openWorker, stopServing } from "./built-worker";
import type { WorkerPage } from "./worker-page";

const BASE = `
export class BaseKernel {
  executionCount = 0; parentHeader = undefined; published = []; isDisposed = false;
  constructor({ id, name, location }) { Object.assign(this, { id, name, location }); }
  dispose() { this.isDisposed = true; }
  stream(content, header) { this.published.push({ kind: "stream", header, ...content }); }
  displayData(content, header) { this.published.push({ kind: "display", header, ...content }); }
  updateDisplayData(content, header) { this.published.push({ kind: "update", header, ...content }); }
  publishExecuteError(content, header) { this.published.push({ kind: "error", header, ...content }); }
}`;

const PAGE = `
import { CourseKernel, hearInterrupts } from "./tools/site/lab/extension/src/kernel";
let dropped = 0;
const client = { interrupt: async () => void dropped++ };
hearInterrupts(client);
globalThis.newKernel = (base) => (globalThis.kernel = new CourseKernel({ id: "k", name: "tslab", location: "" }, { base }));
globalThis.run = async (code) => {
  const kernel = globalThis.kernel;
  kernel.parentHeader = { cell: ++kernel.executionCount };
  kernel.published.length = 0;
  const reply = await kernel.executeRequest({ code });
  return { status: reply.status, evalue: reply.evalue, published: kernel.published.map((one) => ({ ...one })) };
};
globalThis.printed = (text) => globalThis.kernel.published.some((one) => one.text === text);
globalThis.interrupt = async () => { await client.interrupt("k"); return dropped; };
`;

interface Reply {
  status: string;
  evalue?: string;
  published: { kind: string; name?: string; text?: string; evalue?: string; header?: { cell: number } }[];
}

let worker: WorkerPage;

beforeAll(async () => {
  worker = await openWorker();
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    plugins: [
      {
        name: "base",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^@jupyterlite\/services$/ }, () => ({ path: "base", namespace: "base" }));
          onLoad({ filter: /.*/, namespace: "base" }, () => ({ contents: BASE }));
        },
      },
    ],
  });
  await worker.page.addScriptTag({ content: outputFiles[0].text });
  await worker.page.evaluate("newKernel(location.href); kernel.ready");
});

afterAll(async () => {
  await worker.close();
  await stopServing();
});

const run = (code: string) => worker.page.evaluate<Reply>(`run(${JSON.stringify(code)})`);

/** Runs a cell that goes on for ever, and waits until it has begun: before that an interrupt finds no cell running. */
async function begun(loop: string): Promise<{ running: Promise<Reply> }> {
  const running = run(`console.log("begun");\nawait null;\n${loop}`);
  await worker.page.waitForFunction(`printed("begun\\n")`, null, { timeout: 120_000 });
  return { running };
}

it("publishes what the cell prints and shows, below the cell", async () => {
  const { status, published } = await run(`console.log("words"); let kept = 7;`);
  expect(status).toBe("ok");
  expect(published).toEqual([{ kind: "stream", header: { cell: 1 }, name: "stdout", text: "words\n" }]);
});

it("hands an interrupt on to the running cell, which keeps everything", async () => {
  const { running } = await begun(`while (true) await 0;`);
  expect(await worker.page.evaluate("interrupt()")).toBe(1); // and to the cells that wait, as JupyterLite does
  const { status, evalue, published } = await running;
  expect([status, evalue]).toEqual(["error", "The cell was interrupted."]);
  expect(published.map(({ kind }) => kind)).toEqual(["stream", "error"]);
  expect((await run(`kept`)).published[0].text).toBe("7\n");
});

it("ends a worker that hears nothing, says what is lost, and goes on with a new one", async () => {
  const { running } = await begun(`while (true) {}`);
  await worker.page.evaluate("interrupt()");
  const { status, evalue, published } = await running;
  expect(status).toBe("error");
  expect(evalue).toMatch(
    /^This cell let nothing else in, not even Interrupt, so the kernel was ended and started anew/,
  );
  expect(published.slice(1)).toEqual([expect.objectContaining({ kind: "error", evalue, header: { cell: 4 } })]);
  expect((await run(`1 + 1`)).published[0].text).toBe("2\n");
  expect((await run(`kept`)).evalue).toBe("1:1 - Cannot find name 'kept'.");
});
