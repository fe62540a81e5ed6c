/*
 * npm run progress: all exercises of the course, and how far the notebooks in work/ are with them. Reads what was last
 * saved; runs nothing.
 */
import path from "node:path";
import { allExercises, progressIn, progressRows, progressSum } from "../../../lib/notebook/exercise/index-of-exercises";
import { tableBundle } from "../../../lib/notebook/table";
import { ROOT } from "../build/python";
import { projectAt } from "../../setup/project.mjs";
import { fromCaller } from "./nbgrader";

const [folder, ...more] = process.argv.slice(2);
if (folder === "--help" || more.length > 0) console.log("npm run progress [-- FOLDER]   FOLDER holds the notebooks (default: work)");
else {
  const progress = progressIn(
    folder === undefined ? projectAt(ROOT).work : fromCaller(folder),
    allExercises(path.join(ROOT, "notebooks", "source")),
  );
  console.log(tableBundle(progressRows(progress))["text/plain"]);
  console.log(`\nSolved: ${progressSum(progress)}.`);
}
