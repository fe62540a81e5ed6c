/**
 * What a check says in a kernel in which the cells before it have not run, as after a restart: its names do not exist
 * there, so it can't even begin. The kernel calls this in its place (tools/kernel/unready-check.cjs). What the same
 * check had found before, about the same text, stays on record.
 */
import { host } from "../../host";
import { display } from "../display";
import { allExercises, type ListedExercise } from "./announced";
import { feedback } from "./feedback";
import { findCell, keptJudgement, readCells, savedText, sourceHash } from "./standing";

/**
 * Shows which cells have to be run first. While nbgrader runs the notebook it throws, as every check does that is not
 * passed.
 *
 * @param exercise what the lesson calls the exercise: "gateExercise"
 * @param answer what it calls the answer: "gate"
 * @param missing the names that do not exist in the kernel
 */
export function notRun(exercise: string, answer: string, missing: readonly string[]): void {
  const file = host.notebook();
  const announced = exerciseNamed(exercise, answer, file);
  const cells = (file === undefined ? null : readCells(file)) ?? [];
  const id = announced?.id ?? exercise;
  const source = savedText(findCell(cells, id)?.source);
  const kept = keptJudgement(cells, id);
  const begin = source.split("\n").find((line) => line.includes(answer));
  const itsCell = begin === undefined ? `the cell with \`${answer}\`` : `the cell with \`${shorten(begin.trim())}\``;
  const message = [
    missing.every((name) => name === answer)
      ? `\`${answer}\` does not exist in this kernel yet: ${itsCell} has not been run. Run it, then this one again.`
      : "This kernel has not run the lesson yet. Run all that stands above (*Run → Run All Above Selected Cell*), " +
        `${itsCell} included, then this one again.`,
    ...(kept?.source === sourceHash(source) && kept.verdict === "✔"
      ? ["As it stands there, your answer was judged right before. That still counts."]
      : []),
  ].join("\n");
  const result = { passed: false, status: "stale", message } as const;
  display(feedback({ id }, result, { score: null, judged: kept, wrong: 0 }));
  if (host.setting("NBGRADER_EXECUTION") !== undefined) throw new Error(message);
}

/** The exercise that a check names; of several lessons that use the same names, the one that is open. */
function exerciseNamed(exercise: string, answer: string, file: string | undefined): ListedExercise | undefined {
  const open = host.paths.basename(file ?? "", ".ipynb");
  const same = listed().filter(({ names }) => names?.exercise === exercise && names.answer === answer);
  return same.find(({ lesson }) => open.startsWith(lesson)) ?? same[0];
}

function listed(): ListedExercise[] {
  try {
    return allExercises();
  } catch {
    return []; // the message is worth more than the title
  }
}

function shorten(line: string): string {
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
