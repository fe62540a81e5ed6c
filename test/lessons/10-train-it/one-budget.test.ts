/** What section 6 says follows the runs: other seeds, other sentences, and none where a zero is planted. */
import { describe, expect, it } from "vitest";
import { DOMAINS, type Domain } from "../../../lib/corpus/corpus";
import { costAtV3, VARIANTS, type VariantId } from "../../../lib/economics/variants";
import type { BoardLine } from "../../../lib/lessons/10-train-it/board";
import {
  atEqualTokens,
  atV3Sentence,
  atV3Table,
  besidePapers,
  decidedLater,
  directionsSentence,
  moduleSentence,
  scaleSentence,
} from "../../../lib/lessons/10-train-it/budget-beyond";
import {
  ablationOf,
  budgetChart,
  budgetSentences,
  budgetTable,
  guessSentence,
  missingSentence,
  notTrainedSentence,
  openAblation,
  ownRunSentence,
  provenance,
} from "../../../lib/lessons/10-train-it/one-budget";
import { plotBundle } from "../../../lib/notebook/plot/plot";
import { tableBundle } from "../../../lib/notebook/table";
import { recordedAblation } from "../../../lib/training/ablation";
import type { AblationRun } from "../../../lib/training/ablation-run";
import { finalEvaluation } from "../../../lib/training/compare-seeds";
import { recordedRuns } from "../../../lib/training/record";
import { CHOICES } from "./small-plan";

const runs = recordedAblation();
const real = openAblation();

/** The runs with losses of our own: bits per byte by variant and seed. */
function withLosses(loss: (run: AblationRun) => number, from = runs) {
  return ablationOf(
    from.map((run) => {
      const bits = loss(run);
      const bitsPerByte = Object.fromEntries(DOMAINS.map((domain) => [domain, bits])) as Record<Domain, number>;
      return { ...run, evaluations: [{ ...finalEvaluation(run), bitsPerByte }] };
    }),
  );
}

/** Every variant so much above V3, and differing from seed to seed far less than that. */
const apart = (more: Record<string, number>) =>
  withLosses(({ variant, seed }) => 2 + 0.1 * seed + (more[variant] ?? 0) * (1 + 0.01 * seed));
const zero = withLosses(({ seed }) => 2 + 0.1 * seed);
const titles = real.rows.slice(1).map(({ title }) => title);

const own: BoardLine = {
  id: "0123456789",
  ended: "2026-01-01T00:00:00Z",
  choices: CHOICES,
  steps: 150,
  costs: { total: 4e5, active: 2e5, module: 1e5, cacheBytes: 320, tokens: 76_800, flops: 1e11 },
  bitsPerByte: { novel: 3, speeches: 3, code: 3, arithmetic: 3 },
  mtpBitsPerByte: null,
};

describe("the sentences on the seeds", () => {
  it("rank no model where zeros are planted, and name all of them as open", () => {
    const said = budgetSentences(zero);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^These seeds cannot tell from V3: /);
    for (const title of titles) expect(said[0]).toContain(`*${title}*`);
    for (const title of titles) expect(guessSentence(zero, title)).toContain("cannot tell it from V3");
    expect(directionsSentence(zero)).toMatch(/^Not to be told from these seeds: [^:]*$/);
  });

  it("turn with the sign of a difference, and leave out what is no longer open", () => {
    const above = budgetSentences(apart({ "no-shared": 0.05 }));
    expect(above[0]).toMatch(
      /^The loss on held-out text is higher without a shared expert than with all of V3, by 0\.051/,
    );
    expect(above[1]).not.toContain("no shared expert");
    const below = apart({ "no-shared": -0.05 });
    expect(budgetSentences(below)[0]).toMatch(/is lower without a shared expert/);
    expect(guessSentence(below, "no shared expert")).toContain("ends with less loss than V3");
    expect(guessSentence(apart({ "no-shared": 0.05 }), "no shared expert")).toContain("ends with more loss than V3");
  });

  it("change with the seeds: any two of the three say something else than all", () => {
    for (const left of [1, 2, 3]) {
      const two = ablationOf(runs.filter(({ seed }) => seed !== left));
      expect(budgetSentences(two)).not.toEqual(budgetSentences(real));
      for (const { loss } of two.rows.slice(1)) expect(loss!.interval.count).toBe(2);
    }
  });

  it("rank nothing by one seed", () => {
    const one = ablationOf(runs.filter(({ seed }) => seed === 2));
    expect(budgetSentences(one)).toHaveLength(1);
    expect(budgetTable(one, null)[1]).toMatchObject({ "95% interval": "none: one seed", seeds: 1 });
    expect(() => plotBundle(budgetChart(one))).not.toThrow();
  });

  it("say how many steps a model made where these are others than V3's", () => {
    for (const { loss, steps } of real.rows.slice(1)) {
      if (loss!.order === "cannot tell") continue;
      const said = budgetSentences(real).find((sentence) => sentence.startsWith(loss!.text))!;
      expect(said.includes(`It made ${steps} steps`)).toBe(steps !== real.rows[0].steps);
    }
  });

  it("take no model for a guess that is none of the table", () => {
    expect(guessSentence(real, "no bias")).toMatch(
      /^"no bias" is no model of the table; there are \*dense, equal active\*/,
    );
    expect(guessSentence(real, "V3")).toContain("is no model of the table");
  });

  it("name a missing seed, and nothing where none is missing", () => {
    expect(missingSentence(real)).toBe("");
    const lacking = ablationOf(runs.filter(({ variant, seed }) => !(variant === "no-mtp" && seed === 3)));
    expect(missingSentence(lacking)).toBe("Of *no MTP* seed 3 is missing: it is compared by the others.");
  });

  it("need another model than V3", () => {
    expect(() => ablationOf(runs.filter(({ variant }) => variant === "v3"))).toThrow("runs of V3 alone");
  });
});

