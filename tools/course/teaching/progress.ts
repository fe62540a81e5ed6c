/*
 * npm run progress: all exercises of the course, and how far the notebooks in work/ are with them. Reads what was last
 * saved; runs nothing.
 */
import path from "node:path";
import { allExercises } from "../../../lib/notebook/exercise/announced";
import { progressIn, progressRows, progressSum } from "../../../lib/notebook/exercise/progress";
import { tableBundle } from "../../../lib/notebook/table";
import { command, fromCaller, readCall } from "../../cli";
import { projectAt, ROOT } from "../../setup/project.mjs";

const HELP = "npm run progress [-- FOLDER]   FOLDER holds the notebooks (default: work)";

export const main = command("progress", HELP, (args) => {
  const { positionals } = readCall(args, {}, { positionals: true });
  if (positionals.length > 1) throw new Error(`one folder at most: ${HELP}`);
  const folder = positionals.length === 0 ? projectAt(ROOT).work : fromCaller(positionals[0]);
  const progress = progressIn(folder, allExercises(path.join(ROOT, "notebooks", "source")));
  console.log(tableBundle(progressRows(progress))["text/plain"]);
  console.log(`\nSolved: ${progressSum(progress)}.`);
});
