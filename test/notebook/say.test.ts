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
});
