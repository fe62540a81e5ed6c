/** What the trials of text-trials.ts say: of several seeds by their intervals, of one as what one seed gave. */
import { DOMAINS, type Domain } from "../../corpus/corpus";
import { fixed, percent } from "../../notebook/format";
import { compare, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";
import type { LeakText, Trial } from "./text-trials";

const MEAN = "mean of the four";

/** Model A against model B on each kind of text and in the mean of all, over the seeds. */
export function compareMixtures(trials: readonly Trial[]): { text: string; comparison: Comparison }[] {
  const pick = (of: (losses: number[]) => number, text: string, quantity = `the loss on ${text}`) => ({
    text,
    comparison: compare(
      { name: "with mixture A", values: trials.map(({ mixtures }) => of(mixtures.a)) },
      { name: "with mixture B", values: trials.map(({ mixtures }) => of(mixtures.b)) },
      { quantity, unit: "bits per byte", of: "seeds", digits: 2, paired: true },
    ),
  });
  return [
    ...DOMAINS.map((domain, i) => pick((losses) => losses[i], domain)),
    pick((losses) => mean(losses), MEAN, "the mean loss of the four texts"),
  ];
}

/** What a leak gave: how much better the test went, beyond what the other passage did. Bits per byte. */
export function gainOf({ exam, control }: Pick<Trial, "exam" | "control">, text: LeakText): number {
  return exam.clean - exam[text] - (control.clean - control[text]);
}

/** What the leaks did, over the seeds: to the test, to the other passage, and which of the two gained more. */
export function compareLeaks(
  trials: readonly Trial[],
): Record<"exam" | "editedExam" | "control" | "gains", Comparison> {
  const wording = { unit: "bits per byte", of: "seeds", digits: 2, paired: true };
  const against = (passage: "exam" | "control", text: LeakText, name: string, quantity: string) =>
    compare(
      { name, values: trials.map((trial) => trial[passage][text]) },
      { name: "without a leak", values: trials.map((trial) => trial[passage].clean) },
      { quantity, ...wording },
    );
  return {
    exam: against("exam", "leaked", "with the leak", "the loss on the test"),
    editedExam: against("exam", "edited", "with the edited leak", "the loss on the test"),
    control: against("control", "leaked", "with the leak", "the loss on the passage that leaked nowhere"),
    gains: compare(
      { name: "from the edited leak", values: trials.map((trial) => gainOf(trial, "edited")) },
      { name: "from the exact one", values: trials.map((trial) => gainOf(trial, "leaked")) },
      { quantity: "the gain", ...wording },
    ),
  };
}

/** What the mean of the losses hides, by the comparisons of compareMixtures. */
export function meanWords(compared: ReturnType<typeof compareMixtures>): string {
  const tells = (text: string) => compared.find((one) => one.text === text)!.comparison.order !== "cannot tell";
  const told = DOMAINS.filter(tells);
  if (tells(MEAN)) return "Over these seeds even the mean tells the two mixtures apart.";
  if (told.length === 0)
    return "Over these seeds neither the mean nor any of the four texts tells the two mixtures apart.";
  return (
    "Over these seeds the mean does not tell the two mixtures apart, and the texts do: " +
    `${told.join(", ")}. Whoever publishes the mean alone has said little about what a model read.`
  );
}

/** What one seed gave for two models, with the text on which they differ most. */
export interface Apart {
  mean: number; // share by which the means differ
  most: number; // the same on the text on which they differ most
  text: Domain;
}

/** By how much two models' losses differ, in the order of DOMAINS. */
export function apartBy(a: readonly number[], b: readonly number[]): Apart {
  const apart = DOMAINS.map((_, i) => Math.abs(a[i] / b[i] - 1));
  const most = Math.max(...apart);
  return { mean: Math.abs(mean(a) / mean(b) - 1), most, text: DOMAINS[apart.indexOf(most)] };
}

/** The same in words. Two models that read the same text in the same order are one model. */
export function apartWords({ mean: means, most, text }: Apart, sameMixture: boolean): string {
  if (sameMixture) return "Both mixtures are the same, so both models read the same text and are one and the same.";
  return `With this seed the means differ by **${percent(means)}**, and on ${text} alone the models by **${percent(most)}**.`;
}

/** Which rows of two model cards read alike, and which don't. */
export function rowsAlike(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>) {
  const rows = Object.keys(a);
  return { alike: rows.filter((row) => a[row] === b[row]), different: rows.filter((row) => a[row] !== b[row]) };
}

/** What one seed gave for the leaks, each number beside the one without a leak. */
export function leakWords({ exam, control }: Pick<Trial, "exam" | "control">): string {
  const from = (losses: Record<LeakText, number>, text: LeakText) =>
    `${fixed(losses[text])} (${signed(losses[text] - losses.clean)})`;
  return (
    `With this seed the model that read the clean text has ${fixed(exam.clean)} bits per byte on the test. With the exact ` +
    `copy it is ${from(exam, "leaked")}, with the edited one ${from(exam, "edited")}. On the passage that leaked nowhere ` +
    `it is ${fixed(control.clean)} without a leak, ${from(control, "leaked")} with the exact copy and ` +
    `${from(control, "edited")} with the edited one.`
  );
}

/** "+0.05", "−0.24". */
function signed(change: number): string {
  const size = fixed(Math.abs(change));
  return Number(size) === 0 ? "±0.00" : `${change < 0 ? "−" : "+"}${size}`;
}
