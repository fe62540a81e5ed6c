/** The index that lesson 00 shows in the repository is that of the exercises that there are. */
import { describe, expect, it } from "vitest";
import { allExercises } from "../../../lib/notebook/exercise/announced";
import { notebookFile } from "../../../tools/course/build/masters";
import { bundles, readNotebook } from "../../../tools/course/build/notebook";

describe.each(["unsolved", "solved"] as const)("the %s notebook of lesson 00", (version) => {
  const { cells } = readNotebook(notebookFile("00-start-here", version));
  const cell = cells.find((cell) => cell.cell_type === "code" && cell.source === "showExercises();");
  const shown = cell?.cell_type === "code" ? bundles(cell).map((data) => String(data["text/plain"])) : [];

  // An exercise that was added or has other points: npm run build -- 00
  it("lists every exercise of the course", () => {
    const listed = shown.join("\n").match(/^\d\d-[\w-]+(?= {2,})/gm);
    expect(listed).toEqual(allExercises().map(({ id }) => id));
  });

  it("counts them and their points", () => {
    const all = allExercises();
    const points = all.reduce((sum, exercise) => sum + exercise.points, 0);
    expect(shown.join("\n")).toMatch(new RegExp(`of ${all.length} exercises, \\d+ of ${points} points`));
  });
});
