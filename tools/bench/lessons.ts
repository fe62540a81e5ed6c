/**
 * A lesson as a person has it: seconds from Run All to its first plot and to its end, and the memory that its kernel holds
 * at most. Against another checkout (--before), the two run in turns.
 */
import fs from "node:fs";
import path from "node:path";
import { outputOf } from "../python";
import { projectAt, ROOT } from "../setup/project.mjs";
import { ratio, type Row, type Section } from "./section";

interface Measured {
  firstPlot: number | null;
  total: number;
  memory: number | null;
}

async function measure(root: string, lesson: string): Promise<Measured> {
  const project = projectAt(root);
  const file = path.join(project.notebooks, lesson);
  const place = path.relative(root, file);
  const call = [path.join(__dirname, "lesson.py"), file, root, place];
  return JSON.parse(await outputOf(call, { python: project.python })) as Measured;
}

function told({ firstPlot, total, memory }: Measured): string {
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  return [
    firstPlot === null ? "no plot" : `first plot ${seconds(firstPlot)}`,
    `all ${seconds(total)}`,
    memory === null ? "memory unknown" : `${memory.toFixed(0)} MB`,
  ].join(", ");
}

/** Lessons that are to take a third less than before, by the begin of their names. */
const FASTER = ["02-", "03-", "04-"];

/** A lesson now, of another checkout's. */
function ofBefore(lesson: string, now: Measured, then: Measured): Row {
  const time = now.total / then.total;
  const memory = now.memory === null || then.memory === null ? "" : `, memory ${ratio(now.memory / then.memory)}`;
  return {
    what: `${lesson}, of before`,
    value: `time ${ratio(time)}${memory}`,
    ...(FASTER.some((begin) => lesson.startsWith(begin)) && {
      goal: {
        what: `lesson ${lesson.slice(0, 2)}, Run All: time`,
        measured: time,
        comparedWith: "--before",
        most: 0.67,
      },
    }),
  };
}

export const lessons: Section = {
  name: "lessons",
  title: "Lessons: from Run All to the first plot and to the end, and the kernel's memory",
  async run({ say, before }) {
    const rows: Row[] = [];
    const names = fs.readdirSync(projectAt(ROOT).notebooks).filter((name) => name.endsWith(".ipynb"));
    for (const name of names) {
      const lesson = path.basename(name, ".ipynb");
      const add = (what: string, measured: Measured): Measured => {
        rows.push({ what, value: told(measured) });
        say(`${what}: ${told(measured)}`);
        return measured;
      };
      const known = before !== undefined && fs.existsSync(path.join(projectAt(before).notebooks, name));
      const then = known ? add(`${lesson}, before`, await measure(before, name)) : null;
      const now = add(lesson, await measure(ROOT, name));
      if (then !== null) rows.push(ofBefore(lesson, now, then));
    }
    return rows;
  },
};
