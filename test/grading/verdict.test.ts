/** What is made of the cells of an exercise after they have run. */
import { expect, it } from "vitest";
import type { CodeCell, Output } from "../../tools/course/build/notebook";
import { HANDED_MIME, handedText } from "../../lib/notebook/exercise/handed";
import { shapeExercise } from "../../lib/lessons/00-start-here";
import type { Task } from "../../tools/course/teaching/judge-tasks";
import { verdictOn } from "../../tools/course/teaching/judge-verdict";

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
