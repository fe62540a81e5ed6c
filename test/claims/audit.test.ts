import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { audit, auditVerdicts, judgeClaim } from "../../lib/claims/audit";
import { readClaims, TOPICS } from "../../lib/claims/claims";
import { VERDICTS, type Verdict } from "../../lib/notebook/verdicts";

const findings = audit();

describe("the audit", () => {
  it("has a verdict, evidence and a sensitivity for every claim", () => {
    expect(findings.map(({ claim }) => claim.id)).toEqual(readClaims().claims.map(({ id }) => id));
    for (const { claim, verdict, evidence, source, assumption } of findings) {
      expect(VERDICTS, claim.id).toContain(verdict);
      expect(evidence.length, claim.id).toBeGreaterThan(60);
      expect(evidence, claim.id).not.toMatch(/NaN|undefined|Infinity|null/);
      expect((source === null) !== (assumption === null), claim.id).toBe(true);
    }
  });

  it("uses every verdict", () => {
    expect(new Set(findings.map(({ verdict }) => verdict))).toEqual(new Set(VERDICTS));
  });

  it("names, for every number that could turn a verdict, a value at which it does", () => {
    const computed = findings.flatMap(({ claim, assumption }) =>
      assumption === null ? [] : [{ id: claim.id, assumption }],
    );
    expect(computed.length).toBeGreaterThan(25);
    for (const { id, assumption } of computed) {
      const { key, low, high, turning } = assumption;
      expect(turning.now, id).toBeGreaterThanOrEqual(low);
      expect(turning.now, id).toBeLessThanOrEqual(high);
      const turns = [turning.below, turning.above].filter((turn) => turn !== null);
      expect(turns.length, `${id}: nothing turns it between ${low} and ${high}`).toBeGreaterThan(0);
      for (const { at, verdict } of turns) {
        expect(judgeClaim(id, { [key]: at }).verdict, `${id} at ${key} = ${at}`).toBe(verdict);
        expect(verdict, id).not.toBe(turning.verdict);
      }
    }
  });
});

describe("a changed number", () => {
  it.each<[string, Record<string, number>, Verdict, Verdict]>([
    ["quality-gpt4", { ahead: 8 }, "holds with a condition", "contradicted"],
    ["cost-total", { price: 3 }, "holds with a condition", "contradicted"],
    ["cost-fiftieth", { gpt4Highest: 300e6 }, "contradicted", "partly contradicted"],
    ["cost-fiftieth", { gpt4Stated: 600e6 }, "contradicted", "holds"],
    ["cost-llama", { price: 3.2 }, "holds with a condition", "holds"],
    ["cost-comparable", { hoursPublished: 0 }, "holds", "cannot be checked"],
    ["access-cscs", { gpt4Highest: 100e6 }, "holds with a condition", "partly contradicted"],
    ["access-largest", { dearestPublic: 50e6 }, "holds with a condition", "holds"],
    ["moe-256-8", { sharedExperts: 0, denseLayers: 0 }, "incomplete", "holds"],
    ["moe-mixtral", { mixtralTotal: 56e9 }, "partly contradicted", "holds with a condition"],
    ["moe-capacity", { sparseTwinLoss: 1.9 }, "holds with a condition", "contradicted"],
    ["moe-early-6-8", { activeExperts: 12 }, "partly contradicted", "contradicted"],
    ["lb-collapse", { starvedNone: 0.7 }, "holds with a condition", "holds"],
    ["lb-no-loss", { alpha: 0, gamma: 0 }, "contradicted", "holds"],
    ["lb-architecture", { busiestBias: 1 }, "partly contradicted", "holds"],
    ["mla-latent", { kvLoraRank: 50_000 }, "holds with a condition", "contradicted"],
    ["mla-full-width", { kvHeads: 128 }, "holds with a condition", "holds"],
    ["fp8-4x", { usualBits: 32 }, "holds with a condition", "holds"],
    ["fp8-standard-32", { usualBits: 32 }, "partly contradicted", "holds"],
    ["fp8-bound", { readTokens: 64 }, "holds with a condition", "holds"],
    ["mtp-2-4", { depth: 4 }, "partly contradicted", "contradicted"],
    ["mtp-cost", { unique: 5e8 }, "partly contradicted", "holds"],
    ["cuda-restrictions", { toolkitRules: 1 }, "partly contradicted", "holds"],
    ["cuda-closer", { nodeLimit: 1 }, "holds with a condition", "contradicted"],
    ["cuda-moat", { checkableTrainings: 1 }, "cannot be checked", "holds"],
    ["data-undisclosed", { publicTokens: 1e12 }, "partly contradicted", "cannot be checked"],
    ["data-hosting", { storagePrice: 1e-9 }, "contradicted", "holds with a condition"],
    ["data-reproduce", { missingToVerify: 1 }, "incomplete", "holds"],
    ["open-pressure", { daysAfterRelease: 30 }, "contradicted", "cannot be checked"],
  ])("turns %s", (id, changes, before, after) => {
    expect(judgeClaim(id).verdict).toBe(before);
    expect(judgeClaim(id, changes).verdict).toBe(after);
  });

  it("reaches all claims that look at it, and no others", () => {
    const changed = auditVerdicts({ price: 3.2 });
    const moved = changed.filter(({ verdict }, i) => verdict !== findings[i].verdict).map(({ claim }) => claim.id);
    expect(moved.sort()).toEqual(["access-cscs", "cost-llama", "cost-total"]);
  });

  it("must be one that a rule looks at", () => {
    expect(() => audit({ prise: 3 })).toThrow(/no rule looks at "prise"; there are .*\bprice\b/);
    expect(() => judgeClaim("cost-nothing")).toThrow('no claim "cost-nothing"');
  });
});

