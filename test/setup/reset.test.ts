import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sandbox } from "./sandbox";

describe("npm run reset", () => {
  let box: Sandbox;
  beforeEach(() => {
    box = new Sandbox();
  });
  afterEach(() => box.remove());

  it("gives a fresh copy and keeps the old one under a dated name, before any set-up", async () => {
    box.write("work/01-mixture-of-experts.ipynb", "mine");
    const { code, stdout } = await box.run("reset", ["01"]);
    expect(code).toBe(0);
    expect(box.read("work/01-mixture-of-experts.ipynb")).toBe(box.read("notebooks/01-mixture-of-experts.ipynb"));
    const kept = /your old copy is (work\/01-mixture-of-experts\.\d{4}-\d\d-\d\d\.ipynb)/.exec(stdout)?.[1];
    expect(box.read(kept ?? "nothing was kept")).toBe("mine");
  });

  it("asks which lesson when none is named", async () => {
    const { code, stderr } = await box.run("reset");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Which lesson\? npm run reset -- 01 .*00-start-here, 01-mixture-of-experts\.\n$/);
  });

  it("resets nothing when one of the lessons does not exist", async () => {
    box.write("work/00-start-here.ipynb", "mine");
    const { code, stderr } = await box.run("reset", ["00", "77"]);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no lesson "77"');
    expect(box.read("work/00-start-here.ipynb")).toBe("mine");
  });
});
