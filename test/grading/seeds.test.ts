/** The seeds of a grading's drawn cases: kept for whoever is graded later, set by --seed. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { main } from "../../tools/course/teaching/grade";
import { seedsOf } from "../../tools/course/teaching/seeds";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();

it("is another in each course folder, and stays", () => {
  const [one, other] = [newFolder(), newFolder()];
  const names = ["00-start-here", "01-mixture-of-experts"];
  const seeds = seedsOf(one, names);
  expect([...seeds.values(), ...seedsOf(other, names).values()].filter((x, i, all) => all.indexOf(x) !== i)).toEqual(
    [],
  );
  expect(seedsOf(one, names)).toEqual(seeds);
  expect(seedsOf(one, names.slice(1))).toEqual(new Map([...seeds].slice(1)));
  expect(JSON.parse(fs.readFileSync(path.join(one, "seeds.json"), "utf8"))).toEqual(Object.fromEntries(seeds));
});

it("is the one that is given from then on, for these assignments alone", () => {
  const folder = newFolder();
  const before = seedsOf(folder, ["a", "b"]);
  expect(seedsOf(folder, ["b"], 0)).toEqual(new Map([["b", 0]]));
  expect(seedsOf(folder, ["a", "b"])).toEqual(new Map([...before, ["b", 0]]));
});

it.each(["nonsense", "null", '{"a": -1}', '{"a": 1.5}', '{"a": "1"}', '{"a": 9007199254740992}', "[5]"])(
  "is not drawn anew where the file holds %s: that would judge by other cases",
  (text) => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, "seeds.json"), text);
    expect(() => seedsOf(folder, ["a"])).toThrow("seeds.json should hold a seed from 0 to 9007199254740991");
    expect(fs.readFileSync(path.join(folder, "seeds.json"), "utf8")).toBe(text);
  },
);

it("is read behind the mark that editors of Windows put in front", () => {
  const folder = newFolder();
  fs.writeFileSync(path.join(folder, "seeds.json"), '\uFEFF{"a": 5}');
  expect(seedsOf(folder, ["a"])).toEqual(new Map([["a", 5]]));
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

it.each(["x", "-1", "1.5", "9007199254740992", ""])("%j is no seed, which is told in one line", async (seed) => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  await main([newFolder(), "--seed", seed]);
  expect(process.exitCode).toBe(1);
  expect(said.mock.calls).toEqual([
    [`grade: --seed is "${seed}"; it must be a whole number from 0 to 9007199254740991`],
  ]);
});
