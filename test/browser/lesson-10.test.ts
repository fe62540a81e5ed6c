import { describeLesson } from "./describe-lesson";

describeLesson({
  lesson: "10-train-it",
  wrong: {
    exercise: "10-cache",
    answer: (right) => right.replace("base.latent / 4", "base.latent / 2"),
    told: ["The cache also holds the key with a position"],
  },
  refused: {
    parameter: /const experts = \d+;([^]*?)const active = \d+;/,
    to: "const experts = 8;$1const active = 8;",
    told: ["active = 8 with experts = 8: a token reaches 4 experts"],
  },
});
