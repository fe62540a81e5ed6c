import { describeLesson } from "./describe-lesson";

/** The bias, which only chooses, gets into the weights. */
const biasedWeights = (right: string) =>
  right.replace("sofar + s[e]", "sofar + s[e] + bias[e]").replace("affinity / sum", "(affinity + bias[e]) / sum");

describeLesson({
  lesson: "02-load-balancing",
  wrong: { exercise: "02-bias-update", answer: biasedWeights, told: ["the weights come from s alone"] },
  refused: { parameter: /liveGamma = [\d.]+/, to: "liveGamma = 5", told: ["liveGamma = 5 is outside 0..0.2"] },
});
