/**
 * A check in two halves. The first calls the answer on each case and keeps what came of it; it has to run where the
 * answer lives. The second judges that; it needs no line of the learner's, and so may run in another process, where
 * nothing that a notebook has changed can reach it.
 */
import {
  answered,
  calledWith,
  firstDifference,
  isStub,
  mishap,
  partsOf,
  recognise,
  scoreOf,
  untidiness,
} from "./judge";
import { runOnce, type AnyFunction, type Answered, type Outcome as Called } from "./run";
import type { CheckResult, Exercise } from "./types";
import { showValue } from "./values";

const SECONDS = 10;

/** What became of the call on one case. */
export type Outcome = Called | { kind: "no function"; value: unknown };

export interface Examination {
  result: CheckResult;
  /** The learner's score where the exercise has one. */
  score: number | null;
  /** Whether answer and reference are both async or both not. */
  sameKind: boolean;
}

/**
 * Calls an answer on the cases of an exercise.
 * @param answer the learner's function, or whatever stands in its place
 * @returns what became of each call, up to the first that gave no value
 * @throws only the error of Interrupt
 */
export async function outcomesOf<F extends AnyFunction>(exercise: Exercise<F>, answer: unknown): Promise<Outcome[]> {
  if (typeof answer !== "function") return [{ kind: "no function", value: answer }];
  const outcomes: Outcome[] = [];
  for (const { args } of exercise.cases) {
    const outcome = await runOnce(answer as AnyFunction, args, exercise.seconds ?? SECONDS);
    outcomes.push(outcome);
    if (outcome.kind !== "value") break;
  }
  return outcomes;
}

/**
 * Judges what became of the calls, with right answers that it computes itself.
 * @throws {Error} if the exercise's own answer fails
 */
export async function judgeOutcomes<F extends AnyFunction>(
  exercise: Exercise<F>,
  outcomes: readonly Outcome[],
): Promise<Examination> {
  const got: Answered[] = [];
  for (const [i, { name }] of exercise.cases.entries()) {
    const outcome = outcomes.at(i);
    if (outcome === undefined) return wrong(`Case "${name}": no answer came back.`);
    if (outcome.kind === "no function") {
      return wrong(`The check needs a function; it got ${showValue(outcome.value)}.`);
    }
    if (isStub(outcome)) {
      return failed({
        status: "unsolved",
        message: "Replace the stub with your answer, run that cell, then this one again.",
      });
    }
    if (outcome.kind !== "value") {
      const lines = [`Case "${name}": ${mishap(outcome)}`, calledWith(exercise, i)];
      return wrong(lines.filter((text) => text !== null).join("\n"));
    }
    got.push(outcome);
  }
  const expected = await rightAnswers(exercise);
  const untidy = got.map(untidiness).find((message) => message !== null);
  const difference = firstDifference(exercise, got, expected);
  if (difference !== null) {
    const known = await recognise(exercise, got, exercise.seconds ?? SECONDS);
    const { result, ...rest } = known === null ? wrong(difference) : wrong(known.message, known.name);
    const parts = untidy ? null : partsOf(exercise, got, expected); // with all parts right it would get nothing
    return { result: { ...result, ...(parts !== null && { parts }) }, ...rest };
  }
  if (untidy) return wrong(untidy);
  return {
    result: { passed: true, status: "passed", message: "" },
    score: scoreOf(exercise, got[0]),
    sameKind: got.every((outcome, i) => outcome.async === expected[i].async),
  };
}

/** The right answer to each case. */
async function rightAnswers<F extends AnyFunction>(exercise: Exercise<F>): Promise<Answered[]> {
  const seconds = exercise.seconds ?? SECONDS;
  const answers: Answered[] = [];
  for (const { args, expected: known } of exercise.cases) {
    const right = answered(await runOnce(exercise.reference, args, seconds), exercise);
    const given = known && answered(await runOnce(known as AnyFunction, [], seconds), exercise);
    answers.push(given === undefined ? right : { ...right, value: given.value });
  }
  return answers;
}

function failed(result: Omit<CheckResult, "passed">): Examination {
  return { result: { passed: false, ...result }, score: null, sameKind: false };
}

/** An answer that is not right. */
export function wrong(message: string, misconception?: string): Examination {
  return failed({ status: "wrong", message, ...(misconception === undefined ? {} : { misconception }) });
}
