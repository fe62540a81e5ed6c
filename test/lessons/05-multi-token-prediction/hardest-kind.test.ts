import { expect, it } from "vitest";
import { hardestKind } from "../../../lib/lessons/05-multi-token-prediction/hardest-kind";

const letters = { kind: "letter within a word", drafted: 400, accepted: 360 };
const digits = { kind: "digit", drafted: 100, accepted: 40 };

it("names a kind whose interval lies below all others", () => {
  const { hardest, text } = hardestKind([letters, digits]);
  expect(hardest).toBe("digit");
  expect(text).toContain("Hardest is digit (40%");
});

it("withdraws it where another kind is as hard, or where too few drafts were made", () => {
  const spaces = { kind: "space", drafted: 100, accepted: 45 };
  expect(hardestKind([letters, spaces, digits])).toMatchObject({
    hardest: null,
    text: expect.stringMatching(/^Cannot tell .*digit .*overlaps with that of space/),
  });
  expect(hardestKind([letters, { kind: "digit", drafted: 5, accepted: 3 }]).hardest).toBeNull();
});

it("needs two kinds", () => {
  expect(() => hardestKind([letters])).toThrow(/two kinds/);
});
