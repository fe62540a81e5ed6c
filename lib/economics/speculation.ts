/** What drafting tokens gains in decoding (Leviathan et al., 2023), if each draft is accepted with the same chance. */
import type { ModelConfig } from "../model/config";
import { decodeStep, type ServedBatch } from "./serving";

/**
 * Expected tokens of one step with `drafts` drafted tokens: (1 - a^(k+1)) / (1 - a). The step always makes one token
 * itself, and keeps drafts up to the first that is refused (Leviathan et al., equation 1).
 *
 * @param acceptance chance that a draft is accepted, from 0 to 1
 * @throws if acceptance is not between 0 and 1, or drafts is negative
 */
export function expectedTokens(acceptance: number, drafts: number): number {
  if (!(acceptance >= 0 && acceptance <= 1)) {
    throw new Error(`expectedTokens: acceptance must be between 0 and 1, got ${acceptance}`);
  }
  if (!(drafts >= 0)) throw new Error(`expectedTokens: drafts must be 0 or more, got ${drafts}`);
  return acceptance === 1 ? drafts + 1 : (1 - acceptance ** (drafts + 1)) / (1 - acceptance);
}

export interface Speculation {
  acceptance: number; // chance that a draft is accepted
  drafts: number; // k, before each step
  draftCost: number; // c, what one draft costs, in plain steps
  /** v, what a step over all drafts costs, in plain steps; default: 1, as if only reading the weights took time. */
  verifyCost?: number;
}

/** How many times as fast decoding gets: expectedTokens / (k · c + v). @throws as expectedTokens */
export function speculativeSpeedUp({ acceptance, drafts, draftCost, verifyCost = 1 }: Speculation): number {
  return expectedTokens(acceptance, drafts) / (drafts * draftCost + verifyCost);
}

/**
 * What a step costs that verifies `drafts` drafts of every sequence, in plain steps: between 1, where memory traffic
 * decides and the drafts need no other weights, and drafts + 1, where arithmetic decides. A sequence reads its cache
 * once for all its tokens. Like decodeStep, this leaves out communication.
 */
export function verificationCost(
  config: ModelConfig,
  { batch, drafts, context, unit }: ServedBatch & { drafts: number },
): number {
  const plain = decodeStep(config, { batch, context, unit });
  const wide = decodeStep(config, { batch: batch * (drafts + 1), context, unit });
  const reading = (wide.weightBytes + plain.cacheBytes) / (unit.bandwidth * unit.efficiency);
  const computing = wide.flops / (unit.peak * unit.efficiency);
  return Math.max(reading, computing) / plain.seconds;
}
