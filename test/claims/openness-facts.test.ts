import fs from "node:fs";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import {
  ARTEFACTS,
  findProject,
  GOALS,
  missingFor,
  missingForOpenSource,
  NEEDS,
  publishedBy,
  readOpenness,
} from "../../lib/claims/openness-facts";

const json = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));
const openness = readOpenness();
const project = (id: string) => findProject(openness, id);

describe("data/openness.json", () => {
  const validate = new Ajv({ allErrors: true }).compile(json("data/schemas/openness.schema.json"));

  it("fits its schema", () => {
    validate(json("data/openness.json"));
    expect(validate.errors ?? []).toEqual([]);
  });

  it("has a schema that refuses a finding without its place, an unknown state and an artefact left out", () => {
    for (const change of [{ where: undefined }, { state: "maybe" }]) {
      const content = json("data/openness.json");
      Object.assign(content.projects[0].has.weights, change);
      expect(validate(JSON.parse(JSON.stringify(content))), JSON.stringify(change)).toBe(false);
    }
    const content = json("data/openness.json");
    delete content.projects[0].has.data;
    expect(validate(content)).toBe(false);
  });

  it("has sources that exist and are all used, and ids that differ", () => {
    const cells = openness.projects.flatMap(({ has, osi }) => [...Object.values(has), ...(osi ? [osi] : [])]);
    const used = new Set([...cells, ...openness.mixtures].map(({ source }) => source));
    expect([...used].sort()).toEqual(Object.keys(openness.sources).sort());
    expect(new Set(openness.projects.map(({ id }) => id)).size).toBe(openness.projects.length);
    expect(openness.artefacts.map(({ id }) => id)).toEqual([...ARTEFACTS]);
  });

  it("has shares that sum to one wherever a project tells", () => {
    for (const { id, shares } of openness.mixtures) {
      const sum = shares.reduce((total, { share }) => total + share, 0);
      if (id === "deepseek-v3") expect(shares).toEqual([]);
      else expect(sum, id).toBeCloseTo(1, 2);
    }
  });
});

describe("missingForOpenSource", () => {
  it("finds what the Open Source Initiative's own review found, wherever it looked", () => {
    const reviewed = openness.projects.filter(({ openSourceAi }) => openSourceAi !== null);
    expect(reviewed.length).toBeGreaterThan(2);
    for (const one of reviewed) expect(missingForOpenSource(one).length === 0, one.id).toBe(one.openSourceAi);
  });

  it("lets the MIT licence mend one of V3's three gaps", () => {
    expect(missingForOpenSource(project("deepseek-v3"))).toEqual(["freeTerms", "trainingCode", "dataDescribed"]);
    expect(missingForOpenSource(project("deepseek-v3-0324"))).toEqual(["trainingCode", "dataDescribed"]);
  });
});

describe("missingFor", () => {
  it("asks for the data whenever a training is to be repeated, and for their order only to verify weights", () => {
    const all = ARTEFACTS.filter((artefact) => artefact !== "data" && artefact !== "dataOrder");
    expect(missingFor("repeat", all)).toEqual(["data"]);
    expect(missingFor("verify", all)).toEqual(["data", "dataOrder"]);
    expect(missingFor("run", all)).toEqual([]);
  });

  it("takes neither a description nor a part of something for the thing", () => {
    expect(missingFor("search", ["dataDescribed"])).toEqual(["data"]);
    expect(publishedBy(project("deepseek-v3"))).not.toContain("trainingCode"); // partly
  });

  it("has every need among the artefacts, and nothing missing once all is published", () => {
    for (const goal of GOALS) {
      expect(ARTEFACTS).toEqual(expect.arrayContaining([...NEEDS[goal]]));
      expect(missingFor(goal, ARTEFACTS)).toEqual([]);
    }
  });
});

it("names the projects that there are when one is not", () => {
  expect(() => project("gpt-5")).toThrow(/no project "gpt-5"; there are deepseek-v3,/);
});
