import fs from "node:fs";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { claimed, claimFact, findClaim, readClaims, sourcesOf, TOPICS } from "../../lib/claims/claims";

const json = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));
const { claims, sources } = readClaims();

describe("data/claims.json", () => {
  const validate = new Ajv({ allErrors: true })
    .addSchema(json("data/schemas/facts.schema.json"))
    .compile(json("data/schemas/claims.schema.json"));

  it("fits its schema", () => {
    validate(json("data/claims.json"));
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each([
    ["without sources", { sources: [] }],
    ["of an unknown topic", { topic: "gossip" }],
    ["of a lesson that there is not", { lesson: "11" }],
    ["with a stray key", { verdict: "holds" }],
    [
      "with a fact that has no unit",
      { facts: { x: { value: 1, source: "report", where: "?", confidence: "primary" } } },
    ],
    ["with a figure in words", { figures: { dollars: "5.5M" } }],
  ])("has a schema that refuses a claim %s", (_, change) => {
    const content = json("data/claims.json");
    Object.assign(content.claims[0], change);
    expect(validate(content)).toBe(false);
  });

  it("holds the 44 claims, each once, with topics that are all in use", () => {
    expect(claims).toHaveLength(44);
    expect(new Set(claims.map(({ id }) => id)).size).toBe(44);
    expect(new Set(claims.map(({ topic }) => topic))).toEqual(new Set(TOPICS));
    expect([...new Set(claims.map(({ lesson }) => lesson))].sort()).toEqual(
      ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10"].filter((n) =>
        claims.some(({ lesson }) => lesson === n),
      ),
    );
  });

  it("has sources that exist and are all used", () => {
    const used = claims.flatMap((claim) =>
      [...claim.sources, ...Object.values(claim.facts ?? {})].map(({ source }) => source),
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(sources).sort());
  });
});

describe("reading a claim", () => {
  it("gives its figures, facts and sources by name", () => {
    expect(claimed("cost-total", "dollars")).toBe(5.5e6);
    expect(claimFact("lb-no-loss", "gamma")).toBe(0.001);
    expect(sourcesOf(findClaim("cost-total"))).toBe("DeepSeek-V3 Technical Report, section 1, table 1");
  });

  it("says what is missing", () => {
    expect(() => findClaim("cost-everything")).toThrow('no claim "cost-everything"');
    expect(() => claimed("cost-total", "days")).toThrow('the claim cost-total states no "days"');
    expect(() => claimFact("cost-total", "days")).toThrow('the claim cost-total has no fact "days"');
  });
});
