import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { withDisplay, type MimeBundle } from "../../lib/notebook/display";
import { say } from "../../lib/notebook/say";

async function said(work: () => void): Promise<MimeBundle> {
  const bundles: MimeBundle[] = [];
  await withDisplay((bundle) => bundles.push(bundle), work);
  expect(bundles).toHaveLength(1);
  return bundles[0];
}

describe("say", () => {
  it("puts computed figures into a sentence, as Markdown and as plain text", async () => {
    const bundle = await said(() => say`The *busiest* expert gets **${98}%**, \`${true}\`, see [lesson 02](02.ipynb).`);
    expect(bundle["text/markdown"]).toBe("The *busiest* expert gets **98%**, `true`, see [lesson 02](02.ipynb).");
    expect(bundle["text/plain"]).toBe("The busiest expert gets 98%, true, see lesson 02.");
  });

  it("joins broken lines and keeps paragraphs", async () => {
    const bundle = await said(
      () => say`One
      sentence.

      Another.`,
    );
    expect(bundle["text/plain"]).toBe("One sentence.\n\nAnother.");
  });

  it("keeps the items of a list apart", async () => {
    const bundle = await said(
      () => say`- one
      - two`,
    );
    expect(bundle["text/markdown"]).toBe("- one\n- two");
  });

  it("leaves a product alone", async () => {
    expect((await said(() => say`2 * 3 is ${6}`))["text/plain"]).toBe("2 * 3 is 6");
  });

  describe("shows dollars as dollars", () => {
    const D = "<span>&#36;</span>"; // JupyterLab takes it for a formula neither in Markdown nor in the page
    const { claims } = JSON.parse(fs.readFileSync("data/claims.json", "utf8")) as { claims: { claim: string }[] };
    const dear = claims.map(({ claim }) => claim).filter((claim) => claim.includes("$"));

    it.each(dear)("in a value: %s", async (claim) => {
      const bundle = await said(() => say`*${claim}*`);
      expect(bundle["text/markdown"]).toBe(`*${claim.replaceAll("$", D)}*`);
      expect(bundle["text/plain"]).toBe(claim);
    });

    it("finds those claims", () => {
      expect(dear.length).toBeGreaterThanOrEqual(5);
    });

    it("in a value within code, where all is text", async () => {
      const bundle = await said(() => say`It is \`${"$5"}\` and ${"$6"}.`);
      expect(bundle["text/markdown"]).toBe(`It is \`$5\` and ${D}6.`);
      expect(bundle["text/plain"]).toBe("It is $5 and $6.");
    });

    it.each([
      ["$5.5M of computing: hours at $2.", `${D}5.5M of computing: hours at ${D}2.`],
      ["$100M to $200M", `${D}100M to ${D}200M`],
      ["between $5M/$6M and 7$", `between ${D}5M/${D}6M and 7${D}`],
      ["a dollar \\$ by itself", `a dollar ${D} by itself`],
      ["through $h_i$ and $\\sum_v p_v$, $512 + 64$ numbers", "through $h_i$ and $\\sum_v p_v$, $512 + 64$ numbers"],
      ["$$y = x$$ costs $5", `$$y = x$$ costs ${D}5`],
      ["`$5` and ``$6 ` $7``", "`$5` and ``$6 ` $7``"],
    ])("but leaves formulas and code: %s", async (text, markdown) => {
      const bundle = await said(() => say(Object.assign([text], { raw: [text] })));
      expect(bundle["text/markdown"]).toBe(markdown);
    });

    it("keeps a formula with a value in it", async () => {
      expect((await said(() => say`$K = ${8}$ of them`))["text/markdown"]).toBe("$K = 8$ of them");
    });
  });
});
