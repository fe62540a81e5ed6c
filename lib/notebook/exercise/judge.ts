/**
 * What a check thinks of an answer: the same as the reference or not, which known mistake it is, and how to say so. A
 * message names the case, what came and what was expected, so that a learner can try the same call in a cell.
 */
import { host } from "../../host";
import { runOnce, withArguments, type AnyFunction, type Answered, type Outcome } from "./run";
import type { Answer, Exercise, Misconception, Parts } from "./types";
import { announcedExercise } from "./announced";
import { typedArguments } from "./typed";
import { difference, isRecord, kindDifference, showValue } from "./values";

/** What nbgrader's stub throws. */
const STUB_MESSAGE = "Not implemented";
/** How far apart numbers may be where an exercise says nothing else, relative to the larger. */
export const TOLERANCE = 1e-5;
/** Characters of a case's arguments in a message. */
const LONGEST_CALL = 240;

/** Whether the function still is the stub. */
export function isStub(outcome: Outcome): boolean {
  return outcome.kind === "threw" && outcome.error instanceof Error && outcome.error.message === STUB_MESSAGE;
}

/** A call that did not come back with a value, in words. */
export function mishap(outcome: Exclude<Outcome, Answered>): string {
  if (outcome.kind === "endless") {
    const limit = `${outcome.seconds} ${outcome.seconds === 1 ? "second" : "seconds"}`;
    return `your function had not come back after ${limit}. Does one of its loops never end?`;
  }
  const { error } = outcome;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : showValue(error);
  return `your function threw an error.\n\`${cut(text.replace(/\s+/g, " ").replaceAll("`", "'"), 300)}\``;
}

/**
 * @returns the outcome, which must be a value
 * @throws {Error} if the exercise's own answer fails: a fault of the exercise, not of the learner
 */
export function answered<F extends AnyFunction>(outcome: Outcome, exercise: Exercise<F>): Answered {
  if (outcome.kind === "value") return outcome;
  throw new Error(
    `The exercise ${exercise.id} is broken: ${mishap(outcome).replace("your function", "its own answer")}`,
  );
}

/** The first case in which the answers are not accepted, in words; null when all are. */
export function firstDifference<F extends AnyFunction>(
  exercise: Exercise<F>,
  got: Answered[],
  expected: Answered[],
): string | null {
  for (const [i, { name, args }] of exercise.cases.entries()) {
    const said = withArguments(args, (own) => judge(exercise, got[i].value, expected[i].value, own as Parameters<F>));
    if (said === null) continue;
    const lines = [`Case "${name}": ${/[.?!]$/.test(said) ? said : `${said}.`}`, calledWith(exercise, i)];
    // One number is in the sentence already.
    if (typeof got[i].value === "object" && exercise.accept === undefined) {
      lines.push(line("your answer", showValue(got[i].value)), line("expected", showValue(expected[i].value)));
    }
    return lines.filter((text) => text !== null).join("\n");
  }
  return null;
}

/**
 * An answer has parts where a record of several is asked for: each is right if it is in every case. None where nothing is
 * drawn (what is fixed can be guessed field by field), or where the exercise has its own way of comparing.
 */
export function partsOf<F extends AnyFunction>(
  { draw, compare, accept, tolerance = TOLERANCE }: Exercise<F>,
  got: Answered[],
  expected: Answered[],
): Parts | null {
  const [first] = expected.map(({ value }) => value);
  if (draw === undefined || compare !== undefined || accept !== undefined || !isRecord(first)) return null;
  const all = Object.keys(first);
  const isRight = (name: string) =>
    expected.every(({ value }, i) => {
      const own = got[i].value;
      return isRecord(own) && difference(own[name], (value as typeof first)[name], tolerance) === null;
    });
  const right = all.filter(isRight);
  // With all of them right, what is wrong is something else: a field too many.
  return all.length < 2 || right.length === all.length ? null : { all, right };
}

/**
 * How to make the same call: the arguments, whole and as they can be typed; or, where they are long or no text makes
 * them, the call of a function that does. Null where there are none.
 */
