/*
 * npm run progress: the exercises of the course or of single lessons, and how far the notebooks in work/ are with them.
 * Reads what was last saved; runs nothing.
 */
import fs from "node:fs";
import path from "node:path";
import { allExercises } from "../../../lib/notebook/exercise/announced";
import { progressIn, progressRows, progressSum } from "../../../lib/notebook/exercise/progress";
import { tableBundle } from "../../../lib/notebook/table";
import { command, fromCaller, print, readCall } from "../../cli";
import { projectAt, ROOT } from "../../setup/project.mjs";
import { listLessons } from "../build/masters";

const HELP = `npm run progress [-- LESSON … FOLDER]
   LESSON  04: the exercises of that lesson only
   FOLDER  holds the notebooks (default: work)`;

export const main = command("progress", HELP, async (args) => {
  const { positionals } = readCall(args, {}, { positionals: true });
  const isLesson = (text: string) => /^\d\d?$/.test(text) || (/^\d\d-/.test(text) && !fs.existsSync(fromCaller(text)));
  const named = positionals.filter(isLesson);
  const folders = positionals.filter((text) => !isLesson(text));
  if (folders.length > 1) throw new Error(`one folder at most, got ${folders.join(", ")}: npm run progress -- --help`);
  const folder = folders.length === 0 ? projectAt(ROOT).work : fromCaller(folders[0]);
  if (folders.length === 1 && !fs.existsSync(folder))
    throw new Error(`there is no folder ${folders[0]}, and no lesson`);
  const lessons = listLessons(named.map((name) => name.replace(/^\d$/, "0$&")));
  const all = allExercises(path.join(ROOT, "notebooks", "source"));
  const progress = progressIn(
    folder,
    all.filter(({ lesson }) => lessons.includes(lesson)),
  );
  await print(`${tableBundle(progressRows(progress))["text/plain"]}\n\nSolved: ${progressSum(progress)}.\n`);
});
