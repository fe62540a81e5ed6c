/** What can be said of the recorded runs and measurements: each comparison is paired, by seed or by window of text. */
import { compare, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";
import { VARIANTS, type VariantName, type VariantRuns } from "./fp8-variants";
import type { Effect, MeasuredEffect, MeasuredEffects } from "./precision-effect";

/** The variants of a record, in its order. */
export function variantsIn({ curves }: VariantRuns): VariantName[] {
  return [...new Set(curves.map(({ variant }) => variant))];
}

/** Runs of a variant, by seed. */
function runsOf({ curves }: VariantRuns, variant: VariantName) {
  return curves.filter((curve) => curve.variant === variant).sort((a, b) => a.seed - b.seed);
}

/** Held-out bits per byte of a variant, a value for each seed. */
export function heldOutOf(runs: VariantRuns, variant: VariantName): number[] {
  return runsOf(runs, variant).map(({ heldOutMean }) => heldOutMean);
}

/** The loss of a variant's last 20 steps in nats, a value for each seed. */
export function endOfRun(runs: VariantRuns, variant: VariantName): number[] {
  return runsOf(runs, variant).map(({ loss }) => mean(loss.slice(-20)));
}

/**
 * How one variant's held-out bits compare with another's, paired by seed.
 *
 * @throws if the two were not trained with the same seeds
 */
export function againstVariant(runs: VariantRuns, variant: VariantName, other: VariantName): Comparison {
  const [a, b] = [variant, other].map((name) => runsOf(runs, name));
  const seeds = [a, b].map((found) => found.map(({ seed }) => seed).join());
  if (seeds[0] !== seeds[1]) throw new Error(`${variant} has the seeds ${seeds[0]}, ${other} has ${seeds[1]}`);
  const sample = (name: VariantName) => ({ name: `with "${VARIANTS[name].label}"`, values: heldOutOf(runs, name) });
  const wording = { quantity: "held-out loss", unit: "bits per byte", of: "seeds", digits: 3 };
  return compare(sample(variant), sample(other), { ...wording, paired: true });
}

/** @throws if it was not measured */
export function effectOf({ effects }: MeasuredEffects, { inFp8, scale }: Effect): MeasuredEffect {
  const found = effects.find((effect) => effect.inFp8 === inFp8 && effect.scale === scale);
  if (found === undefined) throw new Error(`no effect of ${inFp8} with scale ${scale} was measured`);
  return found;
}

/** By how many thousandths of BF16's loss an effect raises it, paired by window of text. */
export function costOfEffect(measured: MeasuredEffects, effect: Effect): Comparison {
  const plain = effectOf(measured, { inFp8: "none", scale: "float32" }).bits;
  const unit = mean(plain) / 1000;
  const said = { none: "nothing", V3: "V3's modules", all: "everything" };
  const name = effect.inFp8 in said ? said[effect.inFp8 as keyof typeof said] : effect.inFp8;
  const values = (bits: number[]) => bits.map((value) => value / unit);
  return compare(
    { name: `with ${name} in FP8`, values: values(effectOf(measured, effect).bits) },
    { name: "with BF16", values: values(plain) },
    { quantity: "loss", unit: "‰", of: "windows", digits: 2, paired: true },
  );
}
