/* Writes the tables of a course folder, and says in a few lines what is in them. */
import fs from "node:fs";
import path from "node:path";
import type { CourseFolder } from "./course-folder";
import { assignmentTable, canvasTable, codesOf, csv, withoutNames, type Book, type Notes } from "./grade-table";
import type { Master, Prepared } from "./prepare";
import { sheetExercises } from "./repair/answers";
import { similar, type Work } from "./similar";

export interface Tables {
  files: string[];
  /** Each assignment's table, its first line the names of the columns. */
  rows: Map<string, (string | number)[][]>;
  /** Pairs of answers that are alike, told as hints. */
  hints: string[];
}

/** Remarks without the names of files, which may be those of people. */
export const withoutFiles = (remarks: string[]) =>
  remarks.filter((one) => !/^handed in as |is there too and/.test(one));

const percent = (share: number) => `${Math.round(100 * share)} %`;

/**
 * Tables of the assignments that were asked for; those of others stay as they are.
 * @param results what was handed in for them
 */
export function writeTables(
  course: CourseFolder,
  masters: Map<string, Master>,
  book: Book,
  results: Prepared[],
  { anonymous }: { anonymous: boolean },
): Tables {
  const codes = codesOf(book.students.map(({ id }) => id));
  const shown = anonymous ? withoutNames(book, codes) : book;
  const name = (id: string) => (anonymous ? (codes.get(id) ?? id) : id);
  const folder = path.join(course.root, "grades", ...(anonymous ? ["anonymous"] : []));
  fs.mkdirSync(folder, { recursive: true });
  const tables: Tables = { files: [], rows: new Map(), hints: [] };
  const write = (file: string, lines: (string | number)[][]) => {
    fs.writeFileSync(path.join(folder, file), csv(lines));
    tables.files.push(path.join(folder, file));
  };
  const alike: (string | number)[][] = [
    ["assignment", "one", "the other", "overlap", "middle of the class", "told from"],
  ];
  for (const [assignment, { sheet }] of masters) {
    const own = results.filter(({ submission }) => submission.assignment === assignment);
    const notes = new Map<string, Notes>(
      own.map((one) => {
        const remarks = anonymous ? withoutFiles(one.remarks) : one.remarks;
        return [name(one.submission.student), { ...one, remarks }];
      }),
    );
    const rows = assignmentTable(
      shown,
      assignment,
      sheetExercises(sheet).map(({ id }) => id),
      notes,
    );
    tables.rows.set(assignment, rows);
    write(`${assignment}.csv`, rows);
    const works = own.flatMap(({ submission, notebook }): Work[] =>
      notebook === null ? [] : [{ student: name(submission.student), notebook }],
    );
    const { pairs, middle, threshold } = similar(works, sheet);
    for (const { students, overlap } of pairs) {
      alike.push([assignment, ...students, overlap, middle ?? "", threshold ?? ""]);
      tables.hints.push(
        `${assignment}: ${students.join(" and ")} are alike in ${percent(overlap)}; the class's middle is ${percent(middle ?? 0)}`,
      );
    }
  }
  write("alike.csv", alike);
  if (anonymous) {
    fs.writeFileSync(
      path.join(course.root, "grades", "key.csv"),
      csv([["code", "id"], ...[...codes].map(([id, code]) => [code, id])]),
    );
  } else write("canvas.csv", canvasTable(shown));
  return tables;
}

/** One line for each student and assignment. */
export function summary({ rows, hints }: Tables): string {
  const lines = [...rows].flatMap(([assignment, [head, ...all]]) => {
    const at = (column: string) => head.indexOf(column);
    return [
      assignment,
      ...all.map((row) => {
        const [points, of, look, remarks] = ["points", "of", "look at", "remarks"].map((column) => row[at(column)]);
        const said = [look === "" ? "" : `look at: ${look}`, remarks].filter((text) => text !== "").join("; ");
        return `  ${row[0]}: ${points} of ${of}${said === "" ? "" : `  (${said})`}`;
      }),
    ];
  });
  const alike =
    hints.length === 0
      ? []
      : ["", "Alike, which says nothing of who wrote it or why:", ...hints.map((one) => `  ${one}`)];
  return [...lines, ...alike].join("\n");
}
