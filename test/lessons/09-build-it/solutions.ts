/** The lesson's own solutions, from its master. */
import fs from "node:fs";
import { PART_EXERCISES, type PartName } from "../../../lib/lessons/09-build-it";

/** The cell in which a part is solved. */
export function solutionOf(part: string): string {
  const master = fs.readFileSync("notebooks/source/09-build-it.ts", "utf8");
  const { id } = PART_EXERCISES[part as PartName];
  const cell = master.split(/^(?=\/\/ %%)/m).find((text) => text.includes(`"grade_id": "${id}",`));
  if (cell === undefined) throw new Error(`no cell for ${part}`);
  return cell.slice(cell.indexOf("\n") + 1);
}
