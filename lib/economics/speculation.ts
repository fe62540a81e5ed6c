/** What drafting tokens ahead buys in decoding (Leviathan et al., 2023), each draft accepted with the same chance. */

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
 * How many times faster decoding gets, if a step costs as much with drafts as without (memory-bound) and each draft
 * costs `draftCost` steps: expectedTokens / (k · c + 1).
 */
export function speculativeSpeedUp(acceptance: number, drafts: number, draftCost: number): number {
  return expectedTokens(acceptance, drafts) / (drafts * draftCost + 1);
}