describe("evidence", () => {
  it("follows the numbers", () => {
    expect(judgeClaim("mla-params").evidence).toMatch(/Right: it cuts both.*Right: plain attention.*Wrong: of all/);
    expect(judgeClaim("mla-params", { routedExperts: 8 }).evidence).toContain("Right: of all parameters");
    expect(judgeClaim("mla-params", { kvLoraRank: 100_000 }).evidence).toMatch(/^Wrong: it does not cut both/);
    expect(judgeClaim("lb-conflict", { scoresBetter: 3 }).evidence).toContain("3 of 20 rows");
  });

  it("counts the rows of the report's table 5, of which two are worse with the bias and one is equal", () => {
    expect(judgeClaim("lb-conflict").evidence).toContain("17 of 20 rows");
  });

  it("names the runs of $100M, and no smaller one", () => {
    const { evidence } = judgeClaim("access-largest");
    expect(evidence).toContain("Llama 3.1 405B");
    expect(evidence).not.toContain("DeepSeek");
  });
});

/** The files of recorded runs, all seeds. */
const recordedFiles = (...names: string[]) =>
  fs
    .readdirSync(path.join("data", "curves"))
    .filter((file) => names.includes(file.replace(/(-seed-\d+)?\.json$/, "")))
    .map((file) => path.join("curves", file));

describe("changed data", () => {
  const home = process.cwd();
  afterEach(() => process.chdir(home));

  /** The verdicts with one file of data changed, or several in the same way. */
  function withData(files: string | string[], change: (content: ReturnType<typeof JSON.parse>) => void) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "audit-"));
    const skipped = path.join("data", "checkpoints"); // large, and no rule reads it
    fs.cpSync("data", path.join(folder, "data"), { recursive: true, filter: (from) => from !== skipped });
    for (const file of [files].flat()) {
      const place = path.join(folder, "data", file);
      const content = JSON.parse(fs.readFileSync(place, "utf8"));
      change(content);
      fs.writeFileSync(place, JSON.stringify(content));
      fs.utimesSync(place, new Date(), new Date(Date.now() + 5000)); // another moment than the original's
    }
    process.chdir(folder);
    return (id: string) => judgeClaim(id).verdict;
  }
  const factsOf = (
    entries: { id: string; facts: Record<string, { value: number; low?: number; high?: number }> }[],
    id: string,
  ) => entries.find((one) => one.id === id)!.facts;

  it("changes the verdict: GPT-4's published figure", () => {
    const verdict = withData("training-runs.json", (content) => {
      factsOf(content["training-runs"], "gpt-4").costStated.value = 300e6;
    });
    expect(verdict("cost-fiftieth")).toBe("partly contradicted");
    expect(verdict("cost-total")).toBe("holds with a condition");
  });

  it("changes the verdict: V3's hours", () => {
    const verdict = withData("training-runs.json", (content) => {
      factsOf(content["training-runs"], "deepseek-v3").gpuHours.value = 4e6;
    });
    expect(verdict("cost-total")).toBe("contradicted");
    expect(verdict("cost-days")).toBe("contradicted");
  });

  it("changes the verdict: V3's text is published", () => {
    const verdict = withData("openness.json", (content) => {
      for (const artefact of ["data", "dataOrder", "trainingCode"]) content.projects[0].has[artefact].state = "yes";
    });
    expect(verdict("data-undisclosed")).toBe("partly contradicted");
    expect(verdict("data-reproduce")).toBe("contradicted");
  });

  it("changes the verdict: what the claim itself states", () => {
    const verdict = withData("claims.json", (content) => {
      content.claims.find(({ id }: { id: string }) => id === "cost-days").figures.days = 57;
    });
    expect(verdict("cost-days")).toBe("holds");
  });

  /** The verdicts with another load of each expert at the end of every recorded run without balancing. */
  function withLoads(of: (loads: number[], seed: number) => number[]) {
    return withData(recordedFiles("none"), ({ run, evaluations }) => {
      const last = evaluations[evaluations.length - 1];
      last.loads = last.loads.map((loads: number[]) => of(loads, run.options.seed));
    });
  }

  it("changes the verdict: recorded runs without balancing that stay even", () => {
    expect(withLoads((loads) => loads.map(() => 100))("lb-collapse")).toBe("contradicted");
  });

  it.each<[string, string[]]>([
    ["lb-conflict", ["auxiliary", "bias"]],
    ["mtp-planning", ["bias", "no-mtp"]],
  ])("withdraws what %s says of recorded runs whose losses are all the same", (id, names) => {
    withData(recordedFiles(...names), ({ evaluations }) => {
      const { bitsPerByte } = evaluations[evaluations.length - 1];
      for (const domain of Object.keys(bitsPerByte)) bitsPerByte[domain] = 1.5;
    });
    expect(judgeClaim(id).evidence).toMatch(/recorded runs: Cannot tell whether .* is 0\.000 bits per byte/);
  });

  it("withdraws the verdict: runs without balancing of which one collapses, and the others do not", () => {
    const collapsed = (loads: number[]) => loads.map((_, e) => (e < 4 ? 1000 : 0));
    const verdict = withLoads((loads, seed) => (seed === 1 ? collapsed(loads) : loads.map((_, e) => 200 + e)));
    expect(verdict("lb-collapse")).not.toBe("holds with a condition");
  });
});

