/**
 * Cases that are drawn. The written cases of an exercise stand in its file, so that their results can be known by heart;
 * an exercise that makes arguments from a seed (`draw`) gets further cases. Lesson and terminal draw from one seed for
 * ever, so that a lesson says the same each time; each graded submission has its own.
 */
import type { AnyFunction } from "./run";
import type { Case, Exercise } from "./types";

// As it is before any cell has run.
const { imul } = Math;

/** Which cases are drawn, and how many. */
export interface Draws {
  /** A whole number of 32 bits. */
  seed: number;
  count: number;
}

/** What a check in a lesson draws, and `npm run check`. */
export const LESSON_DRAWS: Draws = { seed: 1, count: 2 };

/** Cases that a grading draws: where few answers are possible, a guess is right by chance in one of them, not in all. */
export const GRADED_CASES = 6;

/** The exercise with drawn cases behind the written ones; as it is where it draws none. */
export function withDrawn<F extends AnyFunction>(exercise: Exercise<F>, { seed, count }: Draws): Exercise<F> {
  if (exercise.draw === undefined) return exercise;
  const drawn = Array.from({ length: count }, (_, i): Case<F> => {
    const n = i + 1;
    return {
      name: `drawn at random, seed ${seed}, case ${n}`,
      args: () => drawnArguments(exercise, seed, n), // the same at each call
      inputs: `drawn(${seed}, ${n})`,
    };
  });
  return { ...exercise, cases: [...exercise.cases, ...drawn] };
}

/**
 * The arguments of the n-th drawn case of a seed, from 1 on.
 * @throws {Error} if the exercise draws none, or there is no such case
 */
export function drawnArguments<F extends AnyFunction>(
  { id, draw }: Exercise<F>,
  seed: number,
  n: number,
): Parameters<F> {
  if (draw === undefined) throw new Error(`drawn: ${id} has no cases but those that are written`);
  if (!Number.isInteger(n) || n < 1) throw new Error(`drawn: cases are counted from 1; got ${n}`);
  return draw((seed ^ imul(n, 0x9e3779b1)) >>> 0); // each case has a seed of its own
}
