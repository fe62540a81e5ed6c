import { describe, expect, it } from "vitest";
import { drawingBundle, toSvg } from "../../../lib/notebook/drawing/drawing";
import {
  arrow,
  bottom,
  box,
  KINDS,
  label,
  left,
  plainText,
  richText,
  right,
  top,
} from "../../../lib/notebook/drawing/shapes";
import { TEXT } from "../../../lib/notebook/plot/theme";
import { contrast, DARK, LIGHT } from "../contrast";

describe("colours", () => {
  it.each(Object.entries(KINDS))("text on a box of kind %s has a contrast of at least 4.5", (_, { fill, text }) => {
    expect(contrast(fill, text)).toBeGreaterThan(4.5);
  });

  it("words outside of boxes can be read on a light and on a dark page", () => {
    expect(Math.min(contrast(TEXT, LIGHT), contrast(TEXT, DARK))).toBeGreaterThan(4);
    expect(label([0, 0], "x")).toContain(`fill="${TEXT}"`);
  });
});

describe("text", () => {
  it("raises and lowers what it marks, and comes back to the line", () => {
    expect(richText("c^{KV}_t: 5", 10)).toBe(
      '<tspan>c</tspan><tspan dy="-3.8" font-size="8">KV</tspan><tspan dy="6.3" font-size="8">t</tspan>' +
        '<tspan dy="-2.5">: 5</tspan>',
    );
  });

  it("is read without marks", () => {
    expect(plainText("c^{KV}_t = s_{i,t}")).toBe("cKVt = si,t");
  });

  it("is text, whatever is in it", () => {
    expect(richText("a < b & c")).toBe("<tspan>a &lt; b &amp; c</tspan>");
  });
});

describe("a box", () => {
  const small = { x: 100, y: 50, width: 40, height: 20, text: "a", kind: "value" } as const;

  it("lies around its centre", () => {
    expect([top(small), bottom(small), left(small), right(small)]).toEqual([
      [100, 40],
      [100, 60],
      [80, 50],
      [120, 50],
    ]);
    expect(box(small)).toContain('<rect x="80" y="40" width="40" height="20"');
  });

  it("that is cached has a second border, so that its colour is not needed", () => {
    const borders = (kind: "value" | "cached") => box({ ...small, kind }).match(/<rect/g)?.length;
    expect([borders("value"), borders("cached")]).toEqual([1, 2]);
  });
});

it.each([
  ["right", [50, 0], "50,0 42,4 42,-4"],
  ["left", [-50, 0], "-50,0 -42,-4 -42,4"],
  ["down", [0, 50], "0,50 4,42 -4,42"],
  ["up", [0, -50], "0,-50 -4,-42 4,-42"],
] as const)("an arrow to the %s has its head there", (_, to, head) => {
  expect(arrow([[0, 0], to]).replaceAll("-0 ", "0 ")).toContain(`<polygon points="${head}"`);
});

describe("a drawing", () => {
  const drawing = { title: "A & B", description: 'Says "a".', width: 100, height: 50, parts: [label([5, 5], "a")] };

  it("says in words what it shows: inside the picture, beside it, and as plain text", () => {
    expect(toSvg(drawing)).toContain('<title id="title">A &amp; B</title>\n<desc id="description">Says &quot;a&quot;.');
    const bundle = drawingBundle(drawing);
    expect(bundle["text/html"]).toContain('alt="A &amp; B. Says &quot;a&quot;."');
    expect(bundle["text/plain"]).toBe('Drawing: A & B\nSays "a".');
  });

  it("is shown as an image that holds it, which a page shows without trusting it", () => {
    const html = String(drawingBundle(drawing)["text/html"]);
    const [, base64] = /^<img src="data:image\/svg\+xml;base64,([\w+/=]+)" /.exec(html) ?? [];
    expect(Buffer.from(base64, "base64").toString()).toBe(toSvg(drawing));
    expect(Object.keys(drawingBundle(drawing)).sort()).toEqual(["text/html", "text/plain"]);
  });
});
