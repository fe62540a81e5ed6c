/** Exercise 4: what would have to be published for a purpose. */
import { ARTEFACTS, missingFor, NEEDS, type Artefact, type Goal } from "../../claims/openness-facts";
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** What is published and what somebody wants to do → what is missing for it, in any order. */
export type Missing = (published: Artefact[], goal: Goal) => Artefact[];

const missingByLib: Missing = (published, goal) => missingFor(goal, published);

/** What is missing, where some goals are thought to need something else. */
const needing = (needs: Partial<Record<Goal, Artefact[]>>): Missing => {
  const all = { ...NEEDS, ...needs };
  return (published, goal) => all[goal].filter((artefact) => !published.includes(artefact));
};

const OPEN_WEIGHTS: Artefact[] = ["weights", "inferenceCode", "hyperparameters"];
const DESCRIBED: Artefact[] = [...OPEN_WEIGHTS, "freeTerms", "trainingCode", "dataDescribed", "checkpoints"];

export const missingExercise = defineExercise<Missing>({
  id: "08-missing",
  reference: missingByLib,
  cases: [
    { name: "open weights, to verify them", args: [OPEN_WEIGHTS, "verify"] },
    { name: "open weights, to train again", args: [OPEN_WEIGHTS, "repeat"] },
    { name: "open weights, to change them and pass them on", args: [OPEN_WEIGHTS, "adapt"] },
    { name: "open weights, to run them", args: [OPEN_WEIGHTS, "run"] },
    { name: "all but the text itself, to look for a test in it", args: [DESCRIBED, "search"] },
    { name: "all but the text itself, to verify the weights", args: [DESCRIBED, "verify"] },
    { name: "everything, to verify the weights", args: [[...ARTEFACTS], "verify"] },
    { name: "nothing, to run it", args: [[], "run"] },
  ],
  draw: fromSeed((random) => {
    const published = random.shuffle(ARTEFACTS).slice(0, wholeBetween(random, 0, ARTEFACTS.length - 2));
    return [published, oneOf(random, Object.keys(NEEDS) as Goal[])];
  }),
  compare: (a, b) => [...a].sort().join() === [...b].sort().join(),
  misconceptions: [
    {
      name: "weights verify themselves",
      answer: needing({ verify: ["weights", "inferenceCode"] }),
      message:
        "You take the weights for their own proof. One can run them and see that they are good, but not where they " +
        "came from: section 2 has two models whose cards describe their data in the same words.",
    },
    {
      name: "a description is enough",
      answer: needing({
        search: ["dataDescribed"],
        repeat: ["trainingCode", "hyperparameters", "dataDescribed"],
        verify: ["weights", "trainingCode", "hyperparameters", "dataDescribed"],
      }),
      message:
        "You take a description of the data for the data. From a description somebody can build a similar model; " +
        "nobody can find a sentence in it, or train the same model.",
    },
    {
      name: "the order forgotten",
      answer: needing({ verify: ["weights", "trainingCode", "hyperparameters", "data"] }),
      message:
        "Nearly: the same text in another order gives other weights, as section 3 shows. To compare weights, " +
        "the order of the data has to be known too.",
    },
    {
      name: "the terms forgotten",
      answer: needing({ adapt: ["weights", "inferenceCode"] }),
      message: "To pass a changed model on, one also needs to be allowed to: the terms under which the weights stand.",
    },
    {
      name: "needed, published or not",
      answer: (_, goal) => [...NEEDS[goal]],
      message: "You list all that is needed. Asked for is what is still missing: leave out what is published.",
    },
    {
      name: "what there is",
      answer: (published, goal) => NEEDS[goal].filter((artefact) => published.includes(artefact)),
      message: "You list what there is. Asked for is what is missing.",
    },
  ],
});
