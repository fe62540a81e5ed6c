import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import {
  cite,
  citeLink,
  entries,
  entry,
  FACT_FILES,
  fact,
  modelFact,
  modelFacts,
  readFacts,
  value,
} from "../../lib/economics/facts";

const json = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));

/** A folder whose models.json is that of the course with one fact changed. */
function withFact(change: Record<string, unknown>): string {
  const content = json("data/models.json");
  Object.assign(content.models[0].facts.totalParameters, change);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "facts-"));
  fs.writeFileSync(path.join(folder, "models.json"), JSON.stringify(content));
  return folder;
}

describe.each(FACT_FILES)("data/%s.json", (name) => {
  const schemas = new Ajv({ allErrors: true }).addSchema(json("data/schemas/facts.schema.json"));
  const validate = schemas.compile(json(`data/schemas/${name}.schema.json`));

  it("fits its schema", () => {
    validate(json(`data/${name}.json`));
    expect(validate.errors ?? []).toEqual([]);
  });

  it("has a schema that refuses a fact without a unit, half a range and a stray key", () => {
    for (const change of [{ unit: undefined }, { low: 0 }, { note: "?" }]) {
      const content = json(`data/${name}.json`);
      const facts: Record<string, object>[] = content[name].map((one: { facts: object }) => one.facts);
      Object.assign(Object.values(facts[0])[0], change);
      expect(validate(JSON.parse(JSON.stringify(content))), JSON.stringify(change)).toBe(false);
    }
  });

  it("has ids that are all different, and sources that are all used", () => {
    const { entries: all, sources } = readFacts(name);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const used = new Set(all.flatMap(({ facts }) => Object.values(facts).map(({ source }) => source)));
    expect([...used].sort()).toEqual(Object.keys(sources).sort());
  });

  it("has sources that lead to a page and not to a whole site", () => {
    const bare = Object.values(readFacts(name).sources).filter(({ url }) => /^https:\/\/[^/]+\/?$/.test(url));
    expect(bare).toEqual([]);
  });

  it("names no unit with a prefix: numbers are in base units", () => {
    const units = entries(name).flatMap(({ facts }) => Object.values(facts).map(({ unit }) => unit));
    expect(units.filter((unit) => /\b([kMGTPE]B|[KMGTPE]FLOPS?|GPU-days|[kMGT]W)\b/.test(unit))).toEqual([]);
  });
});

describe("readFacts", () => {
  it.each([
    [{ unit: "" }, "deepseek-v3.totalParameters: unit is missing"],
    [{ where: undefined }, "deepseek-v3.totalParameters: where is missing"],
    [{ source: "hearsay" }, 'unknown source "hearsay"'],
    [{ confidence: "sure" }, 'confidence is "sure"'],
    [{ value: "671B" }, 'value must be a number, not "671B"'],
    [{ low: 700e9, high: 800e9, basis: "two counts" }, "must lie between low and high"],
    [{ low: 600e9 }, "must lie between low and high, which are 600000000000 and undefined"],
    [{ low: 600e9, high: 700e9 }, "must say in basis what it is"],
  ])("names the fact that lacks something: %o", (change, message) => {
    expect(() => readFacts("models", withFact(change))).toThrow(message);
  });

  it("reads a range", () => {
    const range = { low: 600e9, high: 700e9, basis: "two counts" };
    expect(readFacts("models", withFact(range)).entries[0].facts.totalParameters).toMatchObject(range);
  });
});

describe("a fact", () => {
  it("is found, and cited with or without a link", () => {
    expect(modelFact("mixtral-8x7b", "experts").value).toBe(8);
    expect(cite(modelFact("switch-c", "totalParameters"))).toBe("Switch Transformers, table 9 (primary)");
    expect(citeLink(fact("models", "switch-c", "totalParameters"))).toBe(
      "[Switch Transformers](https://arxiv.org/abs/2101.03961), table 9 (primary)",
    );
    expect(value("accelerators", "h800", "memory")).toBe(80e9);
    expect(entry("accelerators", "h800").name).toBe("NVIDIA H800 SXM");
  });

  it("says what there is when asked for what there is not", () => {
    expect(() => modelFacts("gpt-5")).toThrow(/No entry "gpt-5" in data\/models.json.*deepseek-v3/);
    expect(() => modelFact("switch-xxl", "layers")).toThrow(/No fact "layers" about switch-xxl.*totalParameters/);
    expect(() => fact("accelerators", "a100", "peakFp8")).toThrow(/No fact "peakFp8" about a100.*peakBf16/);
  });
});
