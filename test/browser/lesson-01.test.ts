import { expect, it } from "vitest";
import { describeLesson } from "./describe-lesson";

/** The wrong answer that the popular account of the router suggests. */
const SOFTMAX_GATE = `function gate(logits: number[], bias: number[], k: number, scale: number): number[] {
  const powers = logits.map((x) => Math.exp(x));
  const all = powers.reduce((a, b) => a + b, 0);
  const s = powers.map((p) => p / all);
  const chosen = largest(s.map((affinity, e) => affinity + bias[e]), k);
  const sum = chosen.reduce((a, e) => a + s[e], 0);
  return s.map((affinity, e) => (chosen.includes(e) ? (scale * affinity) / sum : 0));
}`;

describeLesson({
  lesson: "01-mixture-of-experts",
  wrong: { exercise: "01-gate", answer: SOFTMAX_GATE, told: ["softmax", "sigmoid"] },
  also: (open) =>
    it("draws another picture after the parameters cell has changed", async () => {
      const { lesson, parameters, plotCells } = open();
      const [first] = plotCells;
      const drawn = async () => (await lesson.plots()).find(({ cell }) => cell === first)?.data;
      const before = await drawn();
      const changed = parameters.source.replace(/routedExperts = \d+/, "routedExperts = 64");
      expect(changed).not.toBe(parameters.source);
      await lesson.write(parameters.index, changed);
      for (const cell of [parameters.index, parameters.check, first]) await lesson.run(cell);
      await expect.poll(drawn).not.toBe(before);
      expect(await lesson.errors()).toEqual([]);
      await open().screenshot("other-parameters");
    }),
});
