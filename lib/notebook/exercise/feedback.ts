/**
 * How a check answers a learner: one box with a coloured edge, a heading with a sign that also works without colour,
 * what was found, and where to go from here. The plain text says the same in the same words. Title and points are those
 * of the lesson's master; without it, the id serves as title.
 */
import { host } from "../../host";
import type { MimeBundle } from "../display";
import type { AnyFunction } from "./run";
import type { CheckResult, Exercise, Parts } from "./types";
import { fixed, whole } from "../format";
import { BAD, escapeHtml, GOOD, inlineHtml, NEUTRAL } from "../html";
import { linkTo } from "../source";
import { announcedExercise } from "./announced";
import { type Judgement, JUDGED_MIME } from "./standing";

const SIGNS = {
  passed: { sign: "✔", colour: GOOD },
  wrong: { sign: "✘", colour: BAD },
  unsolved: { sign: "○", colour: NEUTRAL },
  stale: { sign: "○", colour: NEUTRAL },
} as const;

export interface Circumstances {
  /** The learner's score where the exercise has one. */
  score: number | null;
  /** What was judged, now or before, where it is known. */
  judged: Judgement | null;
  /** How often this exercise was answered wrongly, this answer included. */
  wrong: number;
}

/** The box for a check's result. */
export function feedback<F extends AnyFunction>(
  exercise: Pick<Exercise<F>, "id" | "score">,
  result: CheckResult,
  { score, judged, wrong }: Circumstances,
): MimeBundle {
  const { sign, colour } = SIGNS[result.status];
  const announced = announcedExercise(exercise.id);
  const heading = `${sign} ${withOutcome(announced?.title ?? exercise.id, outcome(result, announced?.points))}`;
  const solution = announced === undefined ? null : solutionOf(announced.lesson);
  const body = [
    ...(result.misconception === undefined ? [] : [`This looks like: ${result.misconception}.`]),
    ...(result.message === "" ? [] : [result.message]),
    ...(result.parts === undefined || result.parts.right.length === 0 ? [] : [partsSaid(result.parts)]),
    ...(score === null || exercise.score === undefined ? [] : [comparison(exercise.score, score)]),
    ...(result.status === "wrong" ? ["Stuck? Unfold a hint: click the triangle beside Hint 1, below."] : []),
  ];
  const way =
    solution === null
      ? null
      : result.status === "passed"
        ? "To compare with the reference solution, open"
        : result.status === "wrong" && wrong > 1
          ? "If the hints don't help, see the solution in"
          : null;
  const html = [
    `<div style="border-left: 4px solid ${colour}; padding: 2px 0 2px 12px; margin: 4px 0">`,
    `<div style="font-weight: bold; color: ${colour}">${inlineHtml(heading)}</div>`,
    ...body.map((part) => `<div style="margin-top: 4px">${inlineHtml(part)}</div>`),
    ...(way === null || solution === null
      ? []
      : [
          `<div style="margin-top: 4px">${way} <a href="${escapeHtml(linkTo(solution))}">${escapeHtml(solution)}</a></div>`,
        ]),
    "</div>",
  ];
  return {
    "text/html": html.join(""),
    "text/plain": [heading, ...body, ...(way === null ? [] : [`${way} ${solution}`])].join("\n"),
    ...(judged === null ? {} : { [JUDGED_MIME]: { exercise: exercise.id, ...judged } }),
  };
}

/** The notebook with a lesson's solutions, from the project's root; null where there is none, as in an assignment. */
function solutionOf(lesson: string): string | null {
  const file = `notebooks/solutions/${lesson}.ipynb`;
  return host.setting("NBGRADER_EXECUTION") === undefined && host.look(file) !== null ? file : null;
}

/** "The gate: right"; behind a title that asks, a sentence of its own. */
function withOutcome(title: string, said: string): string {
  return /[?!.]$/.test(title) ? `${title} ${said[0].toUpperCase()}${said.slice(1)}` : `${title}: ${said}`;
}

function outcome({ status }: CheckResult, points: number | undefined): string {
  if (status === "unsolved") return "not solved yet";
  if (status === "stale") return "not checked";
  if (status === "wrong") return "not right yet";
  return points === undefined ? "right" : `right, ${points === 1 ? "1 point" : `${points} points`}`;
}

/** "Right in every case: `gates`. Not yet: `bias`." */
function partsSaid({ all, right }: Parts): string {
  const list = (names: string[]) => names.map((name) => `\`${name}\``).join(", ");
  return `Right in every case: ${list(right)}. Not yet: ${list(all.filter((name) => !right.includes(name)))}.`;
}

function comparison({ name, unit, v3 }: { name: string; unit: string; v3: number }, score: number): string {
  return `${name}: yours ${withUnit(score, unit)}, DeepSeek-V3's ${withUnit(v3, unit)}.`;
}

function withUnit(value: number, unit: string): string {
  const number =
    Number.isInteger(value) || Math.abs(value) >= 1000 ? whole(value) : fixed(value, Math.abs(value) >= 10 ? 1 : 3);
  return unit === "" ? number : `${number} ${unit}`;
}
