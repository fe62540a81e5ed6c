import { expect, it } from "vitest";
import { describeLesson } from "./describe-lesson";

describeLesson({
  lesson: "00-start-here",
  also: (open) =>
    it("folds hints away and opens them on a click", async () => {
      const hint = open().lesson.page.locator(".jp-MarkdownOutput details").first();
      await hint.scrollIntoViewIfNeeded();
      expect(await hint.locator("p").first().isVisible()).toBe(false);
      await hint.locator("summary").click();
      expect(await hint.locator("p").first().isVisible()).toBe(true);
    }),
  refused: { parameter: /activeExperts = \d+/, to: "activeExperts = 400", told: ["activeExperts", "400"] },
});