describe("the lessons", () => {
  interface Output {
    data?: { "text/plain"?: string | string[] };
  }
  const notebooks = fs.readdirSync("notebooks").filter((name) => /^0\d-.*\.ipynb$/.test(name));

  /** The rows of the verdict tables that a notebook shows: [claim's id, verdict]. */
  function shown(name: string): [string, Verdict][] {
    const { cells } = JSON.parse(fs.readFileSync(path.join("notebooks", name), "utf8")) as {
      cells: { outputs?: Output[] }[];
    };
    const texts = cells.flatMap(({ outputs = [] }) =>
      outputs.map(({ data }) => [data?.["text/plain"] ?? ""].flat().join("")),
    );
    return texts.flatMap((text) =>
      text.split("\n").flatMap((line) => {
        const id = /^`?([a-z0-9]+(?:-[a-z0-9]+)+)`?: /.exec(line)?.[1];
        const verdict = [...VERDICTS]
          .sort((a, b) => b.length - a.length)
          .find((word) => line.trimEnd().endsWith(` ${word}`));
        return id === undefined || verdict === undefined ? [] : [[id, verdict] as [string, Verdict]];
      }),
    );
  }

  it("finds verdicts in the built lessons", () => {
    expect(shown("01-mixture-of-experts.ipynb").length).toBeGreaterThan(4);
  });

  it.each(notebooks)("agrees with %s", (name) => {
    const ours = new Map(findings.map(({ claim, verdict }) => [claim.id, verdict]));
    for (const [id, verdict] of shown(name)) expect(verdict, id).toBe(ours.get(id));
  });
});

describe("the lessons' masters", () => {
  /** The verdicts that a master types beside a claim's id, if any: most lessons read them from the audit. */
  function typed(name: string): [string, string][] {
    const text = fs.readFileSync(path.join("notebooks/source", name), "utf8");
    const rows = text.split(/(?=^ {4}claim: )/m).slice(1);
    return rows.flatMap((row) => {
      const id = /^ {4}claim: "`?([a-z0-9]+(?:-[a-z0-9]+)+)`?: /.exec(row)?.[1];
      const verdict = /^ {4}verdict: "(.+)",$/m.exec(row)?.[1];
      return id === undefined || verdict === undefined ? [] : [[id, verdict] as [string, string]];
    });
  }

  it.each(fs.readdirSync("notebooks/source").filter((name) => /^0\d-.*\.ts$/.test(name)))(
    "%s types no verdict that the audit does not give",
    (name) => {
      const ours = new Map(findings.map(({ claim, verdict }) => [claim.id, verdict as string]));
      const other = typed(name).filter(([id, verdict]) => ours.get(id) !== verdict);
      expect(other).toEqual([]);
    },
  );

  it.each(fs.readdirSync("notebooks/source").filter((name) => name.endsWith(".ts")))(
    "%s tells claims in the audit's words",
    (name) => {
      const text = fs.readFileSync(path.join("notebooks/source", name), "utf8");
      const words = new Map(findings.map(({ claim }) => [claim.id, claim.claim.replace(/\.$/, "")]));
      const rows = [...text.matchAll(/^\/\/ \| `([\w-]+)` \| (.*) \|$/gm)].map(([, id, said]) => ({ id, said }));
      const ours = rows.filter(({ id }) => words.has(id));
      expect(ours).toEqual(ours.map(({ id }) => ({ id, said: words.get(id) })));
      expect(text).not.toMatch(/claim: "`?(\w+-)+\w+`?: /);
    },
  );
});

it("lesson 11 shows every topic", () => {
  const text = fs.readFileSync("notebooks/source/11-the-article-audited.ts", "utf8");
  for (const topic of TOPICS) expect(text).toContain(`showTopic("${topic}");`);
});
