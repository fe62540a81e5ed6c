/** What drafting tokens ahead buys in decoding (Leviathan et al., 2023), each draft accepted with the same chance. */
import type { ModelConfig } from "../model/config";
import { decodeStep, type DecodeUnit } from "./serving";

/**
 * Expected tokens of one step with `drafts` drafted tokens: (1 - a^(k+1)) / (1 - a). The step always makes one token
 * itself, and keeps drafts up to the first that is refused (Leviathan et al., equation 1).
 *
 * @param acceptance chance that a draft is accepted, from 0 to 1
 * @throws if acceptance is no share of 1 or drafts is negative
 */
export function expectedTokens(acceptance: number, drafts: number): number {
  if (!(acceptance >= 0 && acceptance <= 1)) {
    throw new Error(`expectedTokens: acceptance must be between 0 and 1, got ${acceptance}`);
  }
  if (!(drafts >= 0)) throw new Error(`expectedTokens: drafts must be 0 or more, got ${drafts}`);
  return acceptance === 1 ? drafts + 1 : (1 - acceptance ** (drafts + 1)) / (1 - acceptance);
}

/**
 * How many times faster decoding gets: expectedTokens / (k · c + v).
 *
 * @param draftCost c, what one draft costs, in plain steps
 * @param verifyCost v, what a step over all drafts costs, in plain steps: 1 where reading the weights is all that counts
 */
export function speculativeSpeedUp(acceptance: number, drafts: number, draftCost: number, verifyCost = 1): number {
  return expectedTokens(acceptance, drafts) / (drafts * draftCost + verifyCost);
}

/**
 * What a step costs that verifies `drafts` drafts of every text, in plain steps: between 1, where memory traffic decides
 * and the drafts need no other weights, and drafts + 1, where arithmetic decides. Texts read their cache once for all
 * of their tokens. As in decodeStep, communication is not in it.
 *
 * @param batch texts that are decoded together
 * @param context tokens of each
 */
export function verificationCost(
  config: ModelConfig,
  { batch, drafts, context }: { batch: number; drafts: number; context: number },
  unit: DecodeUnit,
): number {
  const plain = decodeStep(config, batch, context, unit);
  const wide = decodeStep(config, batch * (drafts + 1), context, unit);
  const reading = (wide.weightBytes + plain.cacheBytes) / (unit.bandwidth * unit.efficiency);
  const computing = wide.flops / (unit.peak * unit.efficiency);
  return Math.max(reading, computing) / plain.seconds;
}
