import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

/** What many people forget: a fraction of three bits counts eighths. */
const SEVENTHS = `function decodeByte(byte: number): number {
  const [sign, exponent, fraction] = [byte >> 7 ? -1 : 1, (byte >> 3) & 15, byte & 7];
  if ((byte & 127) === 127) return NaN;
  return sign * (exponent > 0 ? (1 + fraction / 7) * 2 ** (exponent - 7) : (fraction / 7) * 2 ** -6);
}`;

describe("lesson 04 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("04-fp8-training");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("names the misconception of a wrong answer", async () => {
    const { lesson, index } = open;
    await lesson.write(index("04-decode"), SEVENTHS);
    await lesson.run(index("04-decode"));
    const answer = await lesson.run(index("04-decode-check"));
    expect(answer).toContain("✘");
    expect(answer).toContain("count eighths");
  });

  it("answers a silly value with a clear message", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/sumBits = \d+/, "sumBits = 80"));
    await lesson.run(parameters.index);
    expect(await lesson.run(parameters.index + 1)).toContain("sumBits = 80");
  });
});
