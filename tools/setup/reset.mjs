/*
 * npm run reset: fresh copies of the lessons a person names. It needs nothing but Node, so that it works before the
 * set-up too.
 */
import { RESET_HELP, readResetArguments } from "./arguments.mjs";
import { findLesson, listLessons, resetLesson } from "./lessons.mjs";
import { ROOT, projectAt } from "./project.mjs";
import { SetupError } from "./say.mjs";

/** @param {string[]} argv what stands behind npm run reset -- */
export async function main(argv) {
  const project = projectAt(ROOT);
  const { help, lessons: wanted } = readResetArguments(argv);
  if (help) {
    console.log(RESET_HELP);
    return;
  }
  const lessons = listLessons(project);
  if (wanted.length === 0) {
    throw new SetupError(
      `Which lesson? npm run reset -- 01 gives a fresh copy of lesson 01; there are ${lessons.join(", ")}.`,
    );
  }
  for (const lesson of wanted.map((name) => findLesson(lessons, name))) {
    const { file, kept } = resetLesson(project, lesson, new Date());
    const old = kept === null ? "" : `; your old copy is work/${kept}`;
    console.log(`work/${file} is fresh${old}. If it is open in JupyterLab: File, Reload Notebook from Disk.`);
  }
}
