/** What a master announces of its exercises, and who reads it when. */
import fs from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { allExercises, announcedExercise, exercisesIn } from "../../../lib/notebook/exercise/announced";
import { temporaryFolder } from "../../support/folder";

const newFolder = temporaryFolder();

const MASTER = `// %% [markdown]
// ### Exercise 1 · Double it
//
// *Implement · difficulty 2 of 3 · 7 minutes · 3 points*

// %% nbgrader={"grade": false, "grade_id": "42-double", "locked": false, "solution": true}
// %% nbgrader={"grade": true, "grade_id": "42-double-check", "locked": true, "points": 3}
// %% [markdown]
// ### Exercise 2 · Halve it
//
// *Fix the bug · difficulty 1 of 3 · 1 minutes · 1 point*

// %% nbgrader={"grade": true, "grade_id": "42-halve-check", "locked": true, "points": 1}
`;

describe("a master", () => {
  it("lists its exercises", () => {
    expect(exercisesIn(MASTER, "42-answers")).toEqual([
      {
        id: "42-double",
        lesson: "42-answers",
        title: "Double it",
        kind: "Implement",
        difficulty: 2,
        minutes: 7,
        points: 3,
      },
      {
        id: "42-halve",
        lesson: "42-answers",
        title: "Halve it",
        kind: "Fix the bug",
        difficulty: 1,
        minutes: 1,
        points: 1,
      },
    ]);
  });

  it("is told which exercise lacks its line, or its check", () => {
    expect(() => exercisesIn(MASTER.replace("difficulty 1 of 3", "easy"), "42")).toThrow(
      "exercise 2: no line with difficulty",
    );
    expect(() => exercisesIn(MASTER.replace("42-halve-check", "other"), "42")).toThrow(
      "exercise 2: no cell that checks it",
    );
  });
});

describe("a folder of masters", () => {
  let folder = "";
  const file = () => path.join(folder, "42-answers.ts");
  const titleOf = (id: string) => announcedExercise(id, folder)?.title;

  beforeEach(() => {
    folder = newFolder();
    fs.writeFileSync(file(), MASTER);
  });

  it("is read in the order of its lessons", () => {
    fs.writeFileSync(path.join(folder, "07-before.ts"), MASTER.replaceAll("42-", "07-"));
    fs.writeFileSync(path.join(folder, "notes.ts"), MASTER);
    expect(allExercises(folder).map(({ id }) => id)).toEqual(["07-double", "07-halve", "42-double", "42-halve"]);
  });

  it("says what one exercise is called", () => {
    expect(titleOf("42-halve")).toBe("Halve it");
  });

  it("is read again only when a master has changed", () => {
    const reads = vi.spyOn(fs, "readFileSync");
    try {
      expect([titleOf("42-double"), titleOf("42-halve"), titleOf("42-double")]).toEqual([
        "Double it",
        "Halve it",
        "Double it",
      ]);
      expect(reads).toHaveBeenCalledTimes(1);
      fs.writeFileSync(file(), MASTER.replace("Double it", "Twice as much"));
      fs.utimesSync(file(), 0, 1);
      expect(titleOf("42-double")).toBe("Twice as much");
    } finally {
      reads.mockRestore();
    }
  });

  it("may lack the exercise, the master, or all, and may hold one that says too little", () => {
    expect(titleOf("42-other")).toBeUndefined();
    expect(titleOf("41-double")).toBeUndefined();
    expect(announcedExercise("42-double", path.join(folder, "nowhere"))).toBeUndefined();
    fs.writeFileSync(file(), MASTER.replace("difficulty 1 of 3", "easy"));
    fs.utimesSync(file(), 0, 2);
    expect(titleOf("42-double")).toBeUndefined();
  });
});