describe("the table", () => {
  it("has a row for each model with what was measured and counted, and a learner's own without a difference", () => {
    const rows = budgetTable(real, own);
    expect(rows).toHaveLength(real.rows.length + 1);
    const yours = rows[rows.length - 1];
    expect(yours).toMatchObject({
      model: "yours",
      seeds: 1,
      steps: 150,
      "bits per byte": 3,
      "cache, bytes a token": 320,
    });
    expect([yours["above V3's"], yours["95% interval"]]).toEqual([undefined, undefined]);
    expect(rows[0]).toMatchObject({ model: "V3", "above V3's": undefined });
    expect(tableBundle(rows)["text/plain"]).toContain("yours");
    expect(budgetTable(real, null)).toEqual(rows.slice(0, -1));
  });

  it("is said of a learner's run, whose budget is another", () => {
    expect(ownRunSentence(real, own)).toMatch(/took 0\.10% of the budget.*one seed has no interval/);
    const [{ budgetFlops }] = runs;
    const whole = { ...own, costs: { ...own.costs, flops: budgetFlops } };
    expect(ownRunSentence(real, whole)).toMatch(/as many FLOPs.*one seed has no interval/);
  });

  it("names the processor where there was no GPU, and every machine where there were several", () => {
    const onProcessor = (run: AblationRun): AblationRun => ({
      ...run,
      run: { ...run.run, machine: { ...run.run.machine, backend: "wasm", gpu: null, processor: "Some CPU" } },
    });
    expect(provenance(ablationOf(runs.map(onProcessor)))).toContain("on Some CPU (wasm);");
    const both = runs.map((run) => (run.seed === 1 ? onProcessor(run) : run));
    expect(provenance(ablationOf(both))).toMatch(/Some CPU \(wasm\) and nvidia\S* \(webgpu\);/);
  });

  it("says where the runs come from, and which models they leave out", () => {
    const said = provenance(real);
    for (const part of [runs[0].run.commit, "nvidia", "webgpu", `${runs.length} runs`, "64 windows"])
      expect(said).toContain(part);
    expect(notTrainedSentence(real)).toMatch(/^\*FP8\* and \*BF16\*: not trained here/);
    const few = ablationOf(runs.filter(({ variant }) => ["v3", "no-mtp"].includes(variant)));
    expect(notTrainedSentence(few)).toMatch(
      /^Not trained: \*dense, equal active\*.*\*multi-head attention\*\. \*FP8\*/,
    );
  });

  it("is drawn with every model once, coloured by what can be said", () => {
    const { data } = budgetChart(real);
    const drawn = data.flatMap(({ y }) => Array.from(y as string[]));
    expect(drawn.sort()).toEqual([...titles].sort());
    expect(budgetChart(zero).data.map(({ name }) => name)).toEqual(["cannot tell"]);
    expect(budgetChart(apart({ "no-mtp": 1, "multi-head": -1 })).data).toHaveLength(3);
    expect(() => plotBundle(budgetChart(real))).not.toThrow();
  });
});

