import { expect, it } from "vitest";
import { colouredTextBundle } from "../../../lib/lessons/05-multi-token-prediction/coloured-text";

const legend = { own: "the model's own", accepted: "accepted", replaced: "replaced" };
const pieces = [
  { text: "a", kind: "own" },
  { text: "<b>", kind: "accepted", hover: 'p = 0.5 & "more"' },
  { text: " ", kind: "replaced" },
  { text: "\n", kind: "own" },
] as const;

it("colours each piece, says what the colours mean, and how often each is there", () => {
  const { "text/html": html, "text/plain": plain } = colouredTextBundle("What?", pieces, legend);
  expect(html).toContain('title="p = 0.5 &amp; &quot;more&quot;">&lt;b&gt;</span>');
  expect(html).toContain("accepted (1)");
  expect(html).toContain("␣</span>"); // a space that has a colour can be seen
  expect(html).toContain("↵\n</span>");
  const styles = [...(html as string).matchAll(/underline (\w+)/g)].map(([, line]) => line);
  expect(new Set(styles)).toEqual(new Set(["solid", "dotted"]));
  expect(plain).toBe("What?\nthe model's own: 2 · accepted: 1 · replaced: 1\na<b> \n");
});

it("refuses kinds that the legend lacks, and more than can be told apart", () => {
  const odd = [{ text: "a", kind: "odd" }] as unknown as typeof pieces;
  expect(() => colouredTextBundle("What?", odd, legend)).toThrow('the legend has no kind "odd"');
  const many = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((kind) => [kind, kind]));
  expect(() => colouredTextBundle("What?", [], many)).toThrow("6 kinds; at most 5");
});
