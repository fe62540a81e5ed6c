/** What holds for every exercise of every lesson, whoever writes it. A failure names the exercise. */
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs";
import type { AnyFunction, DefinedExercise, Exercise } from "../../lib/notebook/exercise/check";
import { LESSON_DRAWS, withDrawn } from "../../lib/notebook/exercise/drawn";
import { calledWith } from "../../lib/notebook/exercise/judge";
import { toPlainValue } from "../../lib/notebook/exercise/values";
import { useBackend } from "../../lib/tensor/backend";
import { exercisesIn, type ListedExercise } from "../../lib/notebook/exercise/announced";

beforeAll(() => useBackend("cpu"));

const MASTERS = "notebooks/source";
const lessons = fs
  .readdirSync(MASTERS)
  .filter((name) => /^\d\d-.+\.ts$/.test(name))
  .map((name) => path.basename(name, ".ts"))
  .sort();

type AnyExercise = Exercise<AnyFunction>;

function isExercise(value: unknown): value is AnyExercise {
  return (
    typeof value === "object" && value !== null && "cases" in value && "misconceptions" in value && "reference" in value
  );
}

/** The exercises that a lesson's folder in lib/lessons exports, by the names of the exports. */
async function exported(lesson: string): Promise<Map<string, AnyExercise>> {
  const module = (await import(path.resolve("lib/lessons", lesson, "index.ts"))) as object;
  return new Map(Object.entries(module).filter((entry): entry is [string, AnyExercise] => isExercise(entry[1])));
}

/** The same, each once. */
const defined = async (lesson: string): Promise<AnyExercise[]> => [...new Set((await exported(lesson)).values())];

const master = (lesson: string) => fs.readFileSync(path.join(MASTERS, `${lesson}.ts`), "utf8");

