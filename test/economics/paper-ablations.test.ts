import fs from "node:fs";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { paperAblations } from "../../lib/economics/paper-ablations";
import { VARIANTS } from "../../lib/economics/variants";

const json = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));

describe("data/paper-ablations.json", () => {
  const validate = new Ajv({ allErrors: true })
    .addSchema(json("data/schemas/facts.schema.json"))
    .compile(json("data/schemas/paper-ablations.schema.json"));

  it("fits its schema, which refuses a report without its place and a figure without its unit", () => {
    const content = json("data/paper-ablations.json");
    validate(content);
    expect(validate.errors ?? []).toEqual([]);
    for (const key of ["where", "confidence"]) {
      const kept = Object.entries(content.ablations[0]).filter(([name]) => name !== key);
      expect(validate({ ...content, ablations: [Object.fromEntries(kept)] }), key).toBe(false);
    }
    const [{ measured, ...rest }] = content.ablations;
    expect(validate({ ...content, ablations: [{ ...rest, measured: { ...measured, unit: undefined } }] })).toBe(false);
  });

  it("is about variants that there are, each once, and uses all of its sources", () => {
    const variants = paperAblations().map(({ variant }) => variant);
    expect(Object.keys(VARIANTS)).toEqual(expect.arrayContaining(variants));
    expect(new Set(variants).size).toBe(variants.length);
    expect(new Set(paperAblations().map(({ title }) => title)).size).toBe(
      Object.keys(json("data/paper-ablations.json").sources).length,
    );
  });

  it("has each paper's own place and address", () => {
    for (const { where, url } of paperAblations()) {
      expect(where).toMatch(/table|section|appendix/);
      expect(url).toMatch(/^https:\/\/arxiv\.org\/abs\/\d{4}\.\d{5}$/);
    }
  });
});
