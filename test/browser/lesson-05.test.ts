import { describeLesson } from "./describe-lesson";

/** What most people answer first: each draft counted by itself. */
const BY_ITSELF = `function tokensPerStep(acceptance: number, drafts: number): number {
  return 1 + drafts * acceptance;
}`;

describeLesson({
  lesson: "05-multi-token-prediction",
  wrong: { exercise: "05-expected", answer: BY_ITSELF, told: ["only if all before it were accepted"] },
  refused: { parameter: /acceptance = [\d.]+/, to: "acceptance = 7", told: ["acceptance = 7"] },
});
