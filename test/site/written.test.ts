/** What a lesson writes in a tab, with JupyterLite: it is in the list of files, and there for the next kernel. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LessonPage } from "../browser/lesson-page";
import { Site } from "./site-page";

let site: Site;
beforeAll(async () => void (site = await Site.open()));
afterAll(async () => {
  await site.close();
  expect(site.uncaught).toEqual([]);
});

const FILE = "00-start-here.ipynb";

/** What a cell prints and the message of its error. */
const run = (lesson: LessonPage, code: string): Promise<string> =>
  lesson.page.evaluate(`(async () => {
    const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
    const said = [];
    const future = kernel.requestExecute({ code: ${JSON.stringify(code)} });
    future.onIOPub = ({ content }) => said.push(content.text ?? content.evalue ?? "");
    await future.done;
    return said.join("");
  })()`);

/** The drive's answer for a path. */
const inDrive = (lesson: LessonPage, path: string) =>
  lesson.page.evaluate(`window.jupyterapp.serviceManager.contents.get(${JSON.stringify(path)}, { content: true })
    .then(({ content, format }) => ({ content, format }), () => null)`);

it("the worker of the first kernel begins before JupyterLab is there, and is the only one; Plotly comes later", async () => {
  const before = site.sent.length;
  await site.notebook(FILE);
  const plotly = () => site.sent.slice(before).findIndex(({ path }) => /\/jupyterlab-plotly\/static\/\d/.test(path));
  await expect.poll(plotly, { timeout: 120_000 }).toBeGreaterThan(-1);
  const asked = site.sent.slice(before).map(({ path }) => path.replace(/[?].*/, ""));
  const at = (ending: RegExp) => asked.flatMap((path, i) => (ending.test(path) ? [i] : []));
  expect(at(/\/worker\/worker\.js$/)).toHaveLength(1);
  expect(at(/\/worker\/worker\.js$/)[0]).toBeLessThan(at(/\/lessons\.json$/)[0]);
  expect(plotly()).toBeGreaterThan(at(/\/lessons\.json$/)[0]);
});

it("a checkpoint and a text are kept, and a kernel in a page that is opened later reads them", async () => {
  const lesson = await site.notebook(FILE);
  const made = await run(
    lesson,
    `import { saveCheckpoint } from "./lib/checkpoint/checkpoint";
     import { tinyConfig } from "./lib/model/config";
     import { createModel } from "./lib/model/model";
     import { useBackend } from "./lib/tensor/backend";
     import { host } from "./lib/host";
     await useBackend("cpu");
     const model = createModel(tinyConfig(), 1);
     await saveCheckpoint("work/tiny", model.config, model.weights, { dtype: "F32" });
     host.write("work/notes.txt", "größer");
     host.move("work/notes.txt", "work/my-notes.txt");
     const bytes = host.readBytes("work/tiny/model.safetensors");
     console.log(host.hash().update(bytes).digest(), model.weights.embedTokens.sum().dataSync()[0]);`,
  );
  expect(made).toMatch(/^[0-9a-f]{64} /);
  expect(await inDrive(lesson, "work/my-notes.txt")).toEqual({ content: "größer", format: "text" });
  expect(await inDrive(lesson, "work/notes.txt")).toBeNull();
  await lesson.page.close();
  const again = await site.notebook(FILE);
  const found = await run(
    again,
    `import { loadModel } from "./lib/checkpoint/checkpoint";
     import { useBackend } from "./lib/tensor/backend";
     import { host } from "./lib/host";
     await useBackend("cpu");
     const model = loadModel("work/tiny");
     const bytes = host.readBytes("work/tiny/model.safetensors");
     console.log(host.hash().update(bytes).digest(), model.weights.embedTokens.sum().dataSync()[0]);`,
  );
  expect(found).toBe(made);
  await run(again, `host.write("work/my-notes.txt", "new"); host.remove("work/tiny");`);
  expect(await inDrive(again, "work/my-notes.txt")).toEqual({ content: "new", format: "text" });
  expect(await inDrive(again, "work/tiny/model.safetensors")).toBeNull();
});

it("a training that is stopped goes on in a page that is opened later, at the step where it stopped", async () => {
  const train = (show: string) => `
    import { openCorpus } from "./lib/corpus/build";
    import { planRun, trainMyRun } from "./lib/lessons/10-train-it";
    import { useBackend } from "./lib/tensor/backend";
    await useBackend("wasm");
    const corpus = openCorpus();
    const { choices, config, options } = planRun({
      size: "v3-micro", experts: 8, active: 2, latentRank: 8, queryRank: 8, mtpModules: 1, policy: "float32", balance: "bias",
      novel: 0.2, speeches: 0.3, code: 0.4, arithmetic: 0.1, seed: 3,
    }, 10, corpus);
    const small = { ...config, hiddenSize: 16, intermediateSize: 16, moeIntermediateSize: 8 };
    const plan = { choices, config: small, options: { ...options, batch: 2, length: 12 } };
    const run = await trainMyRun(plan, corpus, { show: ({ moments }) => { ${show} } });
    console.log(run.id, run.from, run.history.moments.map(({ step }) => step).join());`;
  const lesson = await site.notebook(FILE);
  expect(await run(lesson, train(`if (moments.length === 4) throw new Error("stopped here");`))).toMatch(
    /stopped here/,
  );
  await lesson.page.close();
  const again = await site.notebook(FILE);
  const told = await run(again, train(""));
  const [, id] = /([0-9a-f]{10}) 4 1,2,3,4,5,6,7,8,9,10\n/.exec(told) ?? [];
  expect(id, told).toBeDefined();
  await expect.poll(() => inDrive(again, `work/my-v3/${id}/state-10/state.json`)).not.toBeNull();
  expect(await inDrive(again, `work/my-v3/${id}/state-4/state.json`)).toBeNull();
});

it("without room in the browser the cell that writes says so; with room again what it wrote is kept", async () => {
  const lesson = await site.notebook(FILE);
  await lesson.page.evaluate(`
    window.realPut = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };`);
  const said = await run(lesson, `import { host } from "./lib/host"; host.write("work/large.txt", "large");`);
  expect(said).toMatch(/no room left to keep work\/large\.txt\. It is in the kernel's memory alone/);
  await lesson.page.evaluate("IDBObjectStore.prototype.put = window.realPut");
  expect(await run(lesson, `console.log(host.readText("work/large.txt"));`)).toBe("large\n");
  await run(lesson, `host.write("work/other.txt", "other");`);
  expect(await inDrive(lesson, "work/large.txt")).toEqual({ content: "large", format: "text" });
});
