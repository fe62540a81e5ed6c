/**
 * Exercise 2: a fifth fewer active parameters, and a loss that the recorded seeds do not show to be higher. Parameters are
 * counted exactly. That seeds show nothing is no proof that there is nothing: the lesson says what they leave open.
 */
import { compare, type Comparison } from "../../statistics/comparison";
import { defineExercise } from "../../notebook/exercise/check";
import {
  BASE_DESIGN,
  DESIGNS,
  designComplaint,
  designCosts,
  designLosses,
  recordedDesigns,
  type Design,
  type RecordedDesigns,
} from "./design-trial";

export type Leaner = (base: Design) => Design;

/** The share of the base's active parameters that may be left. */
export const LEANER_SHARE = 0.8;

type Recorded = Pick<RecordedDesigns, "trials">;

/** A design's share of the active parameters of another. */
export function activeShare(design: Design, base: Design): number {
  return designCosts(design).active / designCosts(base).active;
}

/**
 * What the seeds say of the loss of a design beside the base's.
 *
 * @throws if one of them was not trained
 */
export function besideBase(design: Design, base: Design, recorded: Recorded = recordedDesigns()): Comparison {
  const [own, bases] = [designLosses(recorded, design), designLosses(recorded, base)];
  if (own === null || bases === null) throw new Error("besideBase: a design of the two was not trained");
  return compare(
    { name: "in your design", values: own },
    { name: "in the base", values: bases },
    { quantity: "the loss", unit: "bits per byte", of: "seeds", paired: true },
  );
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
  const { order, text } = besideBase(design, base, recorded);
  return order === "higher" ? `within the budget, but the seeds show that it learned less: ${text}` : null;
}

/** Of the trained designs within the budget, the one whose loss is lowest on average. */
export function bestLeaner(base: Design, recorded: Recorded = recordedDesigns()): Design {
  const fine = DESIGNS.filter((design) => leanerComplaint(design, base, recorded) === null);
  const above = (design: Design) => besideBase(design, base, recorded).interval.estimate;
  return fine.reduce((best, design) => (above(design) < above(best) ? design : best));
}

export const leanerExercise = defineExercise<Leaner>({
  id: "10-leaner",
  reference: (base) => bestLeaner(base),
  cases: [{ name: "the base design", args: [BASE_DESIGN] }],
  // Nothing is drawn: a design task, and seeds were recorded for this one base.
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
      name: "half of the active experts",
      answer: (base) => ({ ...base, active: base.active / 2 }),
      message:
        "Half of the active routed experts is close, and not enough: the shared expert, attention, the dense layer and the " +
        "head stay as they are. Count with designCosts.",
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
