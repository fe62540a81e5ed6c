/* The grades as a table that a spreadsheet opens: one line a submission. */

export interface Row {
  student: string;
  assignment: string;
  exercises: { id: string; points: number; of: number }[];
  /** Why it could not be graded; what a teacher should look at. */
  notes: string[];
}

/** A field that no spreadsheet takes for a formula, in quotes where it has to be. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(rows: Row[]): string {
  const lines = rows.map(({ student, assignment, exercises, notes }) => {
    const sum = (key: "points" | "of") => exercises.reduce((total, exercise) => total + exercise[key], 0);
    const each = exercises.map(({ id, points, of }) => `${id} ${points}/${of}`).join("; ");
    return [student, assignment, String(sum("points")), String(sum("of")), each, notes.join("; ")].map(field).join(",");
  });
  return `${["student,assignment,points,of,exercises,look at", ...lines].join("\n")}\n`;
}
