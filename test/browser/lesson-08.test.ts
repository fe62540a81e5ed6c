import { describeLesson } from "./describe-lesson";

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

describeLesson({
  lesson: "08-data-and-openness",
  wrong: { exercise: "08-overlap", answer: AS_WRITTEN, told: ["no normalisation"] },
});