/** The hints of a section as running text. */
function hintsIn(section: string): string[] {
  const folded = [...section.matchAll(/<details><summary>Hint [123]<\/summary>([^]*?)<\/details>/g)];
  return folded.map(([, text]) => text.replace(/^\/\//gm, "").trim());
}

/** The part of a master that one exercise takes: from its heading to the next section. */
function sectionOf(text: string, { title }: ListedExercise): string {
  const start = text.indexOf(` · ${title}\n`);
  const next = text.slice(start + 1).search(/^\/\/ ### Exercise /m);
  return next < 0 ? text.slice(start) : text.slice(start, start + 1 + next);
}

describe.each(lessons)("lesson %s", (lesson) => {
  const text = master(lesson);
  const listed = exercisesIn(text, lesson);

  it("has 3 to 6 exercises, or 12 where a whole model is built", () => {
    expect(listed.length).toBeGreaterThanOrEqual(3);
    expect(listed.length).toBeLessThanOrEqual(lesson === "09-build-it" ? 12 : 6);
  });

  it("has the exercises that lib/lessons defines, and no others", async () => {
    const ids = (await defined(lesson)).map(({ id }) => id);
    expect(listed.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it("keeps each exercise in a file of its own, named by its number and its id", () => {
    const folder = path.join("lib/lessons", lesson);
    const found = fs
      .readdirSync(folder)
      .filter((name) => name.startsWith("exercise-"))
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    expect(found).toEqual(listed.map(({ id }, i) => `exercise-${i + 1}-${id.slice("01-".length)}.ts`));
    const code = found.map((name) => fs.readFileSync(path.join(folder, name), "utf8")).join("\n");
    expect([...code.matchAll(/^ {2}id: "(\d\d-.+)",$/gm)].map(([, id]) => id)).toEqual(listed.map(({ id }) => id));
  });

  it.each(listed.map((exercise) => [exercise.id, exercise] as const))("%s stands in it whole", (id, exercise) => {
    const section = sectionOf(text, exercise);
    const counted = (pattern: RegExp) => [...section.matchAll(pattern)].length;
    const found = {
      "answer cells": counted(new RegExp(`"grade": false, "grade_id": "${id}", .*"solution": true`, "g")),
      "check cells": counted(
        new RegExp(`"grade": true, "grade_id": "${id}-check", .*"points": ${exercise.points},`, "g"),
      ),
      "checks by name": counted(/^await check\(\w+, \w+\);$/gm),
      "begin of a solution": counted(/^\s*\/\/\/ BEGIN SOLUTION$/gm),
      "end of a solution": counted(/^\s*\/\/\/ END SOLUTION$/gm),
    };
    expect(found).toEqual({
      "answer cells": 1,
      "check cells": 1,
      "checks by name": 1,
      "begin of a solution": 1,
      "end of a solution": 1,
    });
    const hints = hintsIn(section);
    const numbers = [...section.matchAll(/<details><summary>Hint (\d)<\/summary>/g)].map(([, number]) =>
      Number(number),
    );
    expect(numbers).toEqual(hints.map((_, i) => i + 1));
    expect([2, 3]).toContain(hints.length);
    expect(hints.filter((hint) => hint.length < 10)).toEqual([]);
    expect(new Set(hints).size).toBe(hints.length);
    expect(exercise.title.trim()).not.toBe("");
    expect(exercise.minutes).toBeGreaterThan(0);
    expect(exercise.points).toBeGreaterThan(0);
  });

  it("has each held to its reference, another right answer and its misconceptions, by the lesson's own test", async () => {
    const tests = fs.readFileSync(path.join("test/lessons", lesson, "exercises.test.ts"), "utf8").replace(/\s+/g, " ");
    const names = [...(await exported(lesson)).keys()];
    expect(names.filter((name) => !new RegExp(`holdsTo\\( ?${name}\\b`).test(tests))).toEqual([]);
  });

  it("names at least two misconceptions for each exercise, each with a message", async () => {
    const exercises = await defined(lesson);
    // Where the answer is free, accept names what is wrong with it, and the exercise's own test holds it to that.
    const free = ({ accept, cases }: AnyExercise) =>
      accept !== undefined && cases.every(({ args }) => args.length === 0);
    const poor = exercises.filter((it) => it.misconceptions.length < 2 && !free(it)).map(({ id }) => id);
    const mute = exercises.filter(({ misconceptions }) =>
      misconceptions.some(({ name, message }) => name.trim() === "" || message.trim().length < 10),
    );
    const repeated = exercises.filter(
      ({ misconceptions }) => new Set(misconceptions.map(({ name }) => name)).size < misconceptions.length,
    );
    expect({ poor, mute: mute.map(({ id }) => id), repeated: repeated.map(({ id }) => id) }).toEqual({
      poor: [],
      mute: [],
      repeated: [],
    });
  });
});

describe.each(lessons)("a case of lesson %s can be replayed as the check's message says", (lesson) => {
  const names = exercisesIn(master(lesson), lesson).map(({ id, names }) => [id, names] as const);

  it.each(names)("%s", async (id, names) => {
    expect(names?.exercise).toBeDefined();
    const exercise = (await exported(lesson)).get(names?.exercise ?? "") as DefinedExercise<AnyFunction>;
    expect(exercise.id).toBe(id);
    const all = withDrawn(exercise, LESSON_DRAWS);
    for (let i = 0; i < all.cases.length; i++) {
      const said = calledWith(all, i);
      const n = i + 1 - exercise.cases.length;
      const made = n < 1 ? exercise.inputs(i + 1) : exercise.drawn(LESSON_DRAWS.seed, n);
      const expected = made.map(toPlainValue);
      if (said === null) {
        expect(expected).toEqual([]);
        continue;
      }
      const code = /^(called with|the same call): `(.+)`$/.exec(said) ?? [];
      const call = code[1] === "called with" ? `${names?.answer}(${code[2]})` : code[2];
      const scope = [(...args: unknown[]) => args.map(toPlainValue), exercise, tf];
      const run = new Function(names?.answer ?? "", names?.exercise ?? "", "tf", `return ${call}`) as (
        ...values: unknown[]
      ) => unknown;
      // Functions are other closures each time; what they do is the exercise's own business.
      expect(JSON.stringify(run(...scope))).toBe(JSON.stringify(expected));
    }
  });
});

it("no two exercises of the course have the same id", () => {
  const ids = lessons.flatMap((lesson) => exercisesIn(master(lesson), lesson).map(({ id }) => id));
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});
