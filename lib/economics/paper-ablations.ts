/** What papers report of a model without one of DeepSeek-V3's ideas: data/paper-ablations.json, which lesson 10 reads. */
import type { Confidence, Source } from "./facts";
import { readFresh } from "./json-file";

export interface PaperAblation {
  /** As variants.ts names it. */
  variant: string;
  /** What the paper lets one expect of the loss of the model without the idea. */
  loss: "higher" | "equal";
  says: string;
  /** One of the paper's figures, with the idea and without. */
  measured?: { what: string; unit: string; with: number; without: number };
  /** Title and address of the paper, and the place in it. */
  title: string;
  url: string;
  where: string;
  confidence: Confidence;
}

interface Content {
  sources: Record<string, Source>;
  ablations: (Omit<PaperAblation, "title" | "url"> & { source: string })[];
}

/** All that are recorded, in the file's order. */
export function paperAblations(): PaperAblation[] {
  const { sources, ablations } = readFresh<Content>("data/paper-ablations.json");
  return ablations.map(({ source, ...ablation }) => ({ ...ablation, ...sources[source] }));
}
