/** A person's folder on a hub, where things of theirs lie already: nothing is removed or replaced, all is named. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setUpHome } from "../../tools/setup/home.mjs";
import { Sandbox } from "./sandbox";

const NOW = new Date(2026, 10, 3);

describe("a person's folder", () => {
  let box: Sandbox;
  let folder: string;
  beforeEach(() => {
    box = new Sandbox();
    folder = path.join(box.home, "course");
    for (const name of ["lib", "data"]) fs.mkdirSync(path.join(box.root, name));
  });
  afterEach(() => box.remove());

  const at = (name: string) => path.join(folder, name);
  const prepare = () => setUpHome(folder, { root: box.root, now: NOW });
  const leadsTo = (name: string) => fs.readlinkSync(at(name));
  /** Puts a file of the person's somewhere, with its folders. */
  const mine = (name: string) => {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), "mine");
  };

  it("gets the lessons' copies and links, once", () => {
    expect(prepare()).toEqual(["2 copied to work/"]);
    for (const name of ["lib", "data", "notebooks"]) expect(leadsTo(name)).toBe(path.join(box.root, name));
    expect(prepare()).toEqual(["2 in work/, as you left them"]);
    expect(fs.readdirSync(folder).sort()).toEqual(["data", "lib", "notebooks", "work"]);
  });

  it.each(["data", "lib/mine.ts"])("keeps their own %s and says so", (name) => {
    mine(name);
    const taken = name.split("/")[0];
    for (const copies of ["2 copied to work/", "2 in work/, as you left them"]) {
      const said = `${at(taken)} is yours and stays: links in lessons lead there, until it has another name`;
      expect(prepare()).toEqual([said, copies]);
    }
    expect(fs.readFileSync(at(name), "utf8")).toBe("mine");
    expect(leadsTo("notebooks")).toBe(path.join(box.root, "notebooks"));
  });

  it("keeps a link of theirs, and moves one aside that leads nowhere", () => {
    const elsewhere = path.join(box.base, "elsewhere");
    fs.mkdirSync(elsewhere);
    fs.mkdirSync(folder);
    fs.symlinkSync(elsewhere, at("data"));
    fs.symlinkSync(path.join(box.base, "gone"), at("lib"));
    expect(prepare()).toEqual([
      `${at("lib")} was in the way of the course's and is now ${at("lib.2026-11-03")}`,
      expect.stringContaining(`${at("data")} is yours and stays`),
      "2 copied to work/",
    ]);
    expect([leadsTo("data"), leadsTo("lib.2026-11-03")]).toEqual([elsewhere, path.join(box.base, "gone")]);
  });

  it("follows the course to another place", () => {
    prepare();
    const moved = path.join(box.base, "moved");
    fs.cpSync(box.root, moved, { recursive: true });
    expect(setUpHome(folder, { root: moved, now: NOW })).toEqual(["2 in work/, as you left them"]);
    expect(leadsTo("lib")).toBe(path.join(moved, "lib"));
  });

  it("moves a file aside that lies where a folder is needed, under a name that is free", () => {
    mine("work");
    fs.writeFileSync(at("work.2026-11-03"), "older");
    const aside = at("work.2026-11-03-2");
    expect(prepare()).toEqual([
      `${at("work")} was in the way of the course's and is now ${aside}`,
      "2 copied to work/",
    ]);
    expect(fs.readFileSync(aside, "utf8")).toBe("mine");
    expect(fs.readFileSync(at("work.2026-11-03"), "utf8")).toBe("older");
  });

  it("names what can't be made, in a line each, and does the rest", () => {
    fs.mkdirSync(at("work/00-start-here.ipynb"), { recursive: true });
    const told = prepare();
    expect(told).toEqual([
      `${at("work")} could not be made: ${at("work/00-start-here.ipynb")} is a folder: give it another name, a lesson's copy belongs there.`,
    ]);
    expect(leadsTo("lib")).toBe(path.join(box.root, "lib"));
  });

  it.skipIf(process.platform === "win32")(
    "is prepared by the command with exit code 0, whatever is in the way",
    async () => {
      mine("data");
      const { code, stdout, stderr } = await box.run("home", [folder]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`${at("data")} is yours and stays`);
      expect(fs.readFileSync(at("data"), "utf8")).toBe("mine");
    },
  );
});
