import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

/** A detector that forgets capitals and punctuation. */
const AS_WRITTEN = `function overlap(test: string, training: string, n: number): number {
  const grams = (text: string) => {
    const words = text.split(/\\s+/).filter((word) => word !== "");
    return words.slice(0, Math.max(0, words.length - n + 1)).map((_, i) => words.slice(i, i + n).join(" "));
  };
  const known = new Set(grams(training));
  const own = grams(test);
  return own.length === 0 ? 0 : own.filter((gram) => known.has(gram)).length / own.length;
}`;

describe("lesson 08 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("08-data-and-openness");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("names the misconception of a wrong answer, and passes the right one", async () => {
    const { lesson, index } = open;
    await lesson.write(index("08-overlap"), AS_WRITTEN);
    await lesson.run(index("08-overlap"));
    expect(await lesson.run(index("08-overlap-check"))).toContain("no normalisation");
    await open.screenshot("wrong-answer");
    await lesson.write(index("08-overlap"), open.solution("08-overlap"));
    await lesson.run(index("08-overlap"));
    expect(await lesson.run(index("08-overlap-check"))).toContain("✔");
  });
});
