/**
 * Exercise 3: half the cache for the least loss. Bytes are counted exactly; of the designs that keep to them, one passes
 * whose loss the recorded seeds cannot tell from the best.
 */
import { compare } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";
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

export type HalveCache = (base: Design) => Design;

type Recorded = Pick<RecordedDesigns, "trials">;

/** The trained designs with at most half of the base's cache and otherwise the base's numbers, the lowest loss first. */
export function halfCacheDesigns(
  base: Design,
  recorded: Recorded = recordedDesigns(),
): { design: Design; losses: number[] }[] {
  const most = designCosts(base).cacheBytes / 2;
  return DESIGNS.filter((design) => designCosts(design).cacheBytes <= most)
    .flatMap((design) => {
      const losses = designLosses(recorded, design);
      return losses === null ? [] : [{ design, losses }];
    })
    .sort((a, b) => mean(a.losses) - mean(b.losses));
}

/** What stands against a design, in words; null if nothing does. */
export function cacheComplaint(design: Design, base: Design, recorded: Recorded = recordedDesigns()): string | null {
  const impossible = designComplaint(design);
  if (impossible !== null) return impossible;
  const [bytes, most] = [designCosts(design).cacheBytes, designCosts(base).cacheBytes / 2];
  if (bytes > most) return `a token adds ${bytes} bytes to its cache; half of the base's are ${most}`;
  const losses = designLosses(recorded, design);
  if (losses === null) {
    return "this design was not trained beforehand, so its loss is not known; choose one of those in the table";
  }
  const [best] = halfCacheDesigns(base, recorded);
  const { order, text } = compare(
    { name: "in your design", values: losses },
    { name: "in the best one of half the cache", values: best.losses },
    { quantity: "the loss", unit: "bits per byte", of: "seeds", paired: true },
  );
  return order === "higher" ? `within the budget, but another design is better: ${text}` : null;
}

export const cacheExercise = defineExercise<HalveCache>({
  id: "10-cache",
  reference: (base) => halfCacheDesigns(base)[0].design,
  cases: [{ name: "the base design", args: [BASE_DESIGN] }],
  // Nothing is drawn: a design task, and seeds were recorded for this one base.
  accept: (got, _, [base]) => cacheComplaint(got, base) ?? true,
  misconceptions: [
    {
      name: "fewer heads",
      answer: (base) => ({ ...base, heads: base.heads / 2 }),
      message:
        "You take away heads. The cache of multi-head latent attention holds one latent and one key for all of them: their " +
        "number does not change it.",
    },
    {
      name: "the rotary key forgotten",
      answer: (base) => ({ ...base, latent: base.latent / 2 }),
      message: "You halve the latent. The cache also holds the key with a position, and that stays as it was.",
    },
    {
      name: "the latent forgotten",
      answer: (base) => ({ ...base, rope: base.rope / 2 }),
      message: "You halve the key with a position. The cache also holds the latent, and that stays as it was.",
    },
    {
      name: "fewer experts",
      answer: (base) => ({ ...base, experts: base.experts / 2, active: base.active / 2 }),
      message: "Experts keep nothing of earlier tokens: their number does not change the cache.",
    },
  ],
});
