import { describe, expect, it } from "vitest";
import { execute } from "../../tools/course/build/execute";
import { executionFailures } from "../../tools/course/build/verify";
import { code, notebook, prose } from "./sample";

/** Notebooks in the real kernel; `npm test` has registered it. */
describe.concurrent("execute", () => {
  it("runs cells from the top, and stops at the first that throws", async () => {
    const cells = [prose("# Title"), code("const one: number = 1;", null), code('console.log("two", one + 1);', null)];
    const failing = [
      code('console.error("careful");', null),
      code('throw new Error("no fuse");', null),
      code("one;", null),
    ];
    const seen: number[] = [];
    const run = await execute(notebook(...cells, ...failing), "test-throws", (index) => seen.push(index));
    expect(seen).toEqual([1, 2, 3, 4]);
    expect([...run.cellSeconds.keys()]).toEqual(seen);
    expect(run.notebook.cells[2]).toMatchObject({ execution_count: 2, outputs: [{ name: "stdout", text: "two 2\n" }] });
    const failures = executionFailures(run.notebook);
    expect(failures).toHaveLength(3);
    expect(failures[0]).toBe('cell 4 of 6 (console.error("careful");): it printed to stderr: careful');
    expect(failures[1]).toMatch(/^cell 5 of 6 \(throw new Error\("no fuse"\);\): [^]*Error: no fuse$/);
    expect(failures[2]).toBe("1 code cell after it did not run");
  });

  it("gives up on a cell that never ends", async () => {
    const run = await execute(
      notebook(code("await new Promise(() => {});", null), code("1;", null)),
      "test-hangs",
      undefined,
      2,
    );
    expect(executionFailures(run.notebook)[0]).toContain("Timeout: no answer within 2 s");
  });

  it("reports a kernel that dies", async () => {
    const run = await execute(notebook(code("process.exit(3);", null), code("1;", null)), "test-dies");
    expect(executionFailures(run.notebook)).toEqual([
      "cell 1 of 2 (process.exit(3);): DeadKernel: the kernel died",
      "1 code cell after it did not run",
    ]);
  });
});
