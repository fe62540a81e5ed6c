/** What the routers of a model decide during a pass. */
import * as tf from "@tensorflow/tfjs";
import type { Observer } from "./block";
import type { Routing } from "./router";

/** The decisions of one router for N tokens: all rows of the batch, one after the other. */
export type BlockRouting = Pick<Routing, "affinity" | "expertIndices" | "gates" | "mask"> & {
  /** "layer3", or "mtp0" for the multi-token prediction module's block. */
  block: string;
};

const TENSORS = {
  router_affinity: "affinity",
  router_indices: "expertIndices",
  router_gates: "gates",
  router_mask: "mask",
} as const;

/**
 * Runs a model and collects the routing of every block that it goes through. Gradients of what is made of the routing
 * flow back into the model.
 *
 * @param pass calls the model with the observer that it is given
 * @returns what pass returned, and the routing of each sparse block, in order; its tensors are the caller's to free
 * @example
 * const { result: logits, routing } = collectRouting((observe) => model.forward(ids, { observe }));
 */
export function collectRouting<T>(pass: (observe: Observer) => T): { result: T; routing: BlockRouting[] } {
  const byBlock = new Map<string, Partial<Record<keyof BlockRouting, tf.Tensor>>>();
  const observe: Observer = (name, value) => {
    const [block, what] = name.split(".");
    if (!(what in TENSORS)) return;
    const seen = byBlock.get(block) ?? {};
    seen[TENSORS[what as keyof typeof TENSORS]] = tf.keep(value.clone()); // beyond the model's own tidy
    byBlock.set(block, seen);
  };
  observe.routingOnly = true;
  try {
    const result = pass(observe);
    return { result, routing: Array.from(byBlock, ([block, seen]) => ({ block, ...seen }) as BlockRouting) };
  } catch (error) {
    tf.dispose([...byBlock.values()]);
    throw error;
  }
}
