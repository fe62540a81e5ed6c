/**
 * What an exercise is made of, and what a check finds. Title, difficulty, minutes, points and hints are no part of it:
 * they stand in the lesson's master (announced.ts reads them).
 */
import type { AnyFunction } from "./run";
import type { Plain } from "./values";

/** What a function of the exercise's kind returns, as comparisons see it: a tensor as its shape and values. */
export type Answer<F extends AnyFunction> = Plain<Awaited<ReturnType<F>>>;

/** Arguments on which answers are compared. */
export interface Case<F extends AnyFunction> {
  /** What is special about it, in a few words: "negative scores, four groups of three". */
  name: string;
  /** The arguments. A function makes them where they hold tensors: they are freed after each call. */
  args: Parameters<F> | (() => Parameters<F>);
  /** The right answer where it is known from elsewhere, such as from another implementation; else the reference gives it. */
  expected?: () => Awaited<ReturnType<F>>;
  /** For a case that is not written: the member of the exercise that makes its arguments, "drawn(123, 2)". */
  inputs?: string;
}

/** A wrong answer that people give. */
export interface Misconception<F extends AnyFunction> {
  /** A few words: "softmax instead of sigmoid". */
  name: string;
  /** The function that someone with this idea writes. */
  answer: (...args: Parameters<F>) => ReturnType<F>;
  /** What is wrong about it, and where to look: one to three short sentences. */
  message: string;
}

export interface Exercise<F extends AnyFunction> {
  /** The lesson's number and a word: "01-gate". The same as the grade_id of the answer's cell. */
  id: string;
  /** The right answer. */
  reference: F;
  cases: Case<F>[];
  misconceptions: Misconception<F>[];
  /**
   * The arguments of one more case (drawn.ts), the same for the same seed, a whole number of 32 bits: such as the
   * exercise's text allows, far from ties and from borders of rounding, and cheap. Left out where the text fixes the
   * arguments.
   */
  draw?: (seed: number) => Parameters<F>;
  /** How far apart two numbers may be, relative to the larger; 1e-5 unless said. */
  tolerance?: number;
  /**
   * Whether two answers are the same answer, where comparing them value by value is too strict (another order). It has
   * to hold both ways: it also compares with the misconceptions.
   */
  compare?: (a: Answer<F>, b: Answer<F>, args: Parameters<F>) => boolean;
  /**
   * For design tasks, where many answers are right: true, or what is not good about this one. Misconceptions are still
   * compared value by value.
   */
  accept?: (got: Answer<F>, reference: Answer<F>, args: Parameters<F>) => true | string;
  /** What a right answer costs or gains on the first case, shown beside DeepSeek-V3's. */
  score?: { name: string; unit: string; of: (got: Answer<F>, args: Parameters<F>) => number; v3: number };
  /** Time for one call; 10 unless said. */
  seconds?: number;
}

/** An exercise as lessons have it. */
export interface DefinedExercise<F extends AnyFunction> extends Exercise<F> {
  /**
   * The arguments of its n-th case, to call a function with in a cell: gate(...gateExercise.inputs(1)).
   * @throws {Error} if there is no such case
   */
  inputs(n: number): Parameters<F>;
  /**
   * Those of the n-th case that is drawn from a seed, as messages call it: gate(...gateExercise.drawn(123, 2)).
   * @throws {Error} if the exercise draws none, or there is no such case
   */
  drawn(seed: number, n: number): Parameters<F>;
}

export interface CheckResult {
  passed: boolean;
  /** "unsolved" while the stub stands; "stale" where the cell holds another answer than the one that could be judged. */
  status: "passed" | "wrong" | "unsolved" | "stale";
  /** What the learner reads, without the heading. */
  message: string;
  /** The name of the misconception that was recognised. */
  misconception?: string;
  /** Of an answer with parts that is not right: those that are, in all cases. */
  parts?: Parts;
}

/** The fields of an answer that are asked for, and those of them that are right. */
export interface Parts {
  all: string[];
  right: string[];
}
