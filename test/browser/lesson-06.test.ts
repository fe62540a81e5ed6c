import { describeLesson } from "./describe-lesson";

/** What most people answer first: a copy for each expert. */
const COPY_FOR_EACH_EXPERT = `function bytesOf(hiddenSize: number, experts: number[], expertsPerNode: number, home: number): Traffic {
  const nodes = experts.map((expert) => Math.floor(expert / expertsPerNode));
  return { interNode: nodes.filter((node) => node !== home).length * hiddenSize * 3, intraNode: experts.length * hiddenSize * 3 };
}`;

describeLesson({
  lesson: "06-hardware-and-communication",
  wrong: { exercise: "06-traffic", answer: COPY_FOR_EACH_EXPERT, told: ["One for each node is enough"] },
  refused: { parameter: /ranks = \d+/, to: "ranks = 16", told: ["16 ranks need at least 32 micro-batches"] },
});
