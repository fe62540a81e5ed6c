import { describe, expect, it } from "vitest";
import { VERDICT_COLOURS, VERDICTS, verdicts, type ClaimVerdict } from "../../lib/notebook/verdicts";
import { captured } from "./captured";

const row: ClaimVerdict = {
  claim: "moe-37b: costs like a dense 37B",
  sources: "the report, section 4.2",
  computed: "671 GB must be held <at 1 byte>",
  verdict: "holds with a condition",
};

describe("verdicts", () => {
  it("sets claim, sources, what was computed and the verdict beside each other", async () => {
    const { shown } = await captured(() => verdicts([row]));
    const lines = shown[0].bundle["text/plain"].split("\n");
    expect(lines[0]).toBe("Verdicts on the popular account");
    expect(lines[1].split(/ {2,}/)).toEqual(["the claim", "the sources say", "computed here", "verdict"]);
    expect(lines[3].split(/ {2,}/)).toEqual([row.claim, row.sources, row.computed, "◕ holds with a condition"]);
    expect(shown[0].bundle["text/html"]).toContain("671 GB must be held &lt;at 1 byte&gt;");
  });

  it("shows dollars as dollars", async () => {
    const { shown } = await captured(() => verdicts([{ ...row, claim: "$100M to $200M" }]));
    expect(shown[0].bundle["text/html"]).toContain("<span>&#36;</span>100M to <span>&#36;</span>200M");
    expect(shown[0].bundle["text/html"]).not.toContain("$");
    expect(shown[0].bundle["text/plain"]).toContain("$100M to $200M");
  });

  it("gives each verdict its own sign", async () => {
    const all = VERDICTS;
    expect(all).toHaveLength(6);
    expect(new Set(Object.values(VERDICT_COLOURS)).size).toBe(all.length);
    const { shown } = await captured(() => verdicts(all.map((verdict) => ({ ...row, verdict }))));
    const signs = shown[0].bundle["text/plain"]
      .split("\n")
      .slice(3)
      .map((line) => /(\S) [a-z ]+$/.exec(line)?.[1]);
    expect(new Set(signs).size).toBe(all.length);
  });
});

it("has a column for what would turn a verdict where a row says it", async () => {
  const { shown } = await captured(() => verdicts([{ ...row, turns: "a price above 3 dollars" }, row], "Cost"));
  const lines = shown[0].bundle["text/plain"].split("\n");
  expect(lines[0]).toBe("Cost");
  expect(lines[1].split(/ {2,}/)).toEqual([
    "the claim",
    "the sources say",
    "computed here",
    "what would turn it",
    "verdict",
  ]);
  expect(lines[3]).toContain("a price above 3 dollars");
  expect(lines[4]).toContain(" – ");
});
