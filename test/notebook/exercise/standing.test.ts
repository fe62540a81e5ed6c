/** A check judges what stands in the answer's cell, by what the kernel tells of its cells: a stand-in tells it here. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { check } from "../../../lib/notebook/exercise/check";
import { notRun } from "../../../lib/notebook/exercise/not-run";
import { exerciseState } from "../../../lib/notebook/exercise/progress";
import { JUDGED_MIME, sourceHash, type CourseCells } from "../../../lib/notebook/exercise/standing";
import { captured, shownText } from "../captured";
import { temporaryFolder } from "../../support/folder";
import { double, type Double } from "./exercises";

const newFolder = temporaryFolder();
const kernel = globalThis as { courseCells?: CourseCells };
const twice: Double = (values) => values.map((value) => 2 * value);
const SOURCE = "const twice = (values: number[]) => values.map((value) => 2 * value);";

/** A kernel in which the cell of `twice` ran well, unless it says otherwise. */
function cells(told: Partial<CourseCells> = {}): CourseCells {
  return { lastFailure: () => null, sourceOf: (name) => (name === "twice" ? SOURCE : null), ...told };
}

/** A notebook with the answer's cell and the check's. */
const notebook = (answer: string, outputs: object[] = []) => ({
  cells: [
    { cell_type: "code", source: answer, metadata: { nbgrader: { grade_id: "99-double" } }, outputs: [] },
    { cell_type: "code", source: "", metadata: { nbgrader: { grade_id: "99-double-check" } }, outputs },
  ],
});

const session = process.env.JPY_SESSION_NAME;
afterEach(() => {
  delete kernel.courseCells;
  if (session === undefined) delete process.env.JPY_SESSION_NAME;
  else process.env.JPY_SESSION_NAME = session;
});

describe("a check", () => {
  it("does not judge an older answer when the cell's last run failed, and says what the run said", async () => {
    const message = "TypeScript: ')' expected.\n  at line 3 of `twice`";
    kernel.courseCells = cells({
      lastFailure: (names) => (names.includes("twice") ? { cell: 12, message } : null),
    });
    const { shown } = await captured(() => check(double, twice));
    const text = shown[0].bundle["text/plain"];
    expect(text).toContain("○ 99-double: not checked\n");
    expect(text).toContain("The last run of the cell with `twice` ([12]) failed");
    expect(text).toContain("`TypeScript: ')' expected. at line 3 of 'twice'`");
    expect(text).toMatch(/Mend that cell, run it, then this one again\.$/);
    expect(text).not.toMatch(/[✔✘]/);
    expect(shown[0].bundle).not.toHaveProperty(JUDGED_MIME);
    expect(await shownText(() => check(double, (values: number[]) => twice(values)))).toContain("✔"); // has no name
  });

  it("carries the hash of the source that it has judged", async () => {
    kernel.courseCells = cells();
    const { shown } = await captured(() => check(double, twice));
    expect(shown[0].bundle["text/plain"]).toContain("✔");
    expect(shown[0].bundle[JUDGED_MIME]).toEqual({ exercise: "99-double", source: sourceHash(SOURCE) });
  });

  it("is as before where the kernel tells nothing", async () => {
    const { shown } = await captured(() => check(double, twice));
    expect(Object.keys(shown[0].bundle)).toEqual(["text/html", "text/plain"]);
  });

  it("sees that the saved notebook holds another answer than the one that ran", async () => {
    const file = path.join(newFolder(), "99-answers.ipynb");
    process.env.JPY_SESSION_NAME = file;
    const save = (answer: string, at: number) => {
      fs.writeFileSync(file, JSON.stringify(notebook(answer)));
      fs.utimesSync(file, at / 1000, at / 1000);
    };
    const ran = Date.now();
    kernel.courseCells = cells({ ranAt: () => ran });
    save("const twice = mistyped(", ran + 5000);
    expect(await shownText(() => check(double, twice))).toContain("The cell with `twice` was edited since it was run.");
    save(`${SOURCE}  \r\n`, ran + 5000);
    expect(await shownText(() => check(double, twice))).toContain("✔");
    save("what stood there before it was edited and run", ran - 5000);
    expect(await shownText(() => check(double, twice))).toContain("✔");
    fs.writeFileSync(file, "half a note");
    expect(await shownText(() => check(double, twice))).toContain("✔");
  });
});

