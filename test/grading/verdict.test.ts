/** What is made of the cells of an exercise after they have run. */
import { expect, it } from "vitest";
import type { CodeCell, Output } from "../../tools/course/build/notebook";
import { HANDED_MIME, handedText } from "../../lib/notebook/exercise/handed";
import { shapeExercise } from "../../lib/lessons/00-start-here";
import type { Task } from "../../tools/course/teaching/judge-tasks";
import { outputsOf, verdictOn } from "../../tools/course/teaching/judge-verdict";

const cell = (id: string, outputs: Output[]): CodeCell => ({
  cell_type: "code",
  id,
  metadata: { nbgrader: { grade_id: id, grade: id.endsWith("-check") } } as never,
  source: "",
  execution_count: 1,
  outputs,
});
const handing = (text: string): Output => ({
  output_type: "display_data",
  data: { [HANDED_MIME]: text },
  metadata: {},
});

it("takes one result, and none of several: only the learner's own code hands over another", async () => {
  const task: Task = { id: "00-shape", exercise: shapeExercise as unknown as Task["exercise"], handOver: "" };
  const right = await handedText(shapeExercise, shapeExercise.reference);
  const passed = async (...texts: string[]) => {
    const cells = [cell("00-shape", []), cell("00-shape-check", texts.map(handing))];
    const { result, final } = await verdictOn(task, { cells, trouble: null });
    return [result.passed, final, result.message];
  };
  expect(await passed(right)).toEqual([true, true, ""]);
  for (const other of [right, "[]", "nonsense"]) {
    expect(await passed(other, right)).toEqual([false, false, expect.stringContaining("more than one result")]);
  }
  expect(await passed()).toEqual([false, false, "it gave no answer."]);
});

it("counts by a number where some parts of the answer are right, and by an error where none is", () => {
  const task = { id: "02-bias-update", exercise: { id: "02-bias-update" } } as Task;
  const verdict = (right: string[]) => {
    const parts = { all: ["gates", "bias", "loads"], right };
    return {
      task,
      result: { passed: false, status: "wrong", message: "no", parts },
      score: null,
      final: true,
    } as const;
  };
  const counted = (right: string[]) => outputsOf(verdict(right), 2).at(-1);
  expect(counted(["gates"])).toMatchObject({ output_type: "execute_result", data: { "text/plain": "0.67" } });
  expect(counted(["gates", "loads"])).toMatchObject({ data: { "text/plain": "1.33" } });
  expect(counted([])).toMatchObject({ output_type: "error", evalue: "no" });
  const [shown] = outputsOf(verdict(["bias"]), 2);
  const text = "data" in shown ? shown.data["text/plain"] : "";
  expect(text).toContain("Right in every case: `bias`. Not yet: `gates`, `loads`.");
});
