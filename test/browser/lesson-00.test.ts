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
      expect(await hint.locator("p").first().isVisible()).toBe(true);
    });

    it("shows the drawing of a layer, with words for those who don't see it", async () => {
      const { page } = open().lesson;
      const picture = page.locator('.jp-OutputArea-output img[src^="data:image/svg+xml"]');
      await picture.scrollIntoViewIfNeeded();
      const drawn = `document.querySelector('.jp-OutputArea-output img[src^="data:image/svg+xml"]')`;
      await page.waitForFunction(`${drawn}.complete && ${drawn}.naturalWidth > 0`, null, { timeout: 30_000 });
      const width = (await picture.boundingBox())?.width;
      expect(width).toBeGreaterThan(500);
      expect(await picture.getAttribute("alt")).toMatch(/^One of the 61 layers.*residual stream/);
      await open().screenshot("drawing");
    });
  },
  refused: { parameter: /activeExperts = \d+/, to: "activeExperts = 400", told: ["activeExperts", "400"] },
  leaving: (open) =>
    it("leads from the index to an exercise of another lesson", async () => {
      const { page } = open().lesson;
      const link = page.locator(".jp-OutputArea-output a", { hasText: /^02-gamma$/ });
      await link.scrollIntoViewIfNeeded();
      await link.click();
      const heading = page.locator(".jp-RenderedMarkdown h3", { hasText: "Exercise 3" });
      const inSecond = heading.filter({ visible: true }).last();
      await inSecond.waitFor({ timeout: 60_000 });
      const isInWindow = async () => {
        const y = (await inSecond.boundingBox())?.y ?? -1;
        return y >= 0 && y < (page.viewportSize()?.height ?? 0);
      };
      try {
        await expect.poll(isInWindow, { timeout: 60_000 }).toBe(true);
      } finally {
        await open().screenshot("index-link");
      }
    }),
});
