/**
 * The table at the end of a lesson: each claim of the popular account, what the sources say, what the lesson has
 * computed, and the verdict. There are five verdicts, so that "wrong" is not said of what is only incomplete.
 */
import { table } from "./table";

export type Verdict = "holds" | "holds with a condition" | "incomplete" | "contradicted" | "cannot be checked";

/** A sign for each, to find it at a glance; the words are what counts. */
const SIGNS: Record<Verdict, string> = {
  holds: "●",
  "holds with a condition": "◕",
  incomplete: "◐",
  contradicted: "○",
  "cannot be checked": "?",
};

export interface ClaimVerdict {
  /** The claim's id and its content in our words. */
  claim: string;
  /** What the sources say, with the place. */
  sources: string;
  /** What the lesson has computed. */
  computed: string;
  verdict: Verdict;
}

/**
 * Shows verdicts as a table.
 * @throws {Error} if there are none
 */
export function verdicts(rows: readonly ClaimVerdict[]): void {
  table(
    rows.map(({ claim, sources, computed, verdict }) => ({
      "the claim": claim,
      "the sources say": sources,
      "computed here": computed,
      verdict: `${SIGNS[verdict]} ${verdict}`,
    })),
    { caption: "Verdicts on the popular account" },
  );
}
