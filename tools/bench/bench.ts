/**
 * npm run bench: how fast the course computes, as ratios measured in one run. Nothing here is a test, since times on a
 * shared machine are not repeatable; ratios of one run nearly are.
 */
import fs from "node:fs";
import os from "node:os";
import { command, fromCaller, readCall } from "../cli";
import { projectAt } from "../setup/project.mjs";
import { dense } from "./dense";
import { fp8 } from "./fp8";
import { latent } from "./latent";
import { lessons } from "./lessons";
import { mixture } from "./moe";
import { products } from "./products";
import { summary, type Row, type Section } from "./section";
import { site } from "./site";
import { prepareTorch } from "./torch";
import { v3Mini } from "./v3-mini";

const SECTIONS: Section[] = [products, dense, mixture, latent, v3Mini, fp8, lessons, site];

const HELP = `npm run bench -- [section …] [options]

Measures, and prints times and their ratios, in the end those with a goal in one table. Sections: ${SECTIONS.map(({ name }) => name).join(", ")}; all of them where none is named.

  --before DIR  lessons: also those of another checkout that is set up, in turns with these
  --torch       also PyTorch on the processor, in a Python environment of its own that is made for it (1 GB)
  --json        prints JSON
  --help        prints this`;

/** What was measured on: the processor, its cores, Node. */
function machine(): string {
  const cores = os.availableParallelism();
  return `${os.cpus()[0].model.trim()}, ${cores} ${cores === 1 ? "core" : "cores"}, Node ${process.version}`;
}

export const main = command("bench", HELP, async (args) => {
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = readCall(
    args,
    { torch: flag, json: flag, before: { type: "string" } },
    { positionals: true },
  );
  const unknown = positionals.find((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no section ${unknown}; sections: ${SECTIONS.map(({ name }) => name).join(", ")}`);
  const before = values.before === undefined ? undefined : fromCaller(values.before);
  if (before !== undefined && !fs.existsSync(projectAt(before).python))
    throw new Error(`${values.before} is no checkout that is set up: it has no .venv`);
  const say = (text: string) => console.error(`  … ${text}`);
  if (values.torch) await prepareTorch(say);

  const all: Row[] = [];
  const results: Record<string, Record<string, string>> = {};
  for (const section of SECTIONS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    console.error(section.title);
    const rows = await section.run({ torch: values.torch, before, say });
    results[section.name] = Object.fromEntries(rows.map(({ what, value }) => [what, value]));
    all.push(...rows);
    if (values.json) continue;
    const width = Math.max(...rows.map(({ what }) => what.length));
    console.log(
      `\n${section.title}\n${rows.map(({ what, value }) => `  ${what.padEnd(width)}  ${value}`).join("\n")}\n`,
    );
  }
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else if (all.some(({ goal }) => goal !== undefined)) console.log(`${machine()}:\n\n${summary(all)}\n`);
});
