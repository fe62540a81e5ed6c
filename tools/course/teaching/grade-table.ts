/*
 * The grade-book as tables: one for each assignment with a line for everybody, which spreadsheets and Moodle read, and one
 * with the assignments' points alone in the form of Canvas.
 */
import { digest } from "../../setup/stamps.mjs";

export interface Student {
  id: string;
  first: string;
  last: string;
  email: string;
  /** Their number in a learning platform. */
  lms: string;
}

/** What nbgrader's gradebook says, with manual points, extra credit and late penalties. */
export interface Book {
  /** Ids in the order of the roster; none without one. */
  roster: string[];
  students: Student[];
  assignments: { name: string; of: number; exercises: { id: string; of: number }[] }[];
  submissions: {
    student: string;
    assignment: string;
    exercises: { id: string; points: number; of: number; manual: boolean }[];
    score: number;
    of: number;
    penalty: number;
    secondsLate: number;
    time: string | null;
    toMark: boolean;
    comments: number;
  }[];
}

/** What npm run grade found out besides. */
export interface Notes {
  look: string[];
  remarks: string[];
  /** Not in the book as graded. */
  problem: string | null;
}

type Field = string | number;

/** A field that no spreadsheet takes for a formula, in quotes where it has to be. */
function field(value: Field): string {
  if (typeof value === "number") return String(Math.round(value * 100) / 100);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csv = (lines: Field[][]): string => `${lines.map((line) => line.map(field).join(",")).join("\n")}\n`;

/** Everybody who has a line: the roster in its order, then who handed in besides, by name. */
function everybody({ roster, students }: Book): Student[] {
  const place = new Map(roster.map((id, i) => [id, i]));
  const rank = ({ id }: Student) => place.get(id) ?? roster.length;
  return [...students].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

const COLUMNS = "id,last name,first name,e-mail,points,of,percent,hours late,penalty,time".split(",");

/**
 * @param exercises ids, in the order of the lesson
 * @param notes of those who handed in, by their ids
 */
export function assignmentTable(book: Book, name: string, exercises: string[], notes: Map<string, Notes>): Field[][] {
  const master = book.assignments.find((one) => one.name === name);
  const head = exercises.map((id) => `${id} (${master?.exercises.find((one) => one.id === id)?.of ?? 0})`);
  const lines = everybody(book).map((student) => {
    const entry = book.submissions.find((one) => one.student === student.id && one.assignment === name);
    const { look, remarks, problem } = notes.get(student.id) ?? { look: [], remarks: [], problem: null };
    const of = entry?.of ?? master?.of ?? 0;
    const score = entry?.score ?? 0;
    const points = exercises.map((id) => entry?.exercises.find((one) => one.id === id)?.points ?? 0);
    const by = entry?.exercises.filter((one) => one.manual).map(({ id }) => id) ?? [];
    const said = [
      ...(problem === null ? [] : [problem]),
      ...(entry === undefined && problem === null ? ["nothing was handed in"] : []),
      ...(book.roster.length > 0 && !book.roster.includes(student.id) ? ["not in the roster"] : []),
      ...remarks,
      ...(entry?.toMark ? ["to be looked through by hand: graded anew since its points were given"] : []),
      ...(by.length === 0 ? [] : [`points given by hand: ${by.join(", ")}`]),
    ];
    return [
      student.id,
      student.last,
      student.first,
      student.email,
      score,
      of,
      of === 0 ? 0 : (100 * score) / of,
      entry?.time ? entry.secondsLate / 3600 : "",
      entry?.penalty ?? 0,
      entry?.time ?? "",
      ...points,
      look.join("; "),
      said.join("; "),
    ];
  });
  return [[...COLUMNS, ...head, "look at", "remarks"], ...lines];
}

/** One column an assignment, as Canvas exports and imports its gradebook. */
export function canvasTable(book: Book): Field[][] {
  const { submissions } = book;
  const assignments = [...book.assignments].sort((a, b) => (a.name < b.name ? -1 : 1));
  const score = (student: string, assignment: string) =>
    submissions.find((one) => one.student === student && one.assignment === assignment)?.score ?? 0;
  return [
    ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", ...assignments.map(({ name }) => name)],
    ["    Points Possible", "", "", "", "", ...assignments.map(({ of }) => of)],
    ...everybody(book).map(({ id, first, last, lms }) => [
      [last, first].filter((part) => part !== "").join(", ") || id,
      lms,
      "",
      id,
      "",
      ...assignments.map(({ name }) => score(id, name)),
    ]),
  ];
}

/** A name that says nothing about who it is, the same in every run. */
export function codesOf(ids: string[]): Map<string, string> {
  const code = (id: string, length: number) => `learner-${digest(id).slice(0, length)}`;
  const length =
    [4, 6, 8, 16].find((some) => new Set(ids.map((id) => code(id, some))).size === new Set(ids).size) ?? 64;
  return new Map(ids.map((id) => [id, code(id, length)]));
}

/** The same book about nobody in particular. */
export function withoutNames(book: Book, codes: Map<string, string>): Book {
  const code = (id: string) => codes.get(id) ?? id;
  return {
    ...book,
    roster: book.roster.map(code).sort(),
    students: book.students.map(({ id }) => ({ id: code(id), first: "", last: "", email: "", lms: "" })),
    submissions: book.submissions.map((one) => ({ ...one, student: code(one.student) })),
  };
}
