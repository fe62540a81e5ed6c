import { describe, expect, it } from "vitest";
import { PLOTLY, PNG } from "../../tools/course/build/notebook";
import { executionFailures, missingImages, sizeFailures, verdictFailures } from "../../tools/course/build/verify";
import { CHECK, code, notebook, prose, shown, stderr, stdout } from "./sample";

describe("executionFailures", () => {
  it("finds nothing in a notebook that ran from the top", () => {
    expect(executionFailures(notebook(code("1", 1), prose("text"), code("2", 2, [stdout("two")])))).toEqual([]);
  });

  it("names the cell that threw and counts those that did not run after it", () => {
    const thrown = code("boom();\nmore();", 2, [
      { output_type: "error", ename: "Error", evalue: "no fuse", traceback: [] },
    ]);
    expect(executionFailures(notebook(prose("#"), code("1", 1), thrown, code("3", null), code("4", null)))).toEqual([
      "cell 3 of 5 (boom();): Error: no fuse",
      "2 code cells after it did not run",
    ]);
  });

  it("fails a cell that printed to stderr though it ended well", () => {
    const failures = executionFailures(notebook(code("warn();", 1, [stderr("careful\n")]), code("2", 2)));
    expect(failures).toEqual(["cell 1 of 2 (warn();): it printed to stderr: careful"]);
  });

  it("fails a cell that the kernel skipped", () => {
    const failures = executionFailures(notebook(code("1", 1), code("2", null), code("3", 2)));
    expect(failures).toEqual(["cell 2 of 3 (2): it was skipped: it has no execution count"]);
  });

  it("fails cells that ran out of order or twice", () => {
    expect(executionFailures(notebook(code("1", 1), code("2", 5)))).toEqual([
      "cell 2 of 2 (2): it ran as number 5, not as number 2",
    ]);
  });
});

describe("missingImages", () => {
  it("wants an image/png in the same output as a plot", () => {
    const bare = shown({ [PLOTLY]: { data: [] }, "text/plain": "a plot" });
    const drawn = shown({ [PLOTLY]: { data: [] }, [PNG]: "iVBOR" });
    expect(missingImages(notebook(code("a", 1, [drawn]), code("b", 2, [stdout("x")])))).toEqual([]);
    expect(missingImages(notebook(code("a", 1, [drawn, bare])))[0]).toContain(
      "cell 1 of 1 (a): a plot has no image/png",
    );
  });
});

describe("verdictFailures", () => {
  const saying = (text: string) => notebook(code("await check(…)", 1, [shown({ "text/plain": text })], CHECK));

  it("reads the verdict of a check cell from its text", () => {
    expect(verdictFailures(saying("✔ The gate: right"), "passed")).toEqual([]);
    expect(verdictFailures(saying("The gate: not solved yet"), "not solved yet")).toEqual([]);
  });

  it("tells a wrong answer, an unsolved one and a silent check from a passed one", () => {
    expect(verdictFailures(saying("✘ The gate: softmax"), "passed")[0]).toContain('says "wrong", not "passed"');
    expect(verdictFailures(saying("The gate: not solved yet"), "passed")[0]).toContain('says "not solved yet"');
    expect(verdictFailures(saying(""), "passed")[0]).toContain('says "nothing"');
  });

  it("looks at check cells only", () => {
    expect(verdictFailures(notebook(code("1", 1, [stdout("✘ not a check")])), "passed")).toEqual([]);
  });
});

describe("sizeFailures", () => {
  it("allows less than 3 MB", () => {
    expect(sizeFailures(2_999_999)).toEqual([]);
    expect(sizeFailures(3_400_000)[0]).toContain("3.40 MB");
  });
});
