/** Lessons as jobs: a small lesson of the tests' own, run by papermill in the real kernel. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bundles, PLOTLY, PNG, readNotebook, writeNotebook, type Cell } from "../../tools/course/build/notebook";
import { temporaryFolder } from "../support/folder";
import { runScript, startScript } from "./course";

const newFolder = temporaryFolder();
const folder = newFolder();
const notebooks = path.join(folder, "notebooks");
const LESSON = "42-answers";

const PARAMETERS = `const price = 2; // 0.5..20 dollars: what an hour costs
const hours = 10; // 1..1000 hours: how long it takes
const method = "bias"; // none | loss | bias: how load is kept even
const careful = false; // true | false: whether to look twice`;

const IMPORTS = `import { checkParameters } from "./lib/notebook/parameters";
import { plot } from "./lib/notebook/plot/plot";
import { result } from "./lib/notebook/result";`;

const COMPUTE = `const kinds: { [key in "none" | "loss" | "bias"]: number } = { none: 1, loss: 2, bias: 3 };
if (kinds[method] === 1 && price > 10) throw new RangeError("too dear for nothing");
result("cost", price * hours * (careful ? 2 : 1), "dollars");
result("kind", kinds[method]);
result("always", 1);`;

const PICTURE = `plot({
  data: [{ type: "bar", x: ["an hour", "all of it"], y: [price, price * hours] }],
  layout: { title: { text: "What does it cost?" }, yaxis: { title: { text: "cost (dollars)" } } },
});`;

function code(id: string, source: string, tags?: string[]): Cell {
  return {
    cell_type: "code",
    id,
    metadata: tags === undefined ? {} : { tags },
    source,
    execution_count: null,
    outputs: [],
  };
}

const lesson = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  runScript("tools/course/rerun/lesson.ts", [LESSON, ...args], { COURSE_NOTEBOOKS: notebooks, ...env });

/** What the cell with the plot shows, by mime type. */
const shown = (file: string) => {
  const cell = readNotebook(file).cells.find(({ id }) => id === "picture");
  return cell?.cell_type === "code" ? bundles(cell) : [];
};

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
}

beforeAll(() => {
  fs.mkdirSync(path.join(notebooks, "source"), { recursive: true });
  fs.writeFileSync(
    path.join(notebooks, "source", `${LESSON}.ts`),
    `// %% tags=["parameters"]\n${PARAMETERS}\n\n// %%\n`,
  );
  const kernelspec = { display_name: "TypeScript (course)", language: "typescript", name: "tslab" };
  writeNotebook(path.join(notebooks, `${LESSON}.ipynb`), {
    cells: [
      code("imports", IMPORTS),
      code("parameters", PARAMETERS, ["parameters"]),
      code("check", `checkParameters("${LESSON}", { price, hours, method, careful });`),
      code("compute", COMPUTE),
      code("picture", PICTURE),
    ],
    metadata: { kernelspec, language_info: { name: "typescript" } },
    nbformat: 4,
    nbformat_minor: 5,
  });
});

