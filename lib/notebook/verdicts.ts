/**
 * The table at the end of a lesson: each claim of the popular account, what the sources say, what the lesson has
 * computed, and the verdict. There are six verdicts, so that nothing is called wrong that is only incomplete, and no right
 * part is lost in a wrong one. lib/claims/rule.ts says when each is given.
 */
import { COLOURS } from "./plot/theme";
import { table } from "./table";

export type Verdict =
  "holds" | "holds with a condition" | "incomplete" | "partly contradicted" | "contradicted" | "cannot be checked";

/** A sign for each, to be seen at a glance; the words are what counts. */
const SIGNS: Record<Verdict, string> = {
  holds: "●",
  "holds with a condition": "◕",
  incomplete: "◐",
  "partly contradicted": "◔",
  contradicted: "○",
  "cannot be checked": "?",
};

/** A colour for each in plots, from agreement to disagreement, and one for what is not known. */
export const VERDICT_COLOURS: Record<Verdict, string> = {
  holds: COLOURS[3],
  "holds with a condition": COLOURS[0],
  incomplete: COLOURS[2],
  "partly contradicted": COLOURS[1],
  contradicted: COLOURS[5],
  "cannot be checked": COLOURS[4],
};

export interface ClaimVerdict {
  /** The claim's id and its content in our words. */
  claim: string;
  /** What the sources say, with the place. */
  sources: string;
  /** What the lesson has computed. */
  computed: string;
  verdict: Verdict;
  /** What would turn the verdict, and where; shown in a column of its own if any row has it. */
  turns?: string;
}

export const VERDICTS = Object.keys(SIGNS) as Verdict[];

/**
 * Shows verdicts as a table.
 * @throws if there are none
 */
export function verdicts(rows: readonly ClaimVerdict[], caption = "Verdicts on the popular account"): void {
  const turning = rows.some(({ turns }) => turns !== undefined);
  table(
    rows.map(({ claim, sources, computed, verdict, turns }) => ({
      "the claim": claim,
      "the sources say": sources,
      "computed here": computed,
      ...(turning ? { "what would turn it": turns } : {}),
      verdict: withSign(verdict),
    })),
    { caption },
  );
}

/** A verdict with its sign in front: "◐ incomplete". */
export function withSign(verdict: Verdict): string {
  return `${SIGNS[verdict]} ${verdict}`;
}
