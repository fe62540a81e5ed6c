/* What comes of one exercise, from the cells as they ran: judged here, where no line of the learner's has run. */
import { judgeOutcomes, wrong, type Examination, type Outcome } from "../../../lib/notebook/exercise/examine";
import { feedback } from "../../../lib/notebook/exercise/feedback";
import { HANDED_MIME, handedOutcomes } from "../../../lib/notebook/exercise/handed";
import { bundles, type CodeCell, type Output } from "../build/notebook";
import { MEGABYTES, type Ran, type Trouble } from "./judge-run";
import { findCode, type Task } from "./judge-tasks";

export interface Verdict extends Pick<Examination, "result" | "score"> {
  task: Task;
  /** Whether the answer came out of its kernel and was judged for what it is: no other run would find anything else. */
  final: boolean;
}

const TROUBLES: Record<Trouble["kind"], string> = {
  ended: "the kernel ended while it ran. Does something in it end the process, or take all memory?",
  busy: "it did not end, and could not be interrupted. Does one of its loops never end?",
  flood: "it prints without end.",
  garbled: "its kernel says nothing that can be read since. Does it give JavaScript's own functions another meaning?",
  memory: `it takes more than ${MEGABYTES} MB of memory.`,
  time: "the time for the whole notebook was over.",
};

/** The error that a cell ended with. */
function errorOf(cell: CodeCell | undefined): string | null {
  const error = cell?.outputs.find((output) => output.output_type === "error");
  return error === undefined ? null : `${error.ename}: ${error.evalue}`.split("\n")[0];
}

/** What the test cell of an exercise has handed over: one text, unless the learner's own code hands over something too. */
export function handedBy({ id }: Pick<Task, "id">, { cells }: Ran): string[] {
  const test = findCode(cells, `${id}-check`);
  const texts = (test === undefined ? [] : bundles(test)).map((bundle) => bundle[HANDED_MIME]);
  return texts.filter((value): value is string => typeof value === "string");
}

/** Judges an exercise by what its cells have left. */
export async function verdictOn(task: Task, ran: Ran): Promise<Verdict> {
  const { cells, trouble } = ran;
  const [answer, test] = [findCode(cells, task.id), findCode(cells, `${task.id}-check`)];
  const not = (message: string): Verdict => ({ task, ...wrong(message), final: false });
  const harmed = trouble === null ? undefined : cells[trouble.cell];
  if (trouble !== null && harmed !== undefined && (harmed === answer || harmed === test)) {
    return not(TROUBLES[trouble.kind]);
  }
  const failed = errorOf(answer);
  if (failed !== null) return not(`its cell fails. ${failed}`);
  const handed = handedBy(task, ran);
  if (handed.length > 1)
    return not("more than one result was handed over. Does a cell of the notebook do that itself?");
  let outcomes: Outcome[] | null;
  try {
    outcomes = handed.length === 0 ? null : handedOutcomes(handed[0]);
  } catch {
    return not("what it gave can't be read.");
  }
  if (outcomes === null) {
    const error = errorOf(test);
    if (error !== null) return not(`its answer could not be called. ${error}`);
    return not(
      trouble === null ? "it gave no answer." : "it was not run: a cell before it brought the kernel to harm.",
    );
  }
  const judged = await judgeOutcomes(task.exercise, outcomes);
  const { status } = judged.result;
  return { task, ...judged, final: status !== "wrong" || outcomes.at(-1)?.kind === "endless" };
}

/** What a check says in the lesson, as its output. */
export function said({ task, result, score }: Verdict) {
  return feedback(task.exercise, result, { score, judged: null, wrong: 0 });
}

/**
 * The outputs of a test cell: what the check says and, where it is not passed, that by which nbgrader counts: a result that
 * is a number of points, for the parts that are right, or an error.
 *
 * @param points of the exercise
 */
export function outputsOf(verdict: Verdict, points: number): Output[] {
  const shown: Output = { output_type: "display_data", data: said(verdict), metadata: {} };
  const { passed, message, parts } = verdict.result;
  if (passed) return [shown];
  const share = parts === undefined ? 0 : parts.right.length / parts.all.length;
  if (share === 0) return [shown, { output_type: "error", ename: "Error", evalue: message, traceback: [message] }];
  const data = { "text/plain": String(Math.round(100 * points * share) / 100) };
  return [shown, { output_type: "execute_result", data, metadata: {}, execution_count: null }];
}
