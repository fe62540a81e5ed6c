/** Redundant experts: which of them get a copy, slot by slot. */
import { fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { largest, sum } from "../../statistics/lists";
import { copyCounts, replicate } from "./expert-placement";

/** Loads [E] and slots → the copies of each expert, [E]. */
export type Copies = (load: number[], slots: number) => number[];

const copiesByLib: Copies = (load, slots) => copyCounts(replicate(load, slots), load.length);

/** Slot by slot to the expert of the largest score. */
function greedyCopies(score: (load: number, copies: number) => number): Copies {
  return (load, slots) => {
    const copies = load.map(() => 1);
    for (let slot = load.length; slot < slots; slot++) {
      copies[
        largest(
          load.map((tokens, e) => score(tokens, copies[e])),
          1,
        )[0]
      ]++;
    }
    return copies;
  };
}

export const copiesExercise = defineExercise<Copies>({
  id: "02-copies",
  reference: copiesByLib,
  cases: [
    { name: "one very busy expert, three spare slots", args: [[90, 50, 20], 6] },
    {
      name: "the first layer of the published example, four spare",
      args: [[90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86], 16],
    },
    { name: "a hundred to one", args: [[100, 1, 1, 1], 8] },
    { name: "nothing to spare", args: [[5, 3, 4], 3] },
  ],
  draw: fromSeed((random) => {
    const load = Array.from({ length: wholeBetween(random, 3, 10) }, () => wholeBetween(random, 1000, 99_999));
    return [load, load.length + wholeBetween(random, 2, 8)];
  }),
  misconceptions: [
    {
      name: "the busiest expert, again and again",
      answer: greedyCopies((load) => load),
      message:
        "You give every spare slot to the same expert. Its copies share its tokens: compare what is left for each copy, " +
        "load / copies.",
    },
    {
      name: "one more for each of the busiest",
      answer: (load, slots) => {
        const busiest = largest(load, slots - load.length);
        return load.map((_, e) => (busiest.includes(e) ? 2 : 1));
      },
      message:
        "You give the busiest experts one copy more each. A very busy one may need its third before others a second.",
    },
    {
      name: "load / (copies + 1)",
      answer: greedyCopies((load, copies) => load / (copies + 1)),
      message:
        "You compare what would be left after the next copy. The layer waits for the busiest copy as it is now: compare " +
        "load / copies.",
    },
    {
      name: "in proportion to the load",
      answer: (load, slots) => load.map((tokens) => Math.max(1, Math.round((slots * tokens) / sum(load)))),
      message:
        "You round shares of the load. Rounded shares need not add up to the number of slots: hand the slots out one by one.",
    },
    {
      name: "spare copies only",
      answer: (load, slots) => copiesByLib(load, slots).map((copies) => copies - 1),
      message: "You return the spare copies. Count the first one of each expert too.",
    },
  ],
});
