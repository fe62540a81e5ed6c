/** The lesson's sentences on its two experiments follow the recorded numbers. */
import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { openCorpus } from "../../../lib/corpus/build";
import { DOMAINS } from "../../../lib/corpus/corpus";
import {
  apartBy,
  apartWords,
  compareLeaks,
  compareMixtures,
  gainOf,
  leakWords,
  meanWords,
  readTrials,
  rowsAlike,
  type Trial,
} from "../../../lib/lessons/08-data-and-openness";
import { parametersOf } from "../../../lib/notebook/parameters";

const { run, trials } = readTrials();
const changed = (change: (trial: Trial) => Partial<Trial>) => trials.map((trial) => ({ ...trial, ...change(trial) }));
const order = (compared: ReturnType<typeof compareMixtures>) =>
  Object.fromEntries(compared.map(({ text, comparison }) => [text, comparison.order]));

describe("data/measurements/text-trials.json", () => {
  it("has three seeds or more, each once, of this corpus and with the lesson's own parameters", () => {
    expect(new Set(trials.map(({ seed }) => seed)).size).toBe(trials.length);
    expect(trials.length).toBeGreaterThanOrEqual(3);
    expect(run.corpus).toBe(openCorpus().manifest.hash);
    const lesson = "08-data-and-openness";
    const specs = parametersOf(fs.readFileSync(`notebooks/source/${lesson}.ts`, "utf8"), lesson);
    const shipped = Object.fromEntries(specs.map((spec) => [spec.name, spec.default]));
    expect(shipped).toMatchObject({ ...run.settings });
  });
});

describe("two mixtures", () => {
  it("are told apart by single texts and not by the mean", () => {
    expect(order(compareMixtures(trials))).toEqual({
      novel: "lower",
      speeches: "lower",
      code: "cannot tell",
      arithmetic: "higher",
      "mean of the four": "cannot tell",
    });
    expect(meanWords(compareMixtures(trials))).toContain(
      "does not tell the two mixtures apart, and the texts do: novel,",
    );
  });

  it("are not ranked where model B is model A", () => {
    const same = compareMixtures(changed(({ mixtures: { a } }) => ({ mixtures: { a, b: a } })));
    expect(new Set(Object.values(order(same)))).toEqual(new Set(["cannot tell"]));
    expect(meanWords(same)).toContain("neither the mean nor any of the four texts");
  });

  it("change places when they are exchanged, and the sentence goes when the mean tells", () => {
    const exchanged = compareMixtures(changed(({ mixtures: { a, b } }) => ({ mixtures: { a: b, b: a } })));
    expect(order(exchanged)).toMatchObject({ novel: "higher", arithmetic: "lower", code: "cannot tell" });
    const shifted = changed(({ mixtures: { a } }) => ({ mixtures: { a, b: a.map((loss) => loss + 1) } }));
    expect(meanWords(compareMixtures(shifted))).toBe("Over these seeds even the mean tells the two mixtures apart.");
  });

  it("are one where the shares are equal, and never differ by 0%", () => {
    const { a, b } = trials[0].mixtures;
    expect(apartWords(apartBy(a, a), true)).toContain("one and the same");
    expect(apartBy(a, b).text).toBe("arithmetic");
    expect(apartWords(apartBy(a, b), false)).toContain("on arithmetic alone");
    const other = a.map((loss, i) => (DOMAINS[i] === "novel" ? loss * 2 : loss));
    expect(apartBy(a, other)).toMatchObject({ text: "novel", most: 0.5 });
  });
});

describe("two model cards", () => {
  it("read alike in the rows that are alike", () => {
    const [a, b] = [
      { parameters: "7", loss: "4.0", weights: "x" },
      { parameters: "7", loss: "3.9", weights: "y" },
    ];
    expect(rowsAlike(a, b)).toEqual({ alike: ["parameters"], different: ["loss", "weights"] });
    expect(rowsAlike(a, { ...b, loss: "4.0" }).different).toEqual(["weights"]);
  });
});

describe("a leak", () => {
  it("lowers the loss on the test, the exact copy more than the edited one; elsewhere nothing can be told", () => {
    const { exam, editedExam, control, gains } = compareLeaks(trials);
    expect([exam, editedExam, control, gains].map(({ order }) => order)).toEqual([
      "lower",
      "lower",
      "cannot tell",
      "lower",
    ]);
  });

  it("is not ranked where it did nothing", () => {
    const none = changed(({ exam, control }) => ({
      exam: { clean: exam.clean, leaked: exam.clean, edited: exam.clean },
      control: { clean: control.clean, leaked: control.clean, edited: control.clean },
    }));
    const said = Object.values(compareLeaks(none));
    expect(said.map(({ order }) => order)).toEqual(said.map(() => "cannot tell"));
    expect(said.every(({ text }) => text.startsWith("Cannot tell"))).toBe(true);
  });

  it("changes places with the edited one when they are exchanged", () => {
    const swap = ({ clean, leaked, edited }: Trial["exam"]) => ({ clean, leaked: edited, edited: leaked });
    const exchanged = changed(({ exam, control }) => ({ exam: swap(exam), control: swap(control) }));
    expect(compareLeaks(exchanged).gains.order).toBe("higher");
  });

  it("is told with what became of the test and of the other passage, each by itself", () => {
    const said = leakWords({
      exam: { clean: 3.43, leaked: 3.19, edited: 3.43 },
      control: { clean: 3.6, leaked: 3.65, edited: 3.7 },
    });
    expect(said).toContain("3.19 (−0.24)");
    expect(said).toContain("3.43 (±0.00)");
    expect(said).toContain("3.65 (+0.05)");
    expect(
      gainOf({ exam: { clean: 3, leaked: 2, edited: 3 }, control: { clean: 4, leaked: 4.5, edited: 4 } }, "leaked"),
    ).toBeCloseTo(1.5);
  });
});