describe("a check in a kernel that has not run its lesson", () => {
  const lesson = "01-mixture-of-experts";
  const answer =
    "function gate(logits: number[], bias: number[], k: number, scale: number): number[] {\n  return [];\n}";
  const open = (source: string, outputs: object[]) => {
    const file = path.join(newFolder(), `${lesson}.ipynb`);
    const { cells } = notebook(source, outputs);
    [cells[0].metadata.nbgrader.grade_id, cells[1].metadata.nbgrader.grade_id] = ["01-gate", "01-gate-check"];
    fs.writeFileSync(file, JSON.stringify({ cells }));
    process.env.JPY_SESSION_NAME = file;
    return cells;
  };
  const judgedAs = (sign: string, source: string) => ({
    output_type: "display_data",
    data: {
      "text/plain": `${sign} The gate: said`,
      [JUDGED_MIME]: { exercise: "01-gate", source: sourceHash(source) },
    },
  });
  const said = async (missing: string[]) => {
    const { shown } = await captured(() => notRun("gateExercise", "gate", missing));
    expect(shown).toHaveLength(1);
    return shown[0].bundle;
  };
  /** What the index says when the notebook is saved with what the check shows now. */
  const after = (cells: ReturnType<typeof open>, bundle: object) => {
    cells[1].outputs = [{ data: bundle }];
    return exerciseState(cells, "01-gate");
  };

  it("names the answer's cell, and what was right stays right in the index, as often as one asks", async () => {
    const cells = open(answer, [judgedAs("✔", answer)]);
    const bundle = await said(["gate"]);
    const text = bundle["text/plain"] as string;
    expect(text).toContain("○ The gate: not checked");
    expect(text).toContain(
      "the cell with `function gate(logits: number[], bias: number[], k: number, …` has not been run",
    );
    expect(text).toContain("Run it, then this one again.");
    expect(text).toContain("was judged right before");
    expect(text).not.toMatch(/[✔✘]/);
    expect(after(cells, bundle)).toBe("solved");
    open(answer, [{ data: bundle }]);
    expect(after(cells, await said(["check", "gateExercise", "gate"]))).toBe("solved");
  });

  it.each([
    ["wrong stays wrong", answer, "✘", answer, "not right yet"],
    ["another text is another answer", `${answer} // edited`, "✔", answer, "changed since the check"],
  ])("%s", async (_, source, sign, judged, state) => {
    const cells = open(source, [judgedAs(sign, judged)]);
    const bundle = await said(["gate"]);
    expect(bundle["text/plain"]).not.toContain("judged right before");
    expect(after(cells, bundle)).toBe(state);
  });

  it("sends the reader to the top where nothing has run, and claims nothing that was not judged", async () => {
    const cells = open(answer, []);
    const bundle = await said(["check", "gateExercise", "gate"]);
    expect(bundle["text/plain"]).toContain("This kernel has not run the lesson yet");
    expect(bundle["text/plain"]).toContain("Run All Above Selected Cell");
    expect(bundle).not.toHaveProperty(JUDGED_MIME);
    expect(after(cells, bundle)).toBe("not checked yet");
  });

  it("says so without a notebook, too", async () => {
    delete process.env.JPY_SESSION_NAME;
    expect((await said(["gate"]))["text/plain"]).toContain("the cell with `gate` has not been run");
  });

  it("is an error for nbgrader, which counts by errors", () => {
    open(answer, [judgedAs("✔", answer)]);
    process.env.NBGRADER_EXECUTION = "autograde";
    try {
      expect(() => notRun("gateExercise", "gate", ["gate"])).toThrow("has not been run");
    } finally {
      delete process.env.NBGRADER_EXECUTION;
    }
  });
});

it("a check that judges nothing, since its cell failed, keeps on record what it had found before", async () => {
  const file = path.join(newFolder(), "99-answers.ipynb");
  process.env.JPY_SESSION_NAME = file;
  const judged = {
    data: { "text/plain": "✔ 99-double: right", [JUDGED_MIME]: { exercise: "99-double", source: sourceHash(SOURCE) } },
  };
  const { cells: saved } = notebook(SOURCE, [judged]);
  fs.writeFileSync(file, JSON.stringify({ cells: saved }));
  kernel.courseCells = cells({ lastFailure: () => ({ cell: 12, message: "')' expected" }) });
  const { shown } = await captured(() => check(double, twice));
  expect(shown[0].bundle["text/plain"]).toContain("not checked");
  const state = (source: string) => exerciseState(notebook(source, [{ data: shown[0].bundle }]).cells, "99-double");
  expect(state(SOURCE)).toBe("solved");
  expect(state(`${SOURCE} // mistyped`)).toBe("changed since the check");
});

describe("the index follows what was judged", () => {
  const judged = (text: string, source: string | null) => ({
    data: { "text/plain": text, ...(source === null ? {} : { [JUDGED_MIME]: { source: sourceHash(source) } }) },
  });
  const state = (answer: string, output: object) => exerciseState(notebook(answer, [output]).cells, "99-double");

  it.each([
    ["solved", SOURCE, judged("✔ Double: right", SOURCE)],
    ["solved", `\n${SOURCE}\r\n`, judged("✔ Double: right", SOURCE)],
    ["not right yet", SOURCE, judged("✘ Double: not right yet", SOURCE)],
    ["changed since the check", `${SOURCE} // edited`, judged("✔ Double: right", SOURCE)],
    ["changed since the check", `${SOURCE} // edited`, judged("✘ Double: not right yet", SOURCE)],
    ["not checked yet", SOURCE, judged("○ Double: not checked", null)],
    ["not checked yet", SOURCE, judged("○ Double: not solved yet", "the stub")],
    ["solved", SOURCE, judged("✔ Double: right", null)], // of an earlier version of the course
    ["not begun", 'throw new Error("Not implemented");', judged("✔ Double: right", SOURCE)],
    ["solved", `// throw new Error("Not implemented");\n${SOURCE}`, judged("✔ Double: right", null)],
    ["not checked yet", `/* throw new Error("Not implemented"); */\n${SOURCE}`, { text: "" }],
  ])("%s: %j", (expected, answer, output) => {
    expect(state(answer, output)).toBe(expected);
  });
});
