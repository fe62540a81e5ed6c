/**
 * The learner's work in a browser tab: what becomes of it when things go wrong. All in one browser, below a sub-folder,
 * each test with a lesson of its own.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { listLessons } from "../../tools/setup/lessons.mjs";
import { projectAt, ROOT } from "../../tools/setup/project.mjs";
import type { LessonPage } from "../browser/lesson-page";
import { Site } from "./site-page";

const MINE = 'console.log("mine", 6 * 7);';

const [RELOADED, TWICE, NO_ROOM, RAN, CHANGED, OFFLINE] = listLessons(projectAt(ROOT));
const fileOf = (lesson: string) => `${lesson}.ipynb`;

let site: Site;
beforeAll(async () => {
  site = await Site.open({ own: true });
});
afterEach(async () => {
  for (const page of site.context.pages()) await page.close();
  expect(site.uncaught.splice(0)).toEqual([]);
  expect(site.strangers.splice(0)).toEqual([]); // nothing is asked of any other host
});
afterAll(async () => {
  await site?.close();
});

/** The first code cell that shows its source. */
const cell = (lesson: LessonPage) =>
  lesson.page.evaluate(`window.jupyterapp.shell.currentWidget.content.widgets
    .findIndex((cell) => cell.model.type === "code" && !cell.inputHidden)`) as Promise<number>;

const source = async (lesson: LessonPage, index: number): Promise<string> =>
  (await lesson.page.evaluate(
    `window.jupyterapp.shell.currentWidget.content.widgets[${index}].model.sharedModel.getSource()`,
  )) as string;

/** Writes into a cell and saves. */
async function work(lesson: LessonPage, text: string): Promise<number> {
  const index = await cell(lesson);
  await lesson.write(index, text);
  await lesson.save();
  return index;
}

async function reopen(lesson: LessonPage, file: string): Promise<LessonPage> {
  await lesson.page.close();
  return site.notebook(file);
}

describe("work in a tab", () => {
  it("is there after a reload in the middle, with its outputs", async () => {
    const lesson = await site.notebook(fileOf(RELOADED));
    const index = await cell(lesson);
    await lesson.write(index, MINE);
    const output = await lesson.run(index);
    await lesson.save();
    await lesson.page.reload();
    await lesson.page.waitForSelector(".jp-Notebook .jp-Cell");
    await expect.poll(() => source(lesson, index).catch(() => null)).toBe(MINE); // the model is there later
    await expect.poll(() => lesson.output(index)).toBe(output);
    expect(output).toContain("mine 42");
  });

  it("in two tabs: both say so, and the second that saves is asked first", async () => {
    const file = fileOf(TWICE);
    const [first, second] = [await site.notebook(file), await site.notebook(file)];
    for (const lesson of [first, second]) {
      await lesson.page.locator(".Toastify__toast", { hasText: "open in another tab" }).waitFor();
    }
    const index = await work(first, "// the first tab's");
    await second.write(index, "// the second tab's");
    void second.save().catch(() => {});
    const dialog = second.page.locator(".jp-Dialog");
    await dialog.waitFor();
    await expect.poll(() => dialog.innerText()).toMatch(/has changed|overwrite/i);
    // Nothing is lost yet: one text is kept, the other is in the page.
    expect(await source(await site.notebook(file), index)).toBe("// the first tab's");
    expect(await source(second, index)).toBe("// the second tab's");
  });

  it("that the browser has no room for is not lost: the page says what to do, and saves once there is room", async () => {
    const file = fileOf(NO_ROOM);
    const lesson = await site.notebook(file);
    // As a browser answers that has no room; how much that is, each browser decides in its own way.
    await lesson.page.evaluate(`
      window.realPut = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };`);
    const index = await cell(lesson);
    await lesson.write(index, MINE);
    void lesson.save().catch(() => {});
    const dialog = lesson.page.locator(".jp-Dialog");
    await dialog.waitFor();
    await expect.poll(() => dialog.innerText()).toContain(`no room left to keep ${file}`);
    await dialog.locator("button").first().click();
    expect(await source(lesson, index)).toBe(MINE);
    await lesson.page.evaluate("IDBObjectStore.prototype.put = window.realPut");
    await lesson.save();
    expect(await source(await reopen(lesson, file), index)).toBe(MINE);
  });
});

describe("a new version of a lesson", () => {
  const TITLE = "# A newer lesson";
  const renew = (file: string) => site.newVersion(file, ({ cells }) => void (cells[0].source = TITLE));

  it("takes the place of a copy that was run and saved", async () => {
    const file = fileOf(RAN);
    const lesson = await site.notebook(file);
    await lesson.run(await cell(lesson));
    await lesson.save();
    renew(file);
    expect(await source(await reopen(lesson, file), 0)).toBe(TITLE);
  });

  it("is laid beside a copy that was changed, which stays; the page says so", async () => {
    const file = fileOf(CHANGED);
    const beside = `${CHANGED}.new.ipynb`;
    const lesson = await site.notebook(file);
    const index = await work(lesson, MINE);
    renew(file);
    const again = await reopen(lesson, file);
    await again.page.locator(".Toastify__toast", { hasText: beside }).waitFor();
    expect(await source(again, index)).toBe(MINE);
    expect(await source(await reopen(again, beside), 0)).toBe(TITLE);
  });
});

/** What should be kept for times without a network, and is not yet. */
const MISSING = `(async () => {
  const { first } = await (await fetch("../offline.json")).json();
  const names = await caches.keys();
  const kept = names.length === 0 ? [] : (await (await caches.open(names[0])).keys()).map(({ url }) => url.split("?")[0]);
  return first.filter((file) => !kept.includes(new URL("../" + file, location.href).href));
})()`;

// The last test: it ends the server.
it("without a network a lesson that was opened before is there, is run, and keeps what is written", async () => {
  const file = fileOf(OFFLINE);
  const lesson = await site.notebook(file);
  const index = await cell(lesson);
  await lesson.run(index);
  await expect.poll(() => lesson.page.evaluate(MISSING), { timeout: 240_000, interval: 500 }).toEqual([]);
  await lesson.page.close();
  await site.cutOff();
  const again = await site.notebook(file);
  await again.write(index, MINE);
  expect(await again.run(index)).toContain("mine 42");
  await again.save();
  expect(await source(await reopen(again, file), index)).toBe(MINE);
});
