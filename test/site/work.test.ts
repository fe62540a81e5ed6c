/** The learner's work in a browser tab: what becomes of it when things go wrong. */
import { afterEach, describe, expect, it } from "vitest";
import type { LessonPage } from "../browser/lesson-page";
import { Site } from "./site-page";

const FILE = "00-start-here.ipynb";
const NEW = "00-start-here.new.ipynb";
const MINE = 'console.log("mine", 6 * 7);';

let site: Site;
afterEach(async () => {
  await site.close();
  expect(site.uncaught).toEqual([]);
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

async function reopen(lesson: LessonPage, file = FILE): Promise<LessonPage> {
  await lesson.page.close();
  return site.notebook(file);
}

describe("work in a tab", () => {
  it("is there after a reload in the middle, with its outputs; nothing is asked of any other host, below a sub-folder", async () => {
    site = await Site.open({ base: "/a/folder/" });
    const lesson = await site.notebook(FILE);
    const index = await cell(lesson);
    await lesson.write(index, MINE);
    const output = await lesson.run(index);
    await lesson.save();
    await lesson.page.reload();
    await lesson.page.waitForSelector(".jp-Notebook .jp-Cell");
    expect(await source(lesson, index)).toBe(MINE);
    await expect.poll(() => lesson.output(index)).toBe(output);
    expect(output).not.toBe("");
    expect(site.strangers).toEqual([]);
  });

  it("in two tabs: both say so, and the second that saves is asked first", async () => {
    site = await Site.open();
    const [first, second] = [await site.notebook(FILE), await site.notebook(FILE)];
    for (const lesson of [first, second]) {
      await lesson.page.locator(".Toastify__toast", { hasText: "open in another tab" }).waitFor({ timeout: 10_000 });
    }
    const index = await work(first, "// the first tab's");
    await second.write(index, "// the second tab's");
    await second.page.waitForTimeout(1000);
    void second.save().catch(() => {});
    const dialog = second.page.locator(".jp-Dialog");
    await dialog.waitFor({ timeout: 10_000 });
    expect(await dialog.innerText()).toMatch(/has changed|overwrite/i);
    // Nothing is lost yet: one text is kept, the other is in the page.
    expect(await source(await site.notebook(FILE), index)).toBe("// the first tab's");
    expect(await source(second, index)).toBe("// the second tab's");
  });

  it("that the browser has no room for is not lost: the page says what to do, and saves once there is room", async () => {
    site = await Site.open();
    const lesson = await site.notebook(FILE);
    // As a browser answers that has no room; how much that is, each browser decides in its own way.
    await lesson.page.evaluate(`
      window.realPut = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };`);
    const index = await cell(lesson);
    await lesson.write(index, MINE);
    void lesson.save().catch(() => {});
    const dialog = lesson.page.locator(".jp-Dialog");
    await dialog.waitFor({ timeout: 20_000 });
    expect(await dialog.innerText()).toContain("no room left to keep 00-start-here.ipynb");
    await dialog.locator("button").first().click();
    expect(await source(lesson, index)).toBe(MINE);
    await lesson.page.evaluate("IDBObjectStore.prototype.put = window.realPut");
    await lesson.save();
    expect(await source(await reopen(lesson), index)).toBe(MINE);
  });
});

describe("a new version of a lesson", () => {
  const TITLE = "# A newer lesson";
  const newer = () => site.newVersion(FILE, ({ cells }) => void (cells[0].source = TITLE));

  it("takes the place of a copy that was run and saved", async () => {
    site = await Site.open({ own: true });
    const lesson = await site.notebook(FILE);
    const index = await cell(lesson);
    await lesson.run(index);
    await lesson.save();
    newer();
    expect(await source(await reopen(lesson), 0)).toBe(TITLE);
  });

  it("is laid beside a copy that was changed, which stays; the page says so", async () => {
    site = await Site.open({ own: true });
    const lesson = await site.notebook(FILE);
    const index = await work(lesson, MINE);
    newer();
    const again = await reopen(lesson);
    await again.page.locator(".Toastify__toast", { hasText: NEW }).waitFor({ timeout: 10_000 });
    expect(await source(again, index)).toBe(MINE);
    expect(await source(await reopen(again, NEW), 0)).toBe(TITLE);
  });
});

/** What should be kept for times without a network, and is not yet. */
const MISSING = `(async () => {
  const { first } = await (await fetch("../offline.json")).json();
  const names = await caches.keys();
  const kept = names.length === 0 ? [] : (await (await caches.open(names[0])).keys()).map(({ url }) => url.split("?")[0]);
  return first.filter((file) => !kept.includes(new URL("../" + file, location.href).href));
})()`;

it("without a network a lesson that was opened before is there, is run, and keeps what is written", async () => {
  site = await Site.open();
  const lesson = await site.notebook(FILE);
  const index = await cell(lesson);
  await lesson.run(index);
  await expect.poll(() => lesson.page.evaluate(MISSING), { timeout: 120_000, interval: 1000 }).toEqual([]);
  await lesson.page.close();
  await site.cutOff();
  const again = await site.notebook(FILE);
  await again.write(index, MINE);
  expect(await again.run(index)).not.toBe("");
  await again.save();
  expect(await source(await reopen(again), index)).toBe(MINE);
});
