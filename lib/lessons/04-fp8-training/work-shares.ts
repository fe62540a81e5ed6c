/** Where DeepSeek-V3's arithmetic is done, module by module: what there is to win by computing a module in FP8. */
import { attentionFlops, attentionShape, meanContext } from "../../economics/flops";
import { countParameters, type Component } from "../../economics/parameters";
import { MODULES, type Module } from "../../model/arithmetic";
import type { ModelConfig } from "../../model/config";

const COMPONENT: Partial<Record<Module, Component>> = {
  attention: "attention",
  denseMlp: "dense feed-forward",
  sharedExperts: "shared experts",
  routedExperts: "routed experts",
  router: "router",
  head: "head",
};

/** Each module's share of the forward FLOPs of one token, averaged over a sequence of so many tokens. */
export function workShares(config: ModelConfig, sequence: number): Record<Module, number> {
  const counts = countParameters(config);
  const flops = MODULES.map((module) => {
    const component = COMPONENT[module];
    if (module === "attentionOperator") return attentionFlops(attentionShape(config), meanContext(sequence, true));
    return 2 * (counts.find((count) => count.component === component)?.active ?? 0); // lookups and norms count as 0
  });
  const all = flops.reduce((sum, value) => sum + value, 0);
  return Object.fromEntries(MODULES.map((module, i) => [module, flops[i] / all])) as Record<Module, number>;
}
