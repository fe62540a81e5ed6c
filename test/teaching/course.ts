/** A course folder with submissions of all kinds, for tests that grade for real. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { readNotebook, writeNotebook, type Notebook } from "../../tools/course/build/notebook";
import { generate } from "../../tools/course/build/masters";

export const ROOT = path.resolve(__dirname, "../..");

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Starts a command of the project, named by its file. */
export function startScript(script: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ["--import", "tsx", path.join(ROOT, "test/support/main.ts"), script, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  const printed = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.on("close", (status) => resolve({ status, ...printed })));
  return { child, printed, ended };
}

/** Runs a command of the project to its end. */
export function runScript(script: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return startScript(script, args, env).ended;
}

/** The text that nbgrader leaves where a solution was. */
const STUB = /\/\/ YOUR CODE HERE\n\s*throw new Error\("Not implemented"\);/;

export interface Answer {
  id: string;
  source: string;
}

export const isAnswer = (cell: Notebook["cells"][number]) => cell.metadata.nbgrader?.solution === true;

const solved = new Map<string, Answer[]>();

/** Reads the solved answers of lessons off their masters: as the solved notebooks will have them, built or not. */
export async function readSolutions(lessons: string[]): Promise<void> {
  for (const { lesson, solved: notebook } of await generate(lessons)) {
    const answers = notebook.cells.filter(isAnswer);
    solved.set(
      lesson,
      answers.map((cell) => ({ id: cell.metadata.nbgrader?.grade_id ?? "", source: cell.source })),
    );
  }
}

/** The solved answers of a lesson, in their order. */
export function solutions(lesson: string): Answer[] {
  const answers = solved.get(lesson);
  if (answers === undefined) throw new Error(`readSolutions has not read ${lesson}`);
  return answers;
}

export class Course {
  constructor(readonly folder: string) {}

  release(lesson: string): Notebook {
    return readNotebook(path.join(this.folder, "release", lesson, `${lesson}.ipynb`));
  }

  /** Hands a notebook in. */
  submit(student: string, lesson: string, notebook: Notebook): void {
    writeNotebook(path.join(this.folder, "submitted", student, lesson, `${lesson}.ipynb`), notebook);
  }

  /** The release with its answers changed: `answer` gets what stands there and gives what shall. */
  answered(lesson: string, answer: (source: string, id: string) => string): Notebook {
    const notebook = this.release(lesson);
    for (const cell of notebook.cells.filter(isAnswer)) {
      cell.source = answer(cell.source, cell.metadata.nbgrader?.grade_id ?? "");
    }
    return notebook;
  }

  /** The right answers for those exercises that `which` chooses, by their numbers from 0; wrong ones for the others. */
  solved(lesson: string, which: (index: number) => boolean): Notebook {
    const right = solutions(lesson);
    return this.answered(lesson, (source, id) => {
      const index = right.findIndex((answer) => answer.id === id);
      return which(index) ? right[index].source : wrong(source);
    });
  }

  /** What the tables say, by student and lesson; fields of a table have no quotes but around remarks. */
  grades(): Map<string, Grade> {
    const folder = path.join(this.folder, "grades");
    const files = fs.readdirSync(folder).filter((name) => /^\d\d-/.test(name));
    return new Map(
      files.flatMap((file) => {
        const [head, ...lines] = fs.readFileSync(path.join(folder, file), "utf8").trim().split("\n").map(fieldsOf);
        return lines.map((fields): [string, Grade] => {
          const at = (column: string) => fields[head.indexOf(column)];
          const [points, of] = [Number(at("points")), Number(at("of"))];
          const grade = {
            points,
            of,
            look: at("look at"),
            remarks: at("remarks"),
            row: Object.fromEntries(head.map((name, i) => [name, fields[i]])),
          };
          return [`${at("id")} ${file.replace(".csv", "")}`, grade];
        });
      }),
    );
  }
}

export interface Grade {
  points: number;
  of: number;
  look: string;
  remarks: string;
  /** All fields, by their columns. */
  row: Record<string, string>;
}

/** The fields of a line of CSV. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
  );
}

/** An answer that compiles, returns, and is wrong whatever the exercise. */
export function wrong(source: string): string {
  if (!STUB.test(source)) throw new Error(`no stub in ${source}`);
  return source.replace(STUB, "return undefined as never;");
}

/** The stub replaced by something else. */
export function instead(source: string, code: string): string {
  if (!STUB.test(source)) throw new Error(`no stub in ${source}`);
  return source.replace(STUB, code);
}
