import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

/** What most people answer first: each draft counted by itself. */
const BY_ITSELF = `function tokensPerStep(acceptance: number, drafts: number): number {
  return 1 + drafts * acceptance;
}`;

describe("lesson 05 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("05-multi-token-prediction");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("names the misconception of a wrong answer", async () => {
    const { lesson, index } = open;
    await lesson.write(index("05-expected"), BY_ITSELF);
    await lesson.run(index("05-expected"));
    const answer = await lesson.run(index("05-expected-check"));
    expect(answer).toContain("✘");
    expect(answer).toContain("only if all before it were accepted");
  });

  it("answers a silly value with a clear message", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/acceptance = [\d.]+/, "acceptance = 7"));
    await lesson.run(parameters.index);
    expect(await lesson.run(parameters.index + 1)).toContain("acceptance = 7");
  });
});
