import { expect, it } from "vitest";
import { describeLesson } from "./describe-lesson";

const opinion = (right: string) => right.replace(/verdict: .*,/, 'verdict: "holds",');

describeLesson({
  lesson: "11-the-article-audited",
  wrong: { exercise: "11-bring", answer: opinion, told: ["an opinion"] },
  also: (open) =>
    it("gives other verdicts at another price, from the top", async () => {
      const { lesson, parameters } = open();
      const texts = async () => (await lesson.page.locator(".jp-OutputArea-output table").allInnerTexts()).join("\n");
      const before = await texts();
      await lesson.write(parameters.index, parameters.source.replace(/pricePerHour = [\d.]+/, "pricePerHour = 3.2"));
      await lesson.runAll();
      expect(await lesson.errors()).toEqual([]);
      await expect.poll(texts).not.toBe(before);
      await open().screenshot("other-price");
    }),
});
