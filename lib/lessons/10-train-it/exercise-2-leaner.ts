/**
 * Exercise 2: as low a loss with a fifth fewer active parameters. Parameters are counted exactly; the loss is that of the
 * recorded trainings, and what counts is what their seeds can show.
 */
import type { Interval } from "../../statistics/interval";
import { defineExercise } from "../../notebook/exercise/check";
import {
  BASE_DESIGN,
  DESIGNS,
  designComplaint,
  designCosts,
  designLosses,
  lossDifference,
  recordedDesigns,
  type Design,
  type RecordedDesigns,
} from "./design-trial";

export type Leaner = (base: Design) => Design;

/** The share of the base's active parameters that may be left. */
export const LEANER_SHARE = 0.8;
/** Bits per byte that the loss may be higher, by the whole interval: about three in a hundred. Few seeds show no less. */
export const LEANER_MARGIN = 0.1;

type Recorded = Pick<RecordedDesigns, "trials">;

/** A design's share of the active parameters of another. */
export function activeShare(design: Design, base: Design): number {
  return designCosts(design).active / designCosts(base).active;
}

/** By how much the recorded loss of a design is above the base's, seed by seed. */
export function aboveBase(design: Design, base: Design, recorded: Recorded = recordedDesigns()): Interval {
  return lossDifference(recorded, base, design);
}

/** What stands against a design, in words; null if nothing does. */
export function leanerComplaint(design: Design, base: Design, recorded: Recorded = recordedDesigns()): string | null {
  const impossible = designComplaint(design);
  if (impossible !== null) return impossible;
  const share = activeShare(design, base);
  if (share > LEANER_SHARE) {
    return `${(100 * share).toFixed(1)}% of the active parameters are left; at most ${100 * LEANER_SHARE}% are asked for`;
  }
  if (designLosses(recorded, design) === null) {
    return "this design was not trained beforehand, so its loss is not known; choose one of those in the table";
  }
  const { estimate, low, high, count } = aboveBase(design, base, recorded);
  if (high <= LEANER_MARGIN) return null;
  const range = `${low.toFixed(3)} to ${high.toFixed(3)}`;
  return (
    `within the budget, but over ${count} seeds the loss is ${estimate.toFixed(3)} bits per byte above the base's ` +
    `(95% interval ${range}); the interval has to stay below ${LEANER_MARGIN}`
  );
}

/** Of the trained designs within the budget, the one whose loss is lowest on average. */
export function bestLeaner(base: Design, recorded: Recorded = recordedDesigns()): Design {
  const fine = DESIGNS.filter((design) => leanerComplaint(design, base, recorded) === null);
  const above = (design: Design) => aboveBase(design, base, recorded).estimate;
  return fine.reduce((best, design) => (above(design) < above(best) ? design : best));
}

export const leanerExercise = defineExercise<Leaner>({
  id: "10-leaner",
  reference: (base) => bestLeaner(base),
  cases: [{ name: "the base design", args: [BASE_DESIGN] }],
  accept: (got, _, [base]) => leanerComplaint(got, base) ?? true,
  misconceptions: [
    {
      name: "fewer experts in all",
      answer: (base) => ({ ...base, experts: base.active }),
      message:
        "You take away experts that a token does not use. That makes the model smaller, and leaves what a token computes as it was.",
    },
    {
      name: "a fifth of the experts' part only",
      answer: (base) => ({ ...base, active: Math.floor(base.active * LEANER_SHARE) }),
      message:
        "You take a fifth of the active experts. Attention, the dense layer, the shared expert and the head are active too, " +
        "and they stay: the experts have to give more.",
    },
    {
      name: "the same width in halves",
      answer: (base) => ({ ...base, experts: 2 * base.experts, active: 2 * base.active, width: base.width / 2 }),
      message: "Twice as many experts of half the width compute as much as before: nothing is saved.",
    },
    {
      name: "the latent made narrower",
      answer: (base) => ({ ...base, latent: base.latent / 2, rope: base.rope / 2 }),
      message: "Latent and key are a small part of the active parameters. Where are most of them? Count by component.",
    },
  ],
});
