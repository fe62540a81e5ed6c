/**
 * A lesson as a person has it: seconds from Run All to its first plot and to its end, and the memory that its kernel holds
 * at most. Against another checkout (--before), the two run in turns.
 */
import fs from "node:fs";
import path from "node:path";
import { outputOf } from "../python";
import { projectAt, ROOT } from "../setup/project.mjs";
import type { Row, Section } from "./section";

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

export const lessons: Section = {
  name: "lessons",
  title: "Lessons: from Run All to the first plot and to the end, and the kernel's memory",
  async run({ say, before }) {
    const rows: Row[] = [];
    const names = fs.readdirSync(projectAt(ROOT).notebooks).filter((name) => name.endsWith(".ipynb"));
    for (const name of names) {
      const lesson = path.basename(name, ".ipynb");
      if (before !== undefined && fs.existsSync(path.join(projectAt(before).notebooks, name))) {
        rows.push({ what: `${lesson}, before`, value: told(await measure(before, name)) });
        say(`${rows.at(-1)!.what}: ${rows.at(-1)!.value}`);
      }
      rows.push({ what: lesson, value: told(await measure(ROOT, name)) });
      say(`${lesson}: ${rows.at(-1)!.value}`);
    }
    return rows;
  },
};
