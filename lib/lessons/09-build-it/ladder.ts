/** The ladder: which exercise makes which part of a model, and which parts are the learner's by now. */
import type { DecodingParts } from "../../inference/decode";
import { distribution } from "../../inference/sampling";
import { LIB_PARTS } from "../../model/parts";
import { evaluate, type AnyFunction, type Exercise } from "../../notebook/exercise/check";
import { rmsNormExercise } from "./exercise-1-rms-norm";
import { rotateExercise } from "./exercise-2-rotate";
import { rememberExercise } from "./exercise-3-remember";
import { naiveExercise } from "./exercise-4-naive";
import { absorbedExercise } from "./exercise-5-absorbed";
import { routeExercise } from "./exercise-6-route";
import { expertsExercise } from "./exercise-7-experts";
import { blockExercise } from "./exercise-8-block";
import { mtpExercise } from "./exercise-9-mtp";
import { distributionExercise } from "./exercise-12-distribution";

export { listed } from "../../notebook/format";

export type PartName = keyof DecodingParts;

/** An exercise whatever its function takes and gives. */
const any = <F extends AnyFunction>(exercise: Exercise<F>) => exercise as unknown as Exercise<AnyFunction>;

/** The exercise of each part that stands in the model. (Loss and bias update belong to its training.) */
export const PART_EXERCISES: { [Part in PartName]: Exercise<AnyFunction> } = {
  rmsNorm: any(rmsNormExercise),
  rotate: any(rotateExercise),
  remember: any(rememberExercise),
  naive: any(naiveExercise),
  absorbed: any(absorbedExercise),
  route: any(routeExercise),
  experts: any(expertsExercise),
  block: any(blockExercise),
  mtp: any(mtpExercise),
  distribution: any(distributionExercise),
};

export const PART_NAMES = Object.keys(PART_EXERCISES) as PartName[];

/** Lib's own of all of them. */
export const LIB_DECODING_PARTS: DecodingParts = { ...LIB_PARTS, distribution };

export interface OwnParts {
  /** Those of the answers that pass their check. */
  parts: Partial<DecodingParts>;
  own: PartName[];
  /** Those that lib has to stand in for. */
  missing: PartName[];
}

/**
 * Checks the answers and keeps those that are right. Shows nothing.
 *
 * @param answers what the learner has written by now, by the names of the parts
 */
export async function ownParts(answers: { [Part in PartName]?: AnyFunction }): Promise<OwnParts> {
  const own: PartName[] = [];
  for (const name of PART_NAMES) {
    const answer = answers[name];
    if (answer === undefined || answer.constructor.name === "AsyncFunction") continue; // a model's parts don't wait
    if ((await evaluate(PART_EXERCISES[name], answer)).passed) own.push(name);
  }
  return {
    parts: Object.fromEntries(own.map((name) => [name, answers[name]])),
    own,
    missing: PART_NAMES.filter((name) => !own.includes(name)),
  };
}
