/** The ways to count the parameters that work on a token: "37B" is one of them, rounded. */
import { activeParameters } from "../../economics/parameters";
import type { ModelConfig } from "../../model/config";

const COUNTS = [
  { what: "the layers", head: false, embedding: false },
  { what: "the layers and the head, all matrices that are multiplied", head: true, embedding: false },
  { what: "the layers, the head and the whole embedding", head: true, embedding: true },
];

/** The same model counted in each way, from the least to the most. */
export function activeCounts(config: ModelConfig): { what: string; parameters: number }[] {
  return COUNTS.map(({ what, ...parts }) => ({ what, parameters: activeParameters(config, parts) }));
}

/** What is counted where the count, in whole billions, is the figure that was announced. */
export function countsThatRoundTo(config: ModelConfig, announced: number): string[] {
  const inBillions = (parameters: number) => Math.round(parameters / 1e9);
  return activeCounts(config)
    .filter(({ parameters }) => inBillions(parameters) === inBillions(announced))
    .map(({ what }) => what);
}
