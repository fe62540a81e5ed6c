import path from "node:path";
import { describe, expect, it } from "vitest";
import { addCounts, countOne, countResult, countVitest } from "../../tools/setup/count.mjs";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});
const report = (passed: number, failed: number, ...testResults: ReturnType<typeof file>[]) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults,
});

describe("a test step counts", () => {
  it("as one test when it is a program that passes or fails", () => {
    expect(countOne(0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(countOne(2)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it("vitest's passed, failed and skipped tests", () => {
    const skipping = { ...report(3, 1, file("failed", "passed", "failed")), numPendingTests: 2 };
    expect(countVitest(skipping, 1)).toMatchObject({ passed: 3, failed: 1, skipped: 2 });
  });

  it("a file that could not be loaded as one failure", () => {
    expect(countVitest(report(2, 0, file("passed", "passed", "passed"), file("failed")), 1).failed).toBe(1);
  });

  it("a crash as one failure, whatever was passed before", () => {
    expect(countVitest(report(2, 0, file("passed", "passed", "passed")), 1)).toEqual({
      passed: 2,
      failed: 1,
      skipped: 0,
    });
    expect(countVitest(null, 0).failed).toBe(1);
    expect(countResult('RESULT {"passed":4,"failed":0}', 137)).toEqual({ passed: 4, failed: 1, skipped: 0 });
  });

  it("a run without any test as a failure", () => {
    expect(countVitest(report(0, 0), 0).failed).toBe(1);
    expect(countResult("nothing to do", 0).failed).toBe(1);
    expect(countResult('RESULT {"passed":0,"failed":0}', 0).failed).toBe(1);
  });

  it("what its last RESULT line says", () => {
    const output = 'RESULT {"passed":1,"failed":9}\n✔ fine\nRESULT {"passed":4,"failed":2}\n';
    expect(countResult(output, 1)).toEqual({ passed: 4, failed: 2, skipped: 0 });
  });

  it("naming what failed, with the first line of why", () => {
    const tests = [
      { status: "passed", fullName: "adds" },
      { status: "failed", fullName: "divides", failureMessages: ["\u001b[31mError: by zero\u001b[39m\n  at x.ts:1"] },
    ];
    const failed = { status: "failed", name: path.resolve("test/x.test.ts"), assertionResults: tests };
    const broken = {
      status: "failed",
      name: path.resolve("test/y.test.ts"),
      message: "no such module",
      assertionResults: [],
    };
    expect(countVitest({ ...report(1, 1), testResults: [failed, broken] }, 1).failures).toEqual([
      `${path.join("test", "x.test.ts")} > divides\n    Error: by zero`,
      `${path.join("test", "y.test.ts")}\n    no such module`,
    ]);
    const output = '✔ a runs\n✘ b runs\n    the kernel died\n✔ c runs\nRESULT {"passed":2,"failed":1}\n';
    expect(countResult(output, 1).failures).toEqual(["✘ b runs\n    the kernel died"]);
    const both = addCounts([countResult(output, 1), countOne(0), countResult(output, 1)]);
    expect(both.failures).toHaveLength(2);
  });

  it("towards the sum", () => {
    expect(addCounts([countOne(0), countOne(0), countOne(1)])).toEqual({ passed: 2, failed: 1, skipped: 0 });
    expect(addCounts([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});
