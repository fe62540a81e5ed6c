/**
 * The built site: made once before the first file of tests (vitest's globalSetup), if anything has changed since, and
 * shared by all. COURSE_SITE names one in its place, made with `npm run site -- --address https://example.org/course/`.
 */
import fs from "node:fs";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { projectAt, ROOT } from "../../tools/setup/project.mjs";
import { Report } from "../../tools/setup/say.mjs";
import { buildSite } from "../../tools/site/build.mjs";

/** Where the site says that it is, for the pictures that others show of a page. */
const ADDRESS = "https://example.org/course/";

declare module "vitest" {
  export interface ProvidedContext {
    site: {
      folder: string;
      address: string;
      /** What the pages' build had to complain of. */
      complaints: string[];
    };
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  const given = process.env.COURSE_SITE;
  if (given !== undefined) return provide("site", { folder: given, address: ADDRESS, complaints: [] });
  const project = projectAt(ROOT);
  const folder = path.join(project.cache, "site", "built");
  const record = path.join(project.cache, "site", "complaints.json");
  const lines: string[] = [];
  const write = (text: string) => {
    lines.push(...text.trimEnd().split("\n"));
    return process.stdout.write(text);
  };
  if (!fs.existsSync(record)) fs.rmSync(folder, { recursive: true, force: true });
  if (await buildSite(project, { out: folder, address: ADDRESS, prepared: true, report: new Report(4, { write }) })) {
    // That step says nothing else on its way.
    const complaints = lines.filter((line) => /\] Pages to read: .* …$/.test(line));
    fs.writeFileSync(record, JSON.stringify(complaints));
  }
  const complaints = JSON.parse(fs.readFileSync(record, "utf8")) as string[];
  provide("site", { folder, address: ADDRESS, complaints });
}
