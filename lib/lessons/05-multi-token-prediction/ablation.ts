/** The report's ablation of multi-token prediction (section 4.5.1, table 4): every row of it. */
import { value } from "../../economics/facts";

const TESTS = [
  ["pile", "Pile-test (bits per byte)"],
  ["bbh", "BBH"],
  ["mmlu", "MMLU"],
  ["drop", "DROP (F1)"],
  ["triviaQa", "TriviaQA"],
  ["naturalQuestions", "NaturalQuestions"],
  ["humanEval", "HumanEval"],
  ["mbpp", "MBPP"],
  ["gsm8k", "GSM8K"],
  ["math", "MATH"],
] as const;

export interface AblationRow {
  size: "small" | "large";
  test: string;
  without: number;
  with: number;
  /** How much better with the module: for Pile-test, how many bits fewer. */
  gain: number;
}

/** The table's rows, the ten of the small model first. */
export function mtpAblation(): AblationRow[] {
  return (["small", "large"] as const).flatMap((size) =>
    TESTS.map(([key, test]) => {
      const of = (which: "With" | "Without") => value("training-runs", `v3-ablation-mtp-${size}`, `${key}${which}`);
      const gain = key === "pile" ? of("Without") - of("With") : of("With") - of("Without");
      return { size, test, without: of("Without"), with: of("With"), gain };
    }),
  );
}
