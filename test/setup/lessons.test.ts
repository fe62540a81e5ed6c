import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeSync, findLesson, listLessons, resetLesson, syncLessons } from "../../tools/setup/lessons.mjs";
import { projectAt } from "../../tools/setup/project.mjs";
import { digest } from "../../tools/setup/stamps.mjs";
import { Sandbox } from "./sandbox";

interface Saved {
  cells: { cell_type: string; metadata: object; source: string[] }[];
  metadata: Record<string, unknown>;
}

describe("the learner's copies", () => {
  let box: Sandbox;
  let project: ReturnType<typeof projectAt>;
  beforeEach(() => {
    box = new Sandbox();
    project = projectAt(box.root);
  });
  afterEach(() => box.remove());

  const sync = (): string => describeSync(syncLessons(project));
  const files = (): string[] =>
    fs
      .readdirSync(project.work)
      .filter((name) => !name.startsWith("."))
      .sort();
  const latest = (name: string): string => box.read(`notebooks/${name}.ipynb`);

  it("are made of every lesson that is missing", () => {
    expect(sync()).toBe("2 copied to work/");
    expect(files()).toEqual(["00-start-here.ipynb", "01-mixture-of-experts.ipynb"]);
    fs.rmSync(path.join(project.work, "00-start-here.ipynb"));
    expect(sync()).toBe("1 copied to work/");
  });

  it("are left alone when nothing is new", () => {
    sync();
    box.write("work/00-start-here.ipynb", "mine");
    expect(sync()).toBe("2 in work/, as you left them");
    expect(box.read("work/00-start-here.ipynb")).toBe("mine");
    expect(files()).toHaveLength(2);
  });

  it("are refreshed when they are as they were made", () => {
    sync();
    box.lesson("00-start-here", "second");
    expect(sync()).toBe("1 in work/ brought up to date");
    expect(box.read("work/00-start-here.ipynb")).toBe(latest("00-start-here"));
  });

  /** What JupyterLab makes of a copy that is opened, run and saved. */
  const save = (name: string, change: (notebook: Saved) => void = () => {}): void => {
    const notebook = JSON.parse(box.read(`work/${name}.ipynb`)) as Saved;
    notebook.metadata.language_info = { name: "typescript", version: "5.0.4" };
    for (const cell of notebook.cells) {
      Object.assign(cell, { id: "another", execution_count: 7, outputs: [{ output_type: "stream", text: "hello" }] });
      cell.metadata = { trusted: true };
      cell.source = [cell.source].flat();
    }
    change(notebook);
    box.write(`work/${name}.ipynb`, JSON.stringify(notebook, null, 1));
  };

  it("that were opened, run and saved are no changed copies, nor is the empty cell at the end one", () => {
    sync();
    save("00-start-here", ({ cells }) => cells.push({ cell_type: "code", metadata: {}, source: [""] }));
    expect(sync()).toBe("2 in work/, as you left them");
    box.lesson("00-start-here", "second");
    expect(sync()).toBe("1 in work/ brought up to date");
    expect(box.read("work/00-start-here.ipynb")).toBe(latest("00-start-here"));
  });

  it.each<[string, (notebook: Saved) => void]>([
    ["a word", ({ cells }) => (cells[0].source = ["mine"])],
    ["a cell", ({ cells }) => cells.push({ cell_type: "code", metadata: {}, source: ["1"] })],
    ["a cell less", ({ cells }) => cells.pop()],
    ["a cell's kind", ({ cells }) => (cells[0].cell_type = "code")],
  ])("in which %s was changed are the learner's", (_, change) => {
    sync();
    save("00-start-here", change);
    const mine = box.read("work/00-start-here.ipynb");
    box.lesson("00-start-here", "second");
    expect(sync()).toBe("a newer 00-start-here lies in work/00-start-here.new.ipynb");
    expect(box.read("work/00-start-here.ipynb")).toBe(mine);
  });

  it("are refreshed when only the lesson's outputs are newer, and not when only theirs are", () => {
    sync();
    const newer = `${latest("00-start-here")}\n`;
    box.write("notebooks/00-start-here.ipynb", newer);
    expect(sync()).toBe("1 in work/ brought up to date");
    expect(box.read("work/00-start-here.ipynb")).toBe(newer);
    save("00-start-here");
    const mine = box.read("work/00-start-here.ipynb");
    expect(sync()).toBe("2 in work/, as you left them");
    expect(box.read("work/00-start-here.ipynb")).toBe(mine);
  });

  it("with a record of an earlier version, which has digests of files, are judged by that", () => {
    sync();
    const made = digest(box.read("work/00-start-here.ipynb"));
    const record = () => box.write("work/.copies.json", JSON.stringify({ "00-start-here": { made } }));
    record();
    box.lesson("00-start-here", "second");
    expect(sync()).toBe("1 in work/ brought up to date");
    box.write("work/00-start-here.ipynb", "mine");
    record();
    expect(sync()).toBe("a newer 00-start-here lies in work/00-start-here.new.ipynb");
    expect(box.read("work/00-start-here.ipynb")).toBe("mine");
  });

  describe("of a lesson that asks for a prediction", () => {
    const output = { output_type: "stream", name: "stdout", text: ["so it is\n"] };
    const markdown = (source: string) => ({ cell_type: "markdown", metadata: {}, source: [source] });
    const code = (source: string, outputs: object[] = [output]) => {
      return { cell_type: "code", execution_count: 3, metadata: {}, outputs, source: [source] };
    };
    const asking = (word = "more") => [
      markdown("## 1. What is shown\n"),
      code("shown()"),
      markdown(`**Predict.** Will it be ${word}, or less?`),
      code("const guess = 1; // your guess", []),
      code("answer()"),
      markdown("So it is."),
      code("andWhy()"),
      markdown("## 2. The next thing"),
      code("next()"),
      markdown("Before it runs, **predict**: how many?"),
      code("count()"),
    ];
    const write = (cells: object[]) =>
      box.write(
        "notebooks/00-start-here.ipynb",
        JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }),
      );
    const shown = (file = "00-start-here.ipynb") => {
      const { cells } = JSON.parse(box.read(`work/${file}`)) as { cells: ReturnType<typeof code>[] };
      return cells.filter(({ outputs }) => (outputs ?? []).length > 0).map(({ source }) => source[0]);
    };

    it("start without what stands between the question and the next heading, and with all else", () => {
      write(asking());
      sync();
      expect(shown()).toEqual(["shown()", "next()"]);
      const { cells } = JSON.parse(box.read("work/00-start-here.ipynb")) as { cells: ReturnType<typeof code>[] };
      expect(cells.map(({ source }) => source)).toEqual(asking().map(({ source }) => source));
      expect(cells[4]).toEqual({ ...code("answer()", []), execution_count: null });
    });

    it("are as they were made: nothing is new, and they are refreshed and reset without answers too", () => {
      write(asking());
      sync();
      expect(sync()).toBe("2 in work/, as you left them");
      write(asking("fewer"));
      expect(sync()).toBe("1 in work/ brought up to date");
      expect(shown()).toEqual(["shown()", "next()"]);
      expect(sync()).toBe("2 in work/, as you left them");
      expect(resetLesson(project, "00-start-here", new Date()).kept).toBeNull();
      expect(shown()).toEqual(["shown()", "next()"]);
      box.write("work/00-start-here.ipynb", "mine");
      write(asking("all"));
      sync();
      expect(shown("00-start-here.new.ipynb")).toEqual(["shown()", "next()"]);
    });
  });

  it("that were changed stay, and the newer lesson lies beside them, once", () => {
    sync();
    box.write("work/00-start-here.ipynb", "mine");
    box.lesson("00-start-here", "second");
    expect(sync()).toBe("a newer 00-start-here lies in work/00-start-here.new.ipynb");
    expect(box.read("work/00-start-here.ipynb")).toBe("mine");
    expect(box.read("work/00-start-here.new.ipynb")).toBe(latest("00-start-here"));
    fs.rmSync(path.join(project.work, "00-start-here.new.ipynb"));
    expect(sync()).toBe("2 in work/, as you left them");
    expect(box.has("work/00-start-here.new.ipynb")).toBe(false);
  });

  it("get a third version in the place of an untouched second", () => {
    sync();
    box.write("work/00-start-here.ipynb", "mine");
    box.lesson("00-start-here", "second");
    sync();
    box.lesson("00-start-here", "third");
    sync();
    expect(box.read("work/00-start-here.new.ipynb")).toBe(latest("00-start-here"));
    expect(files()).toEqual(["00-start-here.ipynb", "00-start-here.new.ipynb", "01-mixture-of-experts.ipynb"]);
  });

  it("get a third version under another name when the second was worked in", () => {
    sync();
    box.write("work/00-start-here.ipynb", "mine");
    box.lesson("00-start-here", "second");
    sync();
    box.write("work/00-start-here.new.ipynb", "mine too");
    box.lesson("00-start-here", "third");
    expect(sync()).toBe("a newer 00-start-here lies in work/00-start-here.new-2.ipynb");
    expect(box.read("work/00-start-here.ipynb")).toBe("mine");
    expect(box.read("work/00-start-here.new.ipynb")).toBe("mine too");
  });

  it("are taken for the learner's when the record of what was copied is lost or broken", () => {
    sync();
    box.write("work/.copies.json", "{");
    box.lesson("00-start-here", "second");
    sync();
    expect(box.read("work/00-start-here.ipynb")).not.toBe(latest("00-start-here"));
    expect(box.read("work/00-start-here.new.ipynb")).toBe(latest("00-start-here"));
  });

  it("never lose what a learner wrote, whatever order things happen in", () => {
    // Every sequence of four of these: each text that the learner saved must still stand in some file of work/.
    const learner =
      (name: string) =>
      (step: number): void => {
        if (box.has(`work/${name}`)) box.write(`work/${name}`, `mine ${step}`);
      };
    const actions = [
      () => void syncLessons(project),
      (step: number) => box.lesson("00-start-here", `version ${step}`),
      learner("00-start-here.ipynb"),
      learner("00-start-here.new.ipynb"),
      () => void resetLesson(project, "00-start-here", new Date(2026, 0, 2)),
    ];
    for (let sequence = 0; sequence < actions.length ** 4; sequence++) {
      fs.rmSync(project.work, { recursive: true, force: true });
      box.lesson("00-start-here", "version 0");
      syncLessons(project);
      for (let step = 0, rest = sequence; step < 4; step++, rest = Math.floor(rest / actions.length)) {
        const before = texts();
        const action = rest % actions.length;
        actions[action](step);
        if (action === 2 || action === 3) continue;
        const after = texts();
        const lost = before.filter((text) => text.startsWith("mine") && !after.includes(text));
        expect(lost, `sequence ${sequence}, step ${step}`).toEqual([]);
      }
    }
  });

  const texts = (): string[] => files().map((name) => box.read(`work/${name}`));

  it("that are reset twice in a day keep both old ones", () => {
    sync();
    const day = new Date(2026, 10, 3);
    box.write("work/00-start-here.ipynb", "one");
    expect(resetLesson(project, "00-start-here", day).kept).toBe("00-start-here.2026-11-03.ipynb");
    box.write("work/00-start-here.ipynb", "two");
    expect(resetLesson(project, "00-start-here", day).kept).toBe("00-start-here.2026-11-03-2.ipynb");
    expect(resetLesson(project, "00-start-here", day).kept).toBeNull();
    box.lesson("00-start-here", "second");
    expect(sync()).toBe("1 in work/ brought up to date");
  });
});

describe("a lesson's name", () => {
  const lessons = ["00-start-here", "01-mixture-of-experts", "11-the-article-audited"];

  it.each([
    "1",
    "01",
    "01-mix",
    "01-mixture-of-experts",
    "01-mixture-of-experts.ipynb",
    "work/01-mixture-of-experts.ipynb",
    "work\\01-mixture-of-experts.ipynb",
  ])("is found from %s", (name) => {
    expect(findLesson(lessons, name)).toBe("01-mixture-of-experts");
  });

  it("must be of one lesson", () => {
    expect(() => findLesson(["01-a", "01-b"], "01")).toThrow(
      '"01" is the beginning of several lessons: the lessons are 01-a, 01-b.',
    );
  });

  it("is only that of a numbered notebook", () => {
    const box = new Sandbox();
    box.write("notebooks/scratch.ipynb", "{}");
    box.write("notebooks/solutions/02-x.ipynb", "{}");
    expect(listLessons(projectAt(box.root))).toEqual(["00-start-here", "01-mixture-of-experts"]);
    box.remove();
  });
});