describe("before anything runs", () => {
  const out = path.join(folder, "never.ipynb");

  it("the parameters are listed with default, range, unit and meaning", async () => {
    const { status, stdout } = await lesson(["--list"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^price +2 +0\.5\.\.20 dollars +what an hour costs$/m);
    expect(stdout).toMatch(/^method +bias +none \| loss \| bias +how load is kept even$/m);
    expect(stdout).toMatch(/^results: cost; kind; always$/m);
  });

  it("every mistake is told, at once, with the nearest parameter and the range", async () => {
    const { status, stderr } = await lesson(["-p", "price=300", "-p", "hour=3", "--out", out]);
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toEqual([
      "lesson: price = 300 is outside 0.5..20 dollars",
      expect.stringContaining("lesson: there is no parameter hour; the nearest is hours (1..1000 hours)."),
    ]);
    expect(fs.existsSync(out)).toBe(false);
  });

  it("a file that no run has made is not overwritten", async () => {
    const mine = path.join(folder, "mine.ipynb");
    fs.writeFileSync(mine, "my notes");
    expect((await lesson(["--out", mine])).stderr).toContain("exists and is no run of a lesson");
    expect(fs.readFileSync(mine, "utf8")).toBe("my notes");
  });
});

describe("one run", () => {
  it("has the given values, and its results in the notebook", async () => {
    const out = path.join(folder, "run.ipynb");
    const { status, stdout, stderr } = await lesson([
      "-p",
      "price=3",
      "-p",
      "method=loss",
      "-p",
      "careful=true",
      "--out",
      out,
    ]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("cost: 60 dollars");
    const injected = readNotebook(out).cells.find((cell) => cell.metadata.tags?.includes("injected-parameters"));
    expect(injected?.source).toContain('const method = "loss" as "none" | "loss" | "bias";');
    const results = readNotebook(out).cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
    expect(JSON.stringify(results)).toContain(
      '"application/vnd.course.result+json":{"name":"cost","unit":"dollars","value":60}',
    );
    expect(fs.readdirSync(folder).filter((name) => /running|job/.test(name))).toEqual([]);
    expect(readNotebook(out).metadata).toMatchObject({
      course: { kind: "run", lesson: LESSON, parameters: { price: 3, hours: 10, method: "loss", careful: true } },
    });
  });

  it("has a picture beside its plot; where there is no browser to draw it, one line says so", async () => {
    expect(shown(path.join(folder, "run.ipynb"))).toEqual([
      expect.objectContaining({ [PLOTLY]: expect.anything(), [PNG]: expect.stringMatching(/^iVBORw0KGgo/) }),
    ]);
    const out = path.join(folder, "without.ipynb");
    const { status, stdout, stderr } = await lesson(["--out", out], { CHROMIUM_PATH: path.join(folder, "none") });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^The plots have no images beside them: CHROMIUM_PATH is .*, but there is no such file\.$/m);
    expect(Object.keys(shown(out)[0])).not.toContain(PNG);
  });

  it("of a copy whose parameters cell lost its tag uses the values all the same; of one that has it twice, it is refused", async () => {
    const copy = readNotebook(path.join(notebooks, `${LESSON}.ipynb`));
    const [out, mine] = ["tagless.ipynb", `${LESSON}.mine.ipynb`].map((name) => path.join(folder, name));
    const call = [mine, "-p", "price=4", "--out", out];
    const env = { COURSE_NOTEBOOKS: notebooks };
    copy.cells[1].metadata = {};
    writeNotebook(mine, copy);
    const tagless = await runScript("tools/course/rerun/lesson.ts", call, env);
    expect([tagless.status, tagless.stderr]).toEqual([0, ""]);
    expect(tagless.stdout).toContain("cost: 40 dollars");
    copy.cells.splice(2, 0, code("copy", PARAMETERS));
    writeNotebook(mine, copy);
    const twice = await runScript("tools/course/rerun/lesson.ts", call, env);
    expect(twice.status).toBe(1);
    expect(twice.stderr).toMatch(/declares price in the cells 2 and 3: delete all but one of them\n$/);
  });

  it("that fails says where, and keeps the notebook for a look", async () => {
    const out = path.join(folder, "fails.ipynb");
    const { status, stderr } = await lesson(["-p", "price=20", "-p", "method=none", "--out", out]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/cell \d: RangeError: too dear for nothing/);
    expect(fs.existsSync(out)).toBe(false);
    expect(fs.existsSync(path.join(folder, "fails.failed.ipynb"))).toBe(true);
  });
});

describe("a sweep", () => {
  const GRID = ["--sweep", "price=1,2", "--sweep", "hours=10,20", "-p", "careful=true", "--jobs", "2"];
  const [first, second] = [path.join(folder, "killed", "sweep.ipynb"), path.join(folder, "whole", "sweep.ipynb")];
  const points = path.join(folder, "killed", "sweep.points");
  const finished = () =>
    fs.existsSync(points) ? fs.readdirSync(points).filter((name) => /^price=\d_hours=\d+\.ipynb$/.test(name)) : [];
  const times = () => new Map(finished().map((name) => [name, fs.statSync(path.join(points, name)).mtimeMs]));

  it("killed in the middle goes on without running finished points again", async () => {
    const killed = startScript("tools/course/rerun/lesson.ts", [LESSON, ...GRID, "--out", first], {
      COURSE_NOTEBOOKS: notebooks,
    });
    await until(() => finished().length >= 2 || killed.child.exitCode !== null);
    expect(killed.printed.stderr).toBe("");
    killed.child.kill("SIGKILL");
    await killed.ended;
    // Nothing of the killed run goes on: neither papermill nor a kernel.
    const processes = () => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
    await expect.poll(() => processes().filter((line) => line.includes(folder))).toEqual([]);
    const before = times();
    expect(before.size).toBeGreaterThanOrEqual(2);
    expect(before.size).toBeLessThan(4);

    const again = await lesson([...GRID, "--out", first]);
    expect([again.status, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).toContain(`${before.size} of 4 points were finished before and are not run again.`);
    const after = times();
    expect(after.size).toBe(4);
    for (const [name, time] of before) expect(after.get(name)).toBe(time);
  });

  it("gives the same summary as one that was not interrupted", async () => {
    const whole = await lesson([...GRID, "--out", second]);
    expect([whole.status, whole.stderr]).toEqual([0, ""]);
    expect(fs.readFileSync(first, "utf8")).toBe(fs.readFileSync(second, "utf8"));
    const csv = fs.readFileSync(second.replace(".ipynb", ".csv"), "utf8").split("\n");
    expect(csv.slice(0, 2)).toEqual(["price,hours,cost (dollars),kind,always", "1,10,20,3,1"]);
    expect(csv).toHaveLength(6);
    const { points: rows } = JSON.parse(fs.readFileSync(second.replace(".ipynb", ".json"), "utf8")) as {
      points: object[];
    };
    expect(rows[3]).toEqual({ price: 2, hours: 20, "cost (dollars)": 80, kind: 3, always: 1 });
  });

  it("sums up in a table and a plot", () => {
    const { cells } = readNotebook(second);
    const outputs = cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
    const texts = outputs.map((output) => ("data" in output ? String(output.data["text/plain"]) : ""));
    expect(texts.join("\n")).toMatch(/^ +2 +20 +80 +3 +1$/m);
    const plots = outputs.filter((output) => "data" in output && "application/vnd.plotly.v1+json" in output.data);
    expect(plots).toHaveLength(1); // the two results that never change have none
    expect(cells[0].source).toContain("The same in all runs, and so without a plot: kind; always.");
    expect(cells[0].source).toContain("Held fixed: careful=true.");
  });

  it("stopped with Ctrl-C keeps what is finished and says how to go on", async () => {
    const out = path.join(folder, "stopped.ipynb");
    const running = startScript(
      "tools/course/rerun/lesson.ts",
      [LESSON, "--sweep", "price=4,5,6,7,8,9", "--out", out],
      {
        COURSE_NOTEBOOKS: notebooks,
      },
    );
    await until(() => running.printed.stdout.includes("[1/6]") || running.child.exitCode !== null);
    running.child.kill("SIGINT");
    const { status, stderr } = await running.ended;
    expect(status).toBe(130);
    expect(stderr).toContain("What is finished stays; the same command goes on from there.");
    const left = fs.readdirSync(path.join(folder, "stopped.points"));
    expect(left.some((name) => name.startsWith("price="))).toBe(true);
    expect(left.filter((name) => /running|job/.test(name))).toEqual([]);
    expect(fs.existsSync(path.join(folder, "stopped.lock"))).toBe(false);
  });

  it("with a point that fails runs the others, and names it", async () => {
    const out = path.join(folder, "partly.ipynb");
    const { status, stdout } = await lesson(["--sweep", "price=5,15", "-p", "method=none", "--out", out]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/price=15: failed, cell \d: RangeError: too dear for nothing/);
    expect(readNotebook(out).cells[0].source).toMatch(/Points that failed[^]*price=15/);
  });
});
