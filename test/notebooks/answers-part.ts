/*
 * A solved notebook differs from the learner's in its answers alone. Where the learner's has run from the top, of the
 * solved one only what the answers can change has to run again, with all that this needs; its other cells must show
 * what the learner's show.
 */
import { shownDrift } from "../../tools/course/build/drift";
import { hasTag, type Notebook } from "../../tools/course/build/notebook";
import { complaint } from "../../tools/course/build/verify";
import { dependentCells, neededCells } from "../../tools/course/teaching/needed-cells";

/** The code cells of the solved notebook that its answers can change, and those that these need, as a notebook. */
export function answersPart(solved: Notebook, learner: Notebook): Notebook {
  const needed = neededCells(solved.cells, changedByAnswers(solved, learner));
  return { ...solved, cells: needed.map((index) => solved.cells[index]) };
}

/** Cells that no answer changes, and that show something else in the two committed notebooks. */
export function differsElsewhere(solved: Notebook, learner: Notebook): string[] {
  const changed = new Set(changedByAnswers(solved, learner));
  const learners = new Map(learner.cells.map((cell) => [cell.id, cell]));
  return solved.cells.flatMap((cell, index) => {
    const other = learners.get(cell.id);
    if (cell.cell_type !== "code" || other?.cell_type !== "code" || changed.has(index) || hasTag(cell, "timing"))
      return [];
    const drift = shownDrift(other, cell, ["the learner's notebook has", "the solved one"]);
    return drift === null ? [] : [complaint(solved, index, drift)];
  });
}

function changedByAnswers(solved: Notebook, learner: Notebook): number[] {
  const learners = new Map(learner.cells.map((cell) => [cell.id, cell.source]));
  const answers = solved.cells.flatMap((cell, index) =>
    cell.cell_type === "code" && learners.get(cell.id) !== cell.source ? [index] : [],
  );
  return dependentCells(solved.cells, answers);
}
