/**
 * Arithmetic for a model to learn: lines such as "37 + 45 = 82". A problem belongs to one split, by its hash, so a
 * held-out line was never seen in training: a right answer there was computed or guessed, not remembered.
 */
import { Random } from "../tensor/random";
import type { Split } from "./corpus";
import { splitOf, type CorpusSource } from "./documents";

const DOCUMENTS = 5000;
const LINES = 30;
const SEED = 20241227;

function problem(random: Random): string {
  const small = () => 1 + random.integer(99);
  const large = () => 1 + random.integer(999);
  switch (random.integer(4)) {
    case 0: {
      const [a, b] = [large(), large()];
      return `${a} + ${b} = ${a + b}`;
    }
    case 1: {
      const [a, b] = [large(), large()].sort((x, y) => y - x);
      return `${a} - ${b} = ${a - b}`;
    }
    case 2: {
      const [a, b] = [small(), 1 + random.integer(12)];
      return `${a} * ${b} = ${a * b}`;
    }
    default: {
      const [a, b, c] = [small(), small(), small()];
      return `${a} + ${b} + ${c} = ${a + b} + ${c} = ${a + b + c}`;
    }
  }
}

/** Documents of 30 lines each, one in twenty held out; the same on every run. */
export function arithmetic(): CorpusSource {
  const random = new Random(SEED);
  const lines: Record<Split, string[]> = { train: [], heldOut: [] };
  while (lines.train.length < DOCUMENTS * LINES) {
    const text = problem(random);
    lines[splitOf(text)].push(text);
  }
  const documents = (["train", "heldOut"] as const).flatMap((split) =>
    Array.from({ length: Math.floor(lines[split].length / LINES) }, (_, i) => ({
      text: `${lines[split].slice(i * LINES, (i + 1) * LINES).join("\n")}\n`,
      split,
    })),
  );
  return { domain: "arithmetic", origin: "generated", licence: "CC0", what: "sums, differences, products", documents };
}
