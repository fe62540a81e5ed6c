import fs from "node:fs";
import { describe, expect, it } from "vitest";
import * as start from "../../lib/lessons/00-start-here/exercises";
import * as experts from "../../lib/lessons/01-mixture-of-experts/exercises";
import * as hardware from "../../lib/lessons/06-hardware-and-communication/exercises";
import * as costs from "../../lib/lessons/07-cost-economics/exercises";

const lessons = {
  "00-start-here": start,
  "01-mixture-of-experts": experts,
  "06-hardware-and-communication": hardware,
  "07-cost-economics": costs,
};

/** The markdown of a master as running text. */
function prose(lesson: string): string {
  const lines = fs.readFileSync(`notebooks/source/${lesson}.ts`, "utf8").split("\n");
  return lines
    .filter((line) => line.startsWith("//"))
    .map((line) => line.slice(2).trim())
    .join(" ")
    .replace(/\s+/g, " ");
}

describe.each(Object.entries(lessons))("lesson %s", (lesson, exercises) => {
  it.each(Object.values(exercises).map((exercise) => [exercise.id, exercise] as const))(
    "%s stands in the lesson as it is defined",
    (id, exercise) => {
      const text = prose(lesson);
      const points = `${exercise.points} ${exercise.points === 1 ? "point" : "points"}`;
      const wanted = [
        exercise.title,
        `difficulty ${exercise.difficulty} of 3 · ${exercise.minutes} minutes · ${points}*`,
        ...exercise.hints.map((hint: string) => hint.replace(/\s+/g, " ")),
        `"grade_id": "${id}-check", "locked": true, "points": ${exercise.points},`,
      ];
      expect(wanted.filter((part) => !text.includes(part))).toEqual([]);
    },
  );
});
