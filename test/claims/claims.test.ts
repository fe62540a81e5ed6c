import fs from "node:fs";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { verdictOf } from "../../lib/claims/audit";
import { claimed, claimFact, findClaim, readClaims, sourcesOf, TOPICS } from "../../lib/claims/claims";

const json = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));
const { claims, sources, later } = readClaims();

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
    ["of a lesson that there is not", { lesson: "12" }],
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

  it("holds every sentence of the list, each once, in words in which it can be recognised", () => {
    const listed = json("test/claims/sentences.json") as { id: string; words: string[] }[];
    expect(claims.map(({ id }) => id).sort()).toEqual(listed.map(({ id }) => id).sort());
    for (const { id, words } of listed) {
      for (const word of words) expect(findClaim(id).claim.toLowerCase(), id).toContain(word.toLowerCase());
    }
  });

  it("keeps the claims of a topic together, with topics that are all in use", () => {
    const runs = claims.map(({ topic }) => topic).filter((topic, i, all) => topic !== all[i - 1]);
    expect(new Set(runs).size).toBe(runs.length);
    expect(new Set(claims.map(({ topic }) => topic))).toEqual(new Set(TOPICS));
    expect([...new Set(claims.map(({ lesson }) => lesson))].sort()).toEqual(
      ["01", "02", "03", "04", "05", "06", "07", "08", "11"].filter((n) => claims.some(({ lesson }) => lesson === n)),
    );
  });

  it("has sources that exist and are all used", () => {
    const used = [...claims.flatMap((claim) => [...claim.sources, ...Object.values(claim.facts ?? {})]), ...later].map(
      ({ source }) => source,
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(sources).sort());
  });
});

describe("what came later", () => {
  it("is in the order of time, about claims that there are, and later than the account", () => {
    expect(later.map(({ when }) => when)).toEqual(later.map(({ when }) => when).sort());
    expect(later[0].when > "2025-01").toBe(true);
    for (const id of later.flatMap((one) => one.claims)) expect(findClaim(id).id).toBe(id);
  });

  it("has turned a verdict exactly where it says so: with the numbers from before it, the rule says something else", () => {
    for (const { effect, before, claims: ids, what } of later) {
      expect(before !== undefined, what).toBe(effect === "turned");
      if (before === undefined) continue;
      expect(
        ids.some((id) => verdictOf(id, before) !== verdictOf(id)),
        what,
      ).toBe(true);
    }
  });
});

describe("addresses", () => {
  const files = ["claims", "prices", "accelerators", "serving"];
  const urls = files.flatMap((name) =>
    Object.entries(json(`data/${name}.json`).sources as Record<string, { url: string }>).map(
      ([key, { url }]) => [`${name}: ${key}`, url] as const,
    ),
  );
  it.each(urls)("%s leads to a page, not to a site or a whole repository's front where a file is meant", (_, url) => {
    const { pathname } = new URL(url);
    expect(pathname.split("/").filter((part) => part !== "").length).toBeGreaterThan(0);
  });
});

describe("reading a claim", () => {
  it("finds every figure and fact that a lesson or a rule asks for by name", () => {
    const folders = ["notebooks/source", "lib/claims", "lib/lessons"];
    const files = folders.flatMap((folder) =>
      (fs.readdirSync(folder, { recursive: true }) as string[])
        .filter((name) => name.endsWith(".ts"))
        .map((name) => `${folder}/${name}`),
    );
    const asked = files.flatMap((file) =>
      [...fs.readFileSync(file, "utf8").matchAll(/\b(claimed|claimFact)\("([\w.-]+)", "(\w+)"\)/g)].map(
        ([, what, id, key]) => ({ file, what, id, key }),
      ),
    );
    expect(asked.some(({ file }) => file.startsWith("notebooks"))).toBe(true);
    for (const { file, what, id, key } of asked) {
      expect(() => (what === "claimed" ? claimed(id, key) : claimFact(id, key)), file).not.toThrow();
    }
  });

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
