/** A name that comes as one form of é from the roster and as another from a folder is one student. */
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { outputOf } from "../../tools/python";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();
const [composed, decomposed] = ["Zo\u00eb", "Zoe\u0308"];

/** What the gradebook's program makes of students with so many submissions each, and a roster. */
async function book(students: Record<string, number>, roster: string[]) {
  const file = path.join(newFolder(), "roster.csv");
  fs.writeFileSync(file, `id,last_name\n${roster.map((id) => `${id},X`).join("\n")}\n`);
  const program = `
import json, sys, types
sys.path.insert(0, ${JSON.stringify(path.resolve("tools/course/teaching/grader"))})
import book
students = [types.SimpleNamespace(id=id, submissions=[None] * n) for id, n in json.loads(sys.argv[1]).items()]
given = []
gradebook = types.SimpleNamespace(students=students, update_or_create_student=lambda id, **fields: given.append(id))
roster = book.import_roster(gradebook, sys.argv[2])
assert roster == given
print(json.dumps({"roster": roster, "students": [one.id for one in book.without_doubles(students)]}))`;
  return JSON.parse(await outputOf(["-c", program, JSON.stringify(students), file])) as unknown;
}

it("by the form under which work was handed in", async () => {
  const students = { [composed]: 0, [decomposed]: 1, other: 0 };
  expect(await book(students, [composed, "new"])).toEqual({
    roster: [decomposed, "new"],
    students: [decomposed, "other"],
  });
});

it("and nobody is left out who has no double", async () => {
  const students = { [composed]: 0, Zoe: 1, other: 0 };
  expect(await book(students, [composed])).toEqual({ roster: [composed], students: [composed, "Zoe", "other"] });
});
