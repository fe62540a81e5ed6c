/**
 * What a lesson announces of its exercises: title, kind, difficulty, minutes and points stand in its master and nowhere
 * else. Whoever needs them reads them here.
 */
import { host } from "../../host";

/** An exercise as its lesson announces it. */
export interface ListedExercise {
  /** "01-gate" */
  id: string;
  /** "01-mixture-of-experts" */
  lesson: string;
  title: string;
  /** "Implement", "Fix the bug", … */
  kind: string;
  difficulty: number;
  minutes: number;
  points: number;
  /** What the lesson calls the exercise and its answer, "gateExercise" and "gate", where its check stands by itself. */
  names?: { exercise: string; answer: string };
}

const MASTERS = "notebooks/source";

const HEADING = /^\/\/ ### Exercise (\d+) · (.+)$/;
const ANNOUNCED = /^\/\/ \*(.+) · difficulty ([123]) of 3 · (\d+) minutes · (\d+) points?\*$/m;
const CHECK = /^await check\((?<exercise>\w+), (?<answer>\w+)\);$/m;
const TEST_CELL = /"grade": true, "grade_id": "([\w-]+)-check"/;

/**
 * The exercises of a lesson, from its master.
 *
 * @param master the text of notebooks/source/NN-topic.ts
 * @throws {Error} naming the exercise that lacks its line ("*Implement · difficulty 1 of 3 · 5 minutes · 1 point*") or
 *   its test cell
 */
export function exercisesIn(master: string, lesson: string): ListedExercise[] {
  const lines = master.split(/\r?\n/);
  const starts = lines.flatMap((line, i) => (HEADING.test(line) ? [i] : []));
  return starts.map((start, i) => {
    const [, number, title] = HEADING.exec(lines[start]) ?? [];
    const section = lines.slice(start, starts[i + 1]).join("\n");
    const announced = ANNOUNCED.exec(section);
    const id = TEST_CELL.exec(section)?.[1];
    const where = `${lesson}, exercise ${number}`;
    if (announced === null) throw new Error(`${where}: no line with difficulty, minutes and points`);
    if (id === undefined) throw new Error(`${where}: no cell that checks it`);
    const [difficulty, minutes, points] = announced.slice(2).map(Number);
    const names = CHECK.exec(section)?.groups as ListedExercise["names"];
    return {
      id,
      lesson,
      title,
      kind: announced[1],
      difficulty,
      minutes,
      points,
      ...(names && { names: { ...names } }),
    };
  });
}

/** The exercises of all lessons, in their order. */
export function allExercises(folder = MASTERS): ListedExercise[] {
  return mastersIn(folder).flatMap(readMaster);
}

/** What its lesson announces of one exercise; undefined where there is no such master, or it can't be read. */
export function announcedExercise(id: string, folder = MASTERS): ListedExercise | undefined {
  try {
    const masters = mastersIn(folder).filter((file) => host.paths.basename(file).startsWith(id.slice(0, "01-".length)));
    return masters.flatMap(readMaster).find((exercise) => exercise.id === id);
  } catch {
    return undefined; // a check answers all the same
  }
}

/** The masters' files in the order of the lessons. */
function mastersIn(folder: string): string[] {
  const names = host.list(folder).filter((name) => /^\d\d-.+\.ts$/.test(name));
  return names.sort().map((name) => host.paths.join(folder, name));
}

/** What was read of each master, and when the file had last been changed. */
const known = new Map<string, { changed: number; exercises: ListedExercise[] }>();

/** The exercises of a master, read again only when the file has changed. */
function readMaster(file: string): ListedExercise[] {
  const changed = host.look(file)?.changed ?? 0;
  const before = known.get(file);
  if (before?.changed === changed) return before.exercises;
  const exercises = exercisesIn(host.readText(file), host.paths.basename(file, ".ts"));
  known.set(file, { changed, exercises });
  return exercises;
}
