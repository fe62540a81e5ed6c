import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { cite, modelFact, modelFacts, readFacts } from "../../lib/economics/facts";

/** The file with one fact changed. */
function withFact(change: Record<string, unknown>): string {
  const content = JSON.parse(fs.readFileSync("data/models.json", "utf8"));
  Object.assign(content.models[0].facts.totalParameters, change);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "facts-")), "models.json");
  fs.writeFileSync(file, JSON.stringify(content));
  return file;
}

describe("readFacts", () => {
  it("accepts the file of the course", () => {
    expect(readFacts().models.length).toBeGreaterThan(5);
  });

  it("has ids that are all different, and sources that are all used", () => {
    const { models, sources } = readFacts();
    expect(new Set(models.map((model) => model.id)).size).toBe(models.length);
    const used = new Set(models.flatMap((model) => Object.values(model.facts).map((fact) => fact.source)));
    expect([...used].sort()).toEqual(Object.keys(sources).sort());
  });

  it.each([
    [{ unit: "" }, "deepseek-v3.totalParameters: unit is missing"],
    [{ where: undefined }, "deepseek-v3.totalParameters: where is missing"],
    [{ source: "hearsay" }, 'unknown source "hearsay"'],
    [{ confidence: "sure" }, 'confidence is "sure"'],
    [{ value: "671B" }, 'value must be a number, not "671B"'],
  ])("names the fact that lacks something: %o", (change, message) => {
    expect(() => readFacts(withFact(change))).toThrow(message);
  });
});

describe("modelFact", () => {
  it("finds a number and cites it", () => {
    expect(modelFact("mixtral-8x7b", "experts").value).toBe(8);
    expect(cite(modelFact("switch-c", "totalParameters"))).toBe("Switch Transformers, table 9 (primary)");
  });

  it("says what there is when asked for what there is not", () => {
    expect(() => modelFacts("gpt-5")).toThrow(/No model "gpt-5".*deepseek-v3/);
    expect(() => modelFact("switch-xxl", "layers")).toThrow(/No fact "layers" about switch-xxl.*totalParameters/);
  });
});
