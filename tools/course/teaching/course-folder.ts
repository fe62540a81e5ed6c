/* What lies in a course folder, as nbgrader's configuration has it: assignments, and what was handed in for them. */
import fs from "node:fs";
import path from "node:path";
import { asked } from "./nbgrader";

export interface Assignment {
  name: string;
  /** The teacher's version, and what learners got: files. */
  source: string;
  release: string;
}

export interface Submission {
  student: string;
  assignment: string;
  /** Folders of nbgrader's steps. */
  submitted: string;
  prepared: string;
  autograded: string;
  feedback: string;
  /** When it was handed in, as timestamp.txt says; what is wrong with that file. */
  time: string | null;
  timeProblem: string | null;
  /** When it was due, for this student. */
  due: string | null;
}

export interface CourseFolder {
  root: string;
  masters: { source: string; release: string };
  submitted: string;
  assignments: Assignment[];
  submissions: Submission[];
}

export const readCourse = (folder: string) => asked<CourseFolder>("course", [], folder);

/** The folder of an assignment's source or release version. */
export const masterFolder = ({ masters }: CourseFolder, kind: "source" | "release", assignment: string) =>
  masters[kind].replace("<assignment>", () => assignment);

/** What lies in submitted/ where nobody looks for it, each with the way out. */
export function misplaced({ submitted, assignments, submissions }: CourseFolder): string[] {
  if (!fs.existsSync(submitted)) return [];
  const names = new Set(assignments.map(({ name }) => name));
  const unknown = submissions
    .filter(({ assignment }) => !names.has(assignment))
    .map(({ student, assignment }) => `${student}/${assignment}: there is no such assignment`);
  const inside = (folder: string) =>
    fs.readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
  const loose = inside(submitted).flatMap((entry) =>
    entry.isDirectory()
      ? inside(path.join(submitted, entry.name))
          .filter((file) => file.isFile() && /\.(ipynb|zip)$/i.test(file.name))
          .map((file) => `${entry.name}/${file.name}: it belongs in ${entry.name}/LESSON/`)
      : /\.(ipynb|zip)$/i.test(entry.name)
        ? [`${entry.name}: it belongs in STUDENT/LESSON/ (nbgrader zip_collect sorts a platform's download)`]
        : [],
  );
  return [...unknown, ...loose];
}