describe("beside the papers", () => {
  const hereOf = (ablation: ReturnType<typeof ablationOf>, model: string) =>
    besidePapers(ablation).find((row) => row.model === model)?.here;

  it("a direction is the same, the other way, or open, as the seeds have it", () => {
    expect(hereOf(apart({ "no-mtp": 0.1 }), "no MTP")).toBe("the same");
    expect(hereOf(apart({ "no-mtp": -0.1 }), "no MTP")).toBe("the other way");
    expect(hereOf(zero, "no MTP")).toBe("cannot tell");
    expect(hereOf(apart({ "auxiliary-loss": 0.1 }), "auxiliary loss")).toBe("the other way"); // the report: equal
    const said = directionsSentence(apart({ "no-mtp": -0.1, "multi-head": 0.1 }));
    expect(said).toMatch(
      /^As the papers say: \*multi-head attention\*\. The other way than the papers say: \*no MTP\*\./,
    );
  });

  it("has a place in a paper for each that is reported", () => {
    for (const { where, url } of besidePapers(real)) {
      expect(where).toMatch(/table|section|appendix/);
      expect(url).toMatch(/^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{5}$/);
    }
  });

  it("explains the module by its share of the FLOPs, here and in V3", () => {
    const said = moduleSentence(real);
    const { rows } = real;
    const without = rows.find(({ variant }) => variant === "no-mtp")!;
    const share = 1 - without.costs.trainingFlopsPerToken / rows[0].costs.trainingFlopsPerToken;
    expect(said).toContain(`${(100 * share).toFixed(0)}% of the FLOPs`);
    expect(said).toContain(`${(100 * (1 - costAtV3("no-mtp").flopsRatio)).toFixed(1)}% in V3`);
    expect(moduleSentence(ablationOf(runs.filter(({ variant }) => variant !== "no-mtp")))).toBe("");
  });

  it("has longer runs of three variants, all of equally many tokens, and ranks them only where they differ", () => {
    const names = ["bias", "auxiliary", "none", "no-mtp"] as const;
    const { tokens, said } = atEqualTokens();
    expect(names.flatMap(recordedRuns).every((run) => finalEvaluation(run).tokens === tokens)).toBe(true);
    expect(said).toHaveLength(3);
    expect(said[2].text).toContain("without multi-token prediction");
    const same = atEqualTokens(() => recordedRuns("bias"));
    expect(same.said.map(({ order }) => order)).toEqual(["cannot tell", "cannot tell", "cannot tell"]);
    expect(decidedLater(zero, same.said)).toBe("");
  });

  it("says what only the longer runs decide, and nothing of what the others have decided", () => {
    const { said } = atEqualTokens();
    const decided = said.filter(({ order }) => order !== "cannot tell");
    expect(decided.length).toBeGreaterThan(0);
    for (const { variant } of decided)
      expect(decidedLater(zero)).toContain(`*${VARIANTS[variant as VariantId].title}*`);
    expect(decidedLater(apart(Object.fromEntries(decided.map(({ variant }) => [variant, 0.1]))))).toBe("");
  });
});

describe("at DeepSeek-V3's dimensions", () => {
  it("every known variant of the runs has its price, V3's being the report's", () => {
    const rows = atV3Table(real);
    expect(rows.map(({ model }) => model)).toEqual(real.rows.map(({ title }) => title));
    expect(rows[0]).toMatchObject({ "FLOPs a token, V3 = 1": 1, "more than V3's": 0 });
    const dense = rows.find(({ model }) => model === VARIANTS["dense-total"].title)!;
    expect(dense["pre-training (million dollars)"]).toBeCloseTo(costAtV3("dense-total").dollars / 1e6, 1);
  });

  it("names what is dearest, and only what is", () => {
    expect(atV3Sentence(real)).toMatch(
      /^Dearest is \*dense, equal total\*.*The largest cache has \*multi-head attention\*/,
    );
    const cheap = ablationOf(runs.filter(({ variant }) => ["v3", "no-balancing", "no-mtp"].includes(variant)));
    expect(atV3Sentence(cheap)).toBe("By its FLOPs no change here makes V3's pre-training dearer by a hundredth.");
  });

  it("says how small the runs are, from the runs", () => {
    expect(scaleSentence(real)).toContain(`${titles.length} intervals`);
    const longer = ablationOf(runs.map((run) => ({ ...run, costs: { ...run.costs, tokens: 100 * run.costs.tokens } })));
    expect(scaleSentence(longer)).not.toBe(scaleSentence(real));
  });
});
