/** The card of a model: the committed one, and those of models of which less is recorded. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../lib/checkpoint/config-json";
import { readJson } from "../../../lib/checkpoint/json-file";
import type { CorpusManifest } from "../../../lib/corpus/corpus";
import { recordedRun, type Curves, type RunRecord } from "../../../lib/training/record";
import { findModel, nameOf } from "../../../tools/commands/model-card";
import { cardText, type CardContent } from "../../../tools/commands/model-card/text";
import { temporaryFolder } from "../../support/folder";

const folder = temporaryFolder();
const MINI = path.join("data", "checkpoints", "v3-mini");
const record = <T>(file: string) => readJson(path.join(MINI, file)) as T;

function content(changes: Partial<CardContent> = {}): CardContent {
  const run = record<RunRecord>("run.json");
  return {
    name: "v3-mini",
    config: readConfig(record("config.json")),
    run,
    curves: record<Curves>("curves.json"),
    corpus: { hash: run.corpus, sources: [], files: [] } as unknown as CorpusManifest,
    evaluation: record<CardContent["evaluation"]>("evaluation.json"),
    quantised: record<CardContent["quantised"] & object>("quantised.json"),
    agreements: [record("transformers.json"), record("transformers-bf16.json")],
    other: recordedRun("bias"),
    ...changes,
  };
}

describe("the card", () => {
  it("of v3-mini is the committed one", () => {
    const committed = readFileSync(path.join(MINI, "README.md"), "utf8");
    const withoutSources = committed.replace(
      /(\|---\|---\|---\|---\|---\|\n)(\| (novel|speeches|code|arithmetic) \| .* \|\n)+/,
      "$1\n",
    );
    expect(cardText(content())).toBe(withoutSources);
  });

  it("has the model's name, and leaves out and names what is not recorded", () => {
    const text = cardText(content({ name: "mine", run: null, curves: null }));
    expect(text).toMatch(/^# mine\n/);
    expect(text).toContain("| domain | mine | order 3");
    expect(text).toContain("Not recorded, for run.json and curves.json is missing");
    expect(text).not.toMatch(/v3-mini|undefined|NaN|How far do the tokens carry|last training steps/);
  });

  it("compares with no run of another shape, and names another corpus", () => {
    const run = { ...record<RunRecord>("run.json"), config: { hidden_size: 1 }, corpus: "theirs" };
    const text = cardText(content({ run }));
    expect(text).not.toContain("How far do the tokens carry");
    expect(text).toContain("| corpus | `theirs`; it is measured on `");
  });

  it("of a model without the module speaks of none", () => {
    const text = cardText(content({ config: { ...content().config, numNextnPredictLayers: 0 } }));
    expect(text).toContain("It has the mechanisms of the large one but multi-token prediction:");
    expect(text).not.toContain("the module as the extra layer");
  });
});

describe("the model of a folder", () => {
  const write = (...files: string[]) => {
    for (const file of files) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, "{}");
    }
  };

  it("is the folder's own, or the one in model/ that pretrain has left beside its records", () => {
    expect(findModel(MINI)).toEqual({ dir: MINI, model: MINI });
    const run = folder("mine");
    const model = path.join(run, "model");
    write(path.join(model, "config.json"), path.join(run, "run.json"));
    expect(findModel(run)).toEqual({ dir: run, model });
    expect(findModel(model)).toEqual({ dir: run, model });
    expect([nameOf(run), nameOf(model), nameOf(MINI)]).toEqual(["mine", "mine", "v3-mini"]);
  });

  it("is missed in one line", () => {
    const run = folder("mine");
    write(path.join(run, "run.json"));
    expect(existsSync(run)).toBe(true);
    expect(() => findModel(run)).toThrow(
      /mine holds no model \(config\.json, here or in model\/\); its training is not/,
    );
  });
});
