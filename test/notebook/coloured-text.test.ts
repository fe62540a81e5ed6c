import { describe, expect, it } from "vitest";
import { colouredTextBundle } from "../../lib/notebook/coloured-text";
import { COLOURS } from "../../lib/notebook/plot/theme";

describe("with a legend, coloured text", () => {
  const legend = { own: "the model's own", accepted: "accepted", replaced: "replaced" };
  const pieces = [
    { text: "a", kind: "own" },
    { text: "<b>", kind: "accepted", hover: 'p = 0.5 & "more"' },
    { text: " ", kind: "replaced", hover: "here" },
    { text: " ", kind: "own", hover: "there" },
    { text: "\n", kind: "own", hover: "at the end" },
  ] as const;

  it("colours each piece, says what the colours mean, and how often each is there", () => {
    const { "text/html": html, "text/plain": plain } = colouredTextBundle("What?", pieces, legend);
    expect(html).toContain('title="p = 0.5 &amp; &quot;more&quot;">&lt;b&gt;</span>');
    expect(html).toContain("accepted: 1");
    expect(html).toContain('title="here">␣</span>'); // a space that has a colour can be seen
    expect(html).toContain('title="there"> </span>');
    expect(html).toContain("↵\n</span>");
    const styles = [...(html as string).matchAll(/underline (\w+)/g)].map(([, line]) => line);
    expect(new Set(styles)).toEqual(new Set(["solid", "dotted"]));
    expect(plain).toBe("What?\nthe model's own: 3 · accepted: 1 · replaced: 1\na<b>  \n");
  });

  it("refuses kinds that the legend lacks, and more than can be told apart", () => {
    const odd = [{ text: "a", kind: "odd" }] as unknown as typeof pieces;
    expect(() => colouredTextBundle("What?", odd, legend)).toThrow('the legend has no kind "odd"');
    const many = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((kind) => [kind, kind]));
    expect(() => colouredTextBundle("What?", [], many)).toThrow("6 kinds; at most 5");
  });
});

describe("without a legend, coloured text", () => {
  it("joins neighbours of one kind, escapes the text, and names the kinds with their shares", () => {
    const pieces = [..."aab<"].map((text) => ({ text, kind: text === "a" ? "expert 1" : "expert 2" }));
    const { "text/html": html, "text/plain": plain } = colouredTextBundle("A text", pieces) as Record<string, string>;
    expect(html).toContain(">aa</span>");
    expect(html).toContain(">b&lt;</span>");
    expect(html).toContain(COLOURS[0]);
    expect(plain).toBe("A text\naab<\nexpert 1 50%, expert 2 50%");
  });

  it("leaves what is of no kind bare, and out of the shares", () => {
    const pieces = [
      { text: "a", kind: "expert 1" },
      { text: "\n", kind: "" },
    ];
    const { "text/html": html, "text/plain": plain } = colouredTextBundle("", pieces);
    expect(html).toContain("<span>\n</span>");
    expect(plain).toBe("\na\n\nexpert 1 100%");
  });

  it("leaves the kinds beyond the colours bare, and says how many they are", () => {
    const many = Array.from({ length: 11 }, (_, i) => ({ text: String.fromCharCode(97 + i), kind: `expert ${i}` }));
    const { "text/html": html, "text/plain": plain } = colouredTextBundle("", many) as Record<string, string>;
    expect(plain).toContain("3 others 27%");
    expect(html).toContain("<span>k</span>");
  });
});
