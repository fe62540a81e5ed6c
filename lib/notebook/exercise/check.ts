/**
 * Exercises and their checks. An exercise knows the right answer (a function of lib), the cases on which answers are
 * compared, how more of them are drawn, and the wrong answers that people really give, each with a message that names the
 * mistake. A check runs a learner's function on the cases and says, in this order: right; or which known mistake it is; or
 * where the first difference lies. Nothing that the function does makes the check itself fail.
 */
import { host } from "../../host";
import { display } from "../display";
import { drawnArguments, LESSON_DRAWS, withDrawn } from "./drawn";
import { judgeOutcomes, outcomesOf, type Examination } from "./examine";
import { feedback } from "./feedback";
import { copyArguments, type AnyFunction } from "./run";
import { judgedSource, keptInOpenNotebook, staleness } from "./standing";
import type { CheckResult, DefinedExercise, Exercise } from "./types";

export type { AnyFunction } from "./run";
export type { Answer, Case, CheckResult, DefinedExercise, Exercise, Misconception } from "./types";

/**
 * An exercise, with its types checked and its parts complete.
 * @throws {Error} if its id is of another form than "01-gate", or it has no cases
 */
export function defineExercise<F extends AnyFunction>(exercise: Exercise<F>): DefinedExercise<F> {
  const { id, cases, misconceptions } = exercise;
  if (!/^\d\d-[a-z0-9-]+$/.test(id)) throw new Error(`defineExercise: the id "${id}" should be like "01-gate"`);
  if (cases.length === 0) throw new Error(`defineExercise: ${id} has no cases`);
  // A lesson's cell holds the exercise in its hands: no line of it may change what is right.
  for (const part of [...cases, cases, ...misconceptions, misconceptions]) Object.freeze(part);
  for (const { args } of cases) freezeLists(args);
  const inputs = (n: number): Parameters<F> => {
    const { args } = cases[n - 1] ?? {};
    if (args === undefined) throw new Error(`inputs: ${id} has the cases 1 to ${cases.length}; got ${n}`);
    return typeof args === "function" ? args() : (copyArguments(args) as Parameters<F>);
  };
  const drawn = (seed: number, n: number): Parameters<F> => drawnArguments(exercise, seed, n);
  return Object.freeze({ ...exercise, inputs, drawn });
}

/** Freezes lists within lists: a case whose arguments are written out. */
function freezeLists(value: unknown): void {
  if (Array.isArray(value)) Object.freeze(value).forEach(freezeLists);
}

/** How often each exercise was answered wrongly since the kernel started. */
const wrongAnswers = new Map<string, number>();

/**
 * Checks an answer and shows what came out, or that the answer's cell holds another one by now. Never throws, whatever
 * the function does; only Interrupt ends it. (While nbgrader runs the notebook it throws unless the answer is right: that
 * is how nbgrader counts.) Returns nothing, since the kernel prints what a cell's last line returns.
 *
 * @param answer the learner's function; it may be async
 */
export async function check<F extends AnyFunction>(exercise: Exercise<F>, answer: AnyFunction): Promise<void> {
  const stale = staleness(exercise.id, answer);
  const { result, score } =
    stale === null
      ? await examine(exercise, answer)
      : { result: { passed: false, status: "stale", message: stale } as const, score: null };
  if (result.status === "wrong") wrongAnswers.set(exercise.id, (wrongAnswers.get(exercise.id) ?? 0) + 1);
  const source = stale === null ? judgedSource(answer) : null;
  const judged = stale === null ? (source === null ? null : { source }) : keptInOpenNotebook(exercise.id);
  display(feedback(exercise, result, { score, judged, wrong: wrongAnswers.get(exercise.id) ?? 0 }));
  // nbgrader counts a test cell as passed unless it throws; a learner's lesson runs on whatever the answer is.
  if (host.setting("NBGRADER_EXECUTION") !== undefined) assertSolved(result);
}

/** The same check as data; shows nothing. */
export async function evaluate<F extends AnyFunction>(
  exercise: Exercise<F>,
  answer: AnyFunction,
): Promise<CheckResult> {
  return (await examine(exercise, answer)).result;
}

/**
 * The learner's function if it passes, else the reference: a lesson goes on with it, solved or not. Shows nothing.
 * An async answer to an exercise that has a plain reference passes the check, but the lesson goes on with the reference.
 */
export async function solvedOr<F extends AnyFunction>(exercise: Exercise<F>, answer: AnyFunction): Promise<F> {
  const { result, sameKind } = await examine(exercise, answer);
  return result.passed && sameKind ? (answer as unknown as F) : exercise.reference;
}

/**
 * Turns a result that did not pass into an error: a graded run counts a cell that throws as wrong.
 * @throws {Error} with the check's message
 */
export function assertSolved(result: CheckResult): void {
  if (!result.passed) throw new Error(result.message);
}

async function examine<F extends AnyFunction>(exercise: Exercise<F>, answer: AnyFunction): Promise<Examination> {
  const all = withDrawn(exercise, LESSON_DRAWS);
  return judgeOutcomes(all, await outcomesOf(all, answer));
}
