import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

describe("lesson 00 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("00-start-here");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("folds hints away and opens them on a click", async () => {
    const hint = open.lesson.page.locator(".jp-MarkdownOutput details").first();
    await hint.scrollIntoViewIfNeeded();
    expect(await hint.locator("p").first().isVisible()).toBe(false);
    await hint.locator("summary").click();
    expect(await hint.locator("p").first().isVisible()).toBe(true);
  });

  it("refuses a parameter outside its range, by name", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/activeExperts = \d+/, "activeExperts = 400"));
    await lesson.run(parameters.index);
    const check = parameters.index + 2;
    const answer = await lesson.run(check);
    await open.screenshot("parameter-out-of-range");
    expect(answer).toContain("activeExperts");
    expect(answer).toContain("400");
  });
});
