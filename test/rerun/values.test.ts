/** Values from the command line, held to what a lesson's parameters cell allows. */
import { describe, expect, it } from "vitest";
import { parseParameters } from "../../lib/notebook/parameter-spec";
import { readLessonArguments } from "../../tools/course/rerun/arguments";
import { editDistance, grid, label, listing, readAxes, readValues, typeOf } from "../../tools/course/rerun/values";

const specs = parseParameters(`const price = 2; // 0.5..20 dollars: what an hour costs
const hours = 10; // 1..1000 hours: how long it takes
const method = "bias"; // none | loss | bias: how load is kept even
const careful = false; // true | false: whether to look twice
const bytes = 1; // 1 | 2 | 4 bytes: memory of a number`);

describe("-p", () => {
  it("takes a value of each type", () => {
    expect(readValues(specs, ["price=3.5", "hours=1_000", "method=loss", "careful=true", "bytes=4"])).toEqual({
      price: 3.5,
      hours: 1000,
      method: "loss",
      careful: true,
      bytes: 4,
    });
  });

  it.each([
    ["prise=3", "there is no parameter prise; the nearest is price (0.5..20 dollars). All: price, hours, method"],
    ["Hours=3", "the nearest is hours (1..1000 hours)"],
    ["price=300", "price = 300 is outside 0.5..20 dollars"],
    ["price=-1", "price = -1 is outside 0.5..20 dollars"],
    ["price=cheap", "price = cheap is not a number; it may be 0.5..20 dollars"],
    ["price=", "price = (nothing) is not a number; it may be 0.5..20 dollars"],
    ["price=NaN", "price = NaN is not a number; it may be 0.5..20 dollars"],
    ["price=Infinity", "price = Infinity is not a number"],
    ["hours=1.5", "hours = 1.5 is not a whole number of 1..1000 hours"],
    ["bytes=3", "bytes = 3 is not one of 1 | 2 | 4 bytes"],
    ["method=magic", "method = magic is not one of none | loss | bias"],
    ["careful=maybe", "careful = maybe is not a boolean; it may be true | false"],
    ["price", '-p takes name=value, not "price"'],
  ])("%s is refused", (text, message) => {
    expect(() => readValues(specs, [text])).toThrow(message);
  });

  it("takes a name that has the same words for near, however long it is", () => {
    const named = parseParameters(`const pricePerHour = 2; // 0.3..15 dollars: price of a GPU-hour
const people = 150; // 1..5000 people: who work on it`);
    expect(() => readValues(named, ["gpuHourPrice=3"])).toThrow("the nearest is pricePerHour (0.3..15 dollars)");
  });

  it("tells all mistakes at once", () => {
    expect(() => readValues(specs, ["price=300", "hour=1"])).toThrow(/price = 300[^\n]*\n.*there is no parameter hour/);
  });

  it("takes no parameter twice", () => {
    expect(() => readValues(specs, ["price=1", "price=2"])).toThrow("price is given twice");
  });
});

describe("--sweep", () => {
  it("makes a grid, the last axis changing fastest", () => {
    const axes = readAxes(specs, ["price=1,2", "method=none,bias"]);
    expect(grid(axes).map(label)).toEqual([
      "price=1, method=none",
      "price=1, method=bias",
      "price=2, method=none",
      "price=2, method=bias",
    ]);
  });

  it("runs no value twice, and names every bad one", () => {
    expect(readAxes(specs, ["price=1,1,2"])[0].values).toEqual([1, 2]);
    expect(() => readAxes(specs, ["price=1,99,x"])).toThrow(/price = 99 is outside[^]*price = x is not a number/);
    expect(() => readAxes(specs, ["price=1", "price=2"])).toThrow("price is swept twice");
  });
});

it("gives a constant the type of all that it may be", () => {
  expect(specs.map(typeOf)).toEqual(["number", "number", '"none" | "loss" | "bias"', "boolean", "1 | 2 | 4"]);
});

it("lists what there is", () => {
  expect(listing(specs).split("\n")[1]).toBe("price      2        0.5..20 dollars     what an hour costs");
});

it.each([
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["price", "price", 0],
])("the distance of %j and %j is %d", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});

it.each([
  [[], "name one lesson"],
  [["01", "02"], "got 01 and 02"],
  [["01", "--out", "x.txt"], "--out takes the name of an .ipynb file"],
  [["01", "--jobs", "many"], '--jobs is "many"; it must be a whole number from 1 to 99'],
  [["01", "--swep", "a=1"], "--swep"],
])("the call %j is refused", (args, message) => {
  expect(() => readLessonArguments(args)).toThrow(message);
});
