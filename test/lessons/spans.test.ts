/** Every code span of an exercise can be typed as it stands; spans.ts says what a code span is. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Master, ReadExercise } from "./spans";

const MASTERS = "notebooks/source";
const lessons = fs
  .readdirSync(MASTERS)
  .filter((name) => /^\d\d-.+\.ts$/.test(name))
  .map((name) => path.basename(name, ".ts"))
  .sort();

/** An exercise with one text in place of another, to see that the reader notices. */
interface Planted {
  name: string;
  exercise: string;
  replace: [string, string];
}

const inPlaceOfLargest = (name: string, text: string): Planted => ({
  name,
  exercise: "01-gate",
  replace: ["`largest(values, n)`", `\`${text}\``],
});

const PLANTED: Planted[] = [
  {
    name: "a variable of the lesson that is not the answer's input",
    exercise: "00-leak",
    replace: ["`rows.square().mean(1)`", "`x.square().mean(1)`"],
  },
  {
    name: "a field of a parameter as if it were a variable",
    exercise: "05-combine",
    replace: ["`normed(states[0], weights.norm)`", "`normed(states[0], norm)`"],
  },
  { name: "a name that does not exist", exercise: "01-count", replace: ["`numHiddenLayers`", "`layers`"] },
  { name: "a text that the answer can't be", exercise: "08-missing", replace: ['`"data"`', '`"dota"`'] },
  inPlaceOfLargest("a call that does not fit", "largest(values)"),
  inPlaceOfLargest("a call with names of somebody else's", "largest(list, n)"),
  inPlaceOfLargest("a formula in code's clothes", "s · scale"),
  inPlaceOfLargest("a shape in code's clothes", "[N][E]"),
  inPlaceOfLargest("a file that does not exist", "lib/model/routers.ts"),
  inPlaceOfLargest("a command that does not exist", "npm run solve"),
];
const UNNAMED: Planted = {
  name: "a field of the result that the text does not name",
  exercise: "06-traffic",
  replace: ["`{ interNode, intraNode }`", "`interNode`"],
};
const RIGHT: Planted[] = [
  inPlaceOfLargest("a file", "lib/model/router.ts"),
  inPlaceOfLargest("a command", "npm run check"),
  inPlaceOfLargest("a type", "number[]"),
  inPlaceOfLargest("a statement", "const half = logits.slice(0, k / 2);"),
  inPlaceOfLargest("a call as its signature reads", "largest(values, k)"),
];

/** One program for all, so that the library is read once; in a process of its own, so that the tests' runner isn't held up. */
async function inProcess(masters: Master[]): Promise<ReadExercise[]> {
  const script = path.join(__dirname, "spans-process.ts");
  const child = spawn(process.execPath, [require.resolve("tsx/cli"), script], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(masters));
  const [told] = await Promise.all([text(child.stdout), once(child, "close")]);
  return JSON.parse(told) as ReadExercise[];
}

const read = new Map<string, ReadExercise>();

beforeAll(async () => {
  const masters = lessons.map((lesson) => ({
    lesson,
    text: fs.readFileSync(path.join(MASTERS, `${lesson}.ts`), "utf8"),
  }));
  const textOf = (lesson: string) => masters.find((it) => it.lesson === lesson)?.text ?? "";
  const extra = [...PLANTED, UNNAMED, ...RIGHT].map(({ name, exercise, replace: [from, to] }) => {
    const lesson = lessons.find((it) => it.startsWith(exercise.slice(0, 2))) ?? "";
    if (!textOf(lesson).includes(from)) throw new Error(`${lesson} has no ${from}; plant "${name}" elsewhere`);
    return { lesson: name, text: textOf(lesson).replaceAll(from, to), only: exercise };
  });
  for (const exercise of await inProcess([...masters, ...extra])) {
    read.set(lessons.includes(exercise.lesson) ? exercise.id : `${exercise.lesson}: ${exercise.id}`, exercise);
  }
}, 600_000); // on a busy machine

const planted = ({ name, exercise }: Planted) => read.get(`${name}: ${exercise}`);
const byName = (list: Planted[]) => list.map((it) => [it.name, it] as const);

it.each(lessons)("every span of lesson %s can be typed, and every field of a result is named", (lesson) => {
  const own = [...read].filter(([, exercise]) => exercise.lesson === lesson);
  expect(own.length).toBeGreaterThan(0);
  const wrong = own.flatMap(([id, { failing, unnamed }]) => [
    ...failing.map(({ span, message }) => `${id}: ${span}: ${message}`),
    ...unnamed.map((field) => `${id}: its text does not name ${field}`),
  ]);
  expect(wrong).toEqual([]);
});

describe("the reader finds", () => {
  it.each(byName(PLANTED))("%s", (_, it) => {
    const found = planted(it)?.failing.map(({ span }) => `\`${span}\``);
    expect(found).toContain(it.replace[1]);
  });

  it(UNNAMED.name, () => {
    expect(planted(UNNAMED)?.unnamed).toEqual(["intraNode"]);
  });
});

describe("the reader takes", () => {
  it.each(byName(RIGHT))("%s", (_, it) => {
    expect(planted(it)?.failing).toEqual([]);
  });
});
