/** The cells that collect a learner's answers go on where one of these does not compile. */
import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { instead } from "../../../tools/kernel/unready-check.cjs";

const unknown = (...names: string[]) =>
  names.map((name) => ["%s:%d:%d %s", "", 1, 1, `Cannot find name '${name}'. Did you mean 'exports'?`]);
const cell = "const mine = await ownParts({ rmsNorm, rotate, experts });\nshow(mine);";

describe("a cell that collects answers", () => {
  it("leaves out those that are not there", () => {
    expect(instead(cell, unknown("experts"))).toBe(cell.replace(", experts }", " }"));
    expect(instead(cell, unknown("rmsNorm", "rotate", "experts"))).toContain("ownParts({  })");
  });

  it("fails as any other where something else is wrong", () => {
    expect(instead(cell, unknown("experts", "show"))).toBeNull();
    expect(instead(cell, [["", "", 1, 1, "';' expected."]])).toBeNull();
    expect(instead(cell, [])).toBeNull();
    expect(instead("show({ rmsNorm, rotate });", unknown("rotate"))).toBeNull();
  });

  it("is written so in the lesson, wherever it collects", () => {
    const master = fs.readFileSync("notebooks/source/09-build-it.ts", "utf8");
    const cells = master.split(/^\/\/ %%.*$/m).filter((text) => text.includes("await ownParts("));
    expect(cells).toHaveLength(2);
    for (const text of cells) expect(instead(text, unknown("rmsNorm"))).not.toContain("rmsNorm");
  });
});
