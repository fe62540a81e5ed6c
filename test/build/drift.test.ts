import { describe, expect, it } from "vitest";
import { outputDrift, sourceDrift } from "../../tools/course/build/drift";
import { PLOTLY } from "../../tools/course/build/notebook";
import { CHECK, code, notebook, prose, shown, stdout } from "./sample";

describe("sourceDrift", () => {
  it("is null for the same cells, whatever their outputs", () => {
    expect(
      sourceDrift(notebook(prose("#"), code("a", 1, [stdout("x")])), notebook(prose("#"), code("a", null))),
    ).toBeNull();
  });

  it("names the first edited cell and shows both lines", () => {
    const drift = sourceDrift(notebook(prose("#"), code("a\nb", 1)), notebook(prose("#"), code("a\nc", null)));
    expect(drift).toBe('cell 2 of 2 (a): line 2: the notebook has "b", the master "c"');
  });

  it("finds an added, a missing and a changed cell", () => {
    expect(sourceDrift(notebook(prose("#"), prose("new")), notebook(prose("#")))).toContain(
      "the master has no such cell",
    );
    expect(sourceDrift(notebook(prose("#")), notebook(prose("#"), prose("new")))).toContain(
      "the notebook has no such cell",
    );
    expect(sourceDrift(notebook(prose("a")), notebook(code("a", null)))).toContain(
      "a markdown cell, the master has a code cell",
    );
  });

  it("finds edited metadata, such as points or a tag", () => {
    expect(sourceDrift(notebook(code("a", 1, [], CHECK)), notebook(code("a", null)))).toContain("its metadata is");
    expect(sourceDrift({ ...notebook(), metadata: { kernelspec: {} } }, notebook())).toContain("own metadata");
  });
});

describe("outputDrift", () => {
  it("compares printed text of streams and rich outputs", () => {
    const before = notebook(code("a", 1, [stdout("one\n"), shown({ "text/plain": "37.5 billion" })]));
    expect(outputDrift(before, structuredClone(before))).toEqual([]);
    const after = notebook(code("a", 1, [stdout("one\n"), shown({ "text/plain": "37.6 billion" })]));
    expect(outputDrift(before, after)).toEqual([
      'cell 1 of 1 (a): line 2: the notebook has "37.5 billion", a fresh run "37.6 billion"',
    ]);
  });

  it("leaves out cells tagged timing", () => {
    const timed = (text: string) => notebook(code("a", 1, [stdout(text)], { tags: ["timing"] }));
    expect(outputDrift(timed("12 ms"), timed("15 ms"))).toEqual([]);
  });

  it("compares what is plotted, up to the last digits", () => {
    const plotted = (y: unknown[]) => notebook(code("a", 1, [shown({ [PLOTLY]: { data: [{ y }] } })]));
    expect(outputDrift(plotted([1, 2]), plotted([1.000001, 2]))).toEqual([]);
    expect(outputDrift(plotted([1, 2]), plotted([1, 2.1]))).toEqual([
      "cell 1 of 1 (a): figure.0.data.0.y.1 was 2, is now 2.1",
    ]);
    expect(outputDrift(plotted([1, 2]), plotted([1]))).toEqual([
      "cell 1 of 1 (a): figure.0.data.0.y had 2 values, has now 1",
    ]);
    expect(outputDrift(plotted([1, "x"]), plotted([1, "z"]))[0]).toContain('was "x", is now "z"');
  });
});