export function calledWith<F extends AnyFunction>({ id, cases }: Exercise<F>, index: number): string | null {
  const text = withArguments(cases[index].args, typedArguments);
  if (text === "") return null;
  if (text !== null && text.length <= LONGEST_CALL && !/[`\n]/.test(text)) return line("called with", text);
  const { exercise, answer } = announcedExercise(id)?.names ?? { exercise: "exercise", answer: "answer" };
  return line("the same call", `${answer}(...${exercise}.${cases[index].inputs ?? `inputs(${index + 1})`})`);
}

function line(name: string, value: string): string {
  return `${name}: \`${value.replaceAll("`", "'")}\``;
}

function cut(text: string, length: number): string {
  // Not between the two halves of a character.
  return text.length > length ? `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…` : text;
}

/** What is wrong about one answer; null when nothing is. */
function judge<F extends AnyFunction>(
  exercise: Exercise<F>,
  got: unknown,
  expected: unknown,
  args: Parameters<F>,
): string | null {
  const kind = kindDifference(got, expected);
  if (kind !== null) return kind;
  if (exercise.accept) {
    const said = guarded(() => exercise.accept?.(got as Answer<F>, expected as Answer<F>, args) ?? true);
    return said === true ? null : said;
  }
  if (sameAnswer(exercise, got, expected, args)) return null;
  return difference(got, expected, exercise.tolerance ?? TOLERANCE) ?? "this is not the answer that is expected";
}

/** Milliseconds that an exercise's own code may take over an answer: a count in it may be as large as it likes. */
const LONGEST_JUDGEMENT = 3000;

/** The exercise's own code, called with whatever a learner's function has returned. */
function guarded(accept: () => true | string): true | string {
  try {
    return host.limited(LONGEST_JUDGEMENT, accept)?.value ?? "your answer takes too long to be judged";
  } catch (error) {
    return `your answer cannot be used (${error instanceof Error ? error.message : String(error)})`;
  }
}

function sameAnswer<F extends AnyFunction>(
  exercise: Exercise<F>,
  a: unknown,
  b: unknown,
  args: Parameters<F>,
): boolean {
  if (difference(a, b, exercise.tolerance ?? TOLERANCE) === null) return true;
  if (exercise.compare === undefined || kindDifference(a, b) !== null) return false;
  try {
    const { compare } = exercise;
    return host.limited(LONGEST_JUDGEMENT, () => compare(a as Answer<F>, b as Answer<F>, args))?.value ?? false;
  } catch {
    return false; // a value of another make than the exercise expects
  }
}

/** The first misconception that gives the learner's answers in all cases. */
export async function recognise<F extends AnyFunction>(
  exercise: Exercise<F>,
  got: Answered[],
  seconds: number,
): Promise<Misconception<F> | null> {
  for (const misconception of exercise.misconceptions) {
    if (await givesSame(exercise, misconception, got, seconds)) return misconception;
  }
  return null;
}

async function givesSame<F extends AnyFunction>(
  exercise: Exercise<F>,
  misconception: Misconception<F>,
  got: Answered[],
  seconds: number,
): Promise<boolean> {
  for (const [i, { args }] of exercise.cases.entries()) {
    const outcome = await runOnce(misconception.answer as unknown as AnyFunction, args, seconds);
    if (outcome.kind !== "value") return false;
    if (!withArguments(args, (own) => sameAnswer(exercise, got[i].value, outcome.value, own as Parameters<F>)))
      return false;
  }
  return true;
}

/** What a right answer does with tensors that it should not; null when nothing. */
export function untidiness({ leaked, inputsFreed }: Answered): string | null {
  if (inputsFreed) {
    return (
      "The numbers are right, but your function disposes of a tensor that it was given. Whoever gave it may still need " +
      "it: dispose only of what you make."
    );
  }
  if (leaked <= 0) return null;
  const tensors = leaked === 1 ? "one tensor" : `${leaked} tensors`;
  const remedy = "Put the work into `tf.tidy(() => …)`: it frees all that is not returned.";
  return `The numbers are right, but each call leaves ${tensors} behind. ${remedy}`;
}

/** The learner's score on the first case, or null where the exercise has none. */
export function scoreOf<F extends AnyFunction>(exercise: Exercise<F>, got: Answered): number | null {
  const { score, cases } = exercise;
  if (score === undefined) return null;
  return withArguments(cases[0].args, (args) => score.of(got.value as Answer<F>, args as Parameters<F>));
}
