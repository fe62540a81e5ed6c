/** The ladder: which exercise makes which part of a model, and which parts are the learner's by now. */
import type { DecodingParts } from "../../inference/decode";
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

/** The exercise of each part that stands in the model: what is right in it can stand there. */
const EXERCISES = {
  rmsNorm: rmsNormExercise,
  rotate: rotateExercise,
  remember: rememberExercise,
  naive: naiveExercise,
  absorbed: absorbedExercise,
  route: routeExercise,
  experts: expertsExercise,
  block: blockExercise,
  mtp: mtpExercise,
  distribution: distributionExercise,
} satisfies { [Part in PartName]: { reference: DecodingParts[Part] } };

/** The same, whatever their functions take and give. (Loss and bias update belong to a model's training.) */
export const PART_EXERCISES = EXERCISES as unknown as { [Part in PartName]: Exercise<AnyFunction> };

export const PART_NAMES = Object.keys(PART_EXERCISES) as PartName[];

export type Answers = { [Part in PartName]?: AnyFunction };

export interface OwnParts {
  /** What was given, right or not. */
  answers: Answers;
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
export async function ownParts(answers: Answers): Promise<OwnParts> {
  const own: PartName[] = [];
  for (const name of PART_NAMES) {
    const answer = answers[name];
    if (answer === undefined || answer.constructor.name === "AsyncFunction") continue; // a model's parts don't wait
    if ((await evaluate(PART_EXERCISES[name], answer)).passed) own.push(name);
  }
  return {
    answers,
    parts: Object.fromEntries(own.map((name) => [name, answers[name]])),
    own,
    missing: PART_NAMES.filter((name) => !own.includes(name)),
  };
}
