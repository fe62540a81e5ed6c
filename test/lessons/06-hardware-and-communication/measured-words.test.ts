import { describe, expect, it } from "vitest";
import { machine } from "../../../lib/economics/roofline";
import {
  errorsInWords,
  farthestBelow,
  flatUntil,
  lossInWords,
  measured,
  readMeasurements,
  type Measured,
} from "../../../lib/lessons/06-hardware-and-communication";

const h200 = readMeasurements()!;
const row = (fields: Record<string, number | string>): Measured => ({
  seconds: 1,
  low: 1,
  high: 1,
  repetitions: 9,
  ...fields,
});

describe("a sentence on the errors of sums", () => {
  const of = (...errors: number[]) =>
    errorsInWords(
      "sums",
      errors.map((max_relative_error, i) => row({ k: 512 * 2 ** i, max_relative_error })),
    );

  it("says that they grow at every step only where they do", () => {
    expect(of(0.1, 0.2, 0.3)).toContain("grows at every step, from 10% for 512");
    expect(of(0.1, 0.3, 0.2)).toContain("not at every step: it falls at 2,048");
    expect(of(0.3, 0.2, 0.1)).toContain("falls at every step");
    expect(of(0.1)).toContain("too few");
  });

  it("names the row of the H200's record that falls", () => {
    expect(errorsInWords("fast sums", measured(h200, "accumulation", { form: "fp8-fast" }))).toContain(
      "falls at 8,192",
    );
  });
});

describe("the point farthest below its roof", () => {
  const chip = machine("h200");
  const small = { form: "bf16", name: "square", m: 512, flop: 2 * 512 ** 3, bytes: 6 * 512 ** 2 };

  it("is explained by the start of a kernel only if its least time is below the shortest of all", () => {
    expect(farthestBelow([row({ ...small, seconds: 7e-6 })], chip)).toContain("the start of a kernel");
    const fast = row({ ...small, name: "fast", seconds: 1e-7 });
    expect(farthestBelow([row({ ...small, seconds: 7e-6 }), fast], chip)).not.toContain("kernel");
  });

  it("is found in the record", () => {
    expect(farthestBelow(measured(h200, "gemm"), chip)).toMatch(/square with 512 rows, by a factor of 37/);
  });
});

describe("what is lost with multiprocessors set aside", () => {
  const all = row({ set_aside: 0, seconds: 0.8, low: 0.79, high: 0.81 });
  const some = (seconds: number, spread: number) =>
    row({ set_aside: 20, seconds, low: seconds - spread, high: seconds + spread });

  it("is less or more than their share only where the spread allows to say so", () => {
    expect(lossInWords(all, some(0.85, 0.005), 132)).toContain("less than their share");
    expect(lossInWords(all, some(1.1, 0.005), 132)).toContain("more than their share");
    expect(lossInWords(all, some(0.94, 0.05), 132)).toContain("cannot tell");
  });
});

describe("the time of many experts", () => {
  const of = (...seconds: number[]) => flatUntil(seconds.map((each, i) => row({ tokens_each: 4 ** i, seconds: each })));

  it("stays up to where it does", () => {
    expect(of(1, 1.1, 1, 3)).toContain("From 1 to 16 tokens");
    expect(of(1, 1.1, 1, 3)).toContain("at 64 it takes 3.0 times as long");
    expect(of(1, 2, 3, 4)).toContain("changes from the first step on");
    expect(of(1, 1, 1)).toMatch(/arithmetic\.$/);
  });
});
