import { expect, it } from "vitest";
import { describeLesson } from "./describe-lesson";

describeLesson({
  lesson: "00-start-here",
  also: (open) => {
    it("folds hints away and opens them on a click", async () => {
      const hint = open().lesson.page.locator(".jp-MarkdownOutput details").first();
      await hint.scrollIntoViewIfNeeded();
      expect(await hint.locator("p").first().isVisible()).toBe(false);
      await hint.locator("summary").click();
      await hint.locator("p").first().waitFor({ state: "visible" });
    });

    it("shows the drawing of a layer, with words for those who don't see it", async () => {
      const { page } = open().lesson;
      const picture = page.locator('.jp-OutputArea-output img[src^="data:image/svg+xml"]');
      await picture.scrollIntoViewIfNeeded();
      const drawn = `document.querySelector('.jp-OutputArea-output img[src^="data:image/svg+xml"]')`;
      await page.waitForFunction(`${drawn}.complete && ${drawn}.naturalWidth > 0`);
      await expect.poll(async () => (await picture.boundingBox())?.width).toBeGreaterThan(500);
      expect(await picture.getAttribute("alt")).toMatch(/^One of the 61 layers.*residual stream/);
      await open().screenshot("drawing");
    });
  },
  refused: { parameter: /activeExperts = \d+/, to: "activeExperts = 400", told: ["activeExperts", "400"] },
  leaving: (open) =>
    it("leads from the index to an exercise, in a lesson that is not open yet and in one that is", async () => {
      const { page } = open().lesson;
      const link = page.locator(".jp-OutputArea-output a", { hasText: /^02-gamma$/ });
      await link.scrollIntoViewIfNeeded();
      const target = /#cell-id=([\w-]+)$/.exec((await link.getAttribute("href")) ?? "")?.[1];
      await link.click();
      const seen = (expression: string) =>
        page.evaluate(`(({ title, content }) => ${expression})(window.jupyterapp.shell.currentWidget)`);
      await expect.poll(() => seen("title.label"), { timeout: 120_000 }).toBe("02-load-balancing.ipynb");
      await expect.poll(() => seen("content.widgets?.length ?? 0"), { timeout: 120_000 }).toBeGreaterThan(50);
      expect(await seen(`content.widgets.some(({ model }) => model.id === "${target}")`)).toBe(true);
      /** Whether the exercise's cell is within what the notebook shows. */
      const shown = `(() => {
        const cell = content.widgets.find(({ model }) => model.id === "${target}").node;
        const [at, frame] = [cell, content.node].map((element) => element.getBoundingClientRect());
        return cell.isConnected && at.top >= frame.top - 1 && at.top < frame.bottom;
      })()`;
      await expect.poll(() => seen(shown), { timeout: 120_000 }).toBe(true);
      await page.waitForTimeout(3_000); // and stays there
      expect(await seen(shown)).toBe(true);
      await page.evaluate("window.jupyterapp.shell.currentWidget.content.node.scrollTop = 0");
      await page.locator(".lm-TabBar-tabLabel", { hasText: "00-start-here.ipynb" }).first().click();
      await expect.poll(() => seen("title.label")).toBe("00-start-here.ipynb");
      await page.waitForTimeout(1_500);
      await link.scrollIntoViewIfNeeded();
      await link.click();
      await expect.poll(() => seen("content.outerNode.scrollTop"), { timeout: 120_000 }).toBeGreaterThan(1000);
    }),
});
