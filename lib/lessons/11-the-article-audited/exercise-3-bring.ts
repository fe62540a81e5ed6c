/** Exercise 3: a claim from elsewhere, with a rule of its own. */
import { value } from "../../economics/facts";
import { defineExercise } from "../../notebook/exercise/check";
import { money, times } from "../../notebook/format";
import { complaintAbout, type BroughtClaim } from "./brought-claim";

/** Makes a claim with its rule. */
export type Bring = () => BroughtClaim;

/** What R1 is said to have cost. */
const r1Claim: Bring = () => ({
  id: "r1-cost",
  claim: "DeepSeek-R1 was trained for 294,000 dollars.",
  source: { title: "Nature, news of 17 September 2025", url: "https://www.nature.com/articles/d41586-025-03015-6" },
  facts: {
    hours: value("training-runs", "deepseek-r1", "gpuHours"),
    price: value("training-runs", "deepseek-v3", "price"),
    stated: value("training-runs", "deepseek-r1", "cost"),
    before: value("training-runs", "deepseek-v3", "cost"),
  },
  judge: (f) => {
    const own = f.hours * f.price;
    const right = Math.abs(own / f.stated - 1) < 0.1;
    return {
      verdict: !right ? "contradicted" : f.before > 0.1 * own ? "incomplete" : "holds",
      evidence:
        `Its own hours cost ${money(own)}, as stated ${money(f.stated)}. But it starts from V3, whose ` +
        `${money(f.before)} are ${times(f.before / own)} that.`,
    };
  },
  turns: { key: "price", name: "price of a GPU-hour", unit: "dollars", low: 0.3, high: 15 },
});

export const bringExercise = defineExercise<Bring>({
  id: "11-bring",
  reference: r1Claim,
  cases: [{ name: "your claim", args: [] }],
  // Nothing is drawn: a design task, and there is nothing to call the answer with.
  accept: (got) => complaintAbout(got as BroughtClaim) ?? true,
  // A claim is not known beforehand, so none can be compared with a wrong one: each mistake has its sentence in complaintAbout.
  misconceptions: [],
});
