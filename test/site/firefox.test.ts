/**
 * Lesson 01 in the Firefox of this machine, run from the top. Only with SITE_FIREFOX=1, or with the path of its program
 * there: playwright needs a Firefox of its own, so what drives this one, puppeteer-core, is installed in .cache first.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { expect, inject, it } from "vitest";
import { npmCommand } from "../../tools/setup/programs.mjs";
import { environment, projectAt, ROOT } from "../../tools/setup/project.mjs";
import { serveSite } from "../../tools/site/serve.mjs";

const PUPPETEER = "puppeteer-core@25.16.0";
const LESSON = "01-mixture-of-experts";
const asked = process.env.SITE_FIREFOX ?? "";

interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(code: string): Promise<unknown>;
}

interface Puppeteer {
  launch(options: object): Promise<{ newPage(): Promise<Page>; version(): Promise<string>; close(): Promise<void> }>;
}

function puppeteer(): Puppeteer {
  const project = projectAt(ROOT);
  const folder = path.join(project.cache, "site", "firefox");
  const load = createRequire(path.join(folder, "package.json"));
  if (!fs.existsSync(path.join(folder, "node_modules", "puppeteer-core"))) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "package.json"), '{ "private": true }');
    const [npm, first] = npmCommand();
    const args = ["install", "--no-save", "--global=false", "--ignore-scripts", "--loglevel=error", PUPPETEER];
    execFileSync(npm, [...first, ...args], { cwd: folder, env: environment(project) });
  }
  return load("puppeteer-core") as Puppeteer;
}

function firefox(): string {
  if (asked.includes(path.sep)) return asked;
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const places = folders.flatMap((folder) => ["firefox-esr", "firefox"].map((name) => path.join(folder, name)));
  const found = places.find((place) => fs.existsSync(place));
  if (found === undefined) throw new Error("No Firefox found: install one, or let SITE_FIREFOX name its program file.");
  return found;
}

const PANEL = "window.jupyterapp?.shell.currentWidget";
const CODE = `${PANEL}.content.widgets.filter((cell) => cell.model.type === "code")`;
const IDLE = `${PANEL}?.sessionContext?.session?.kernel?.status === "idle"`;
const ERRORS = `["error", "stderr"].flatMap((kind) =>
  [...document.querySelectorAll('.jp-Notebook [data-mime-type="application/vnd.jupyter.' + kind + '"]')])
  .map((output) => output.textContent)`;

async function until(page: Page, condition: string, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await page.evaluate(condition));) {
    if (Date.now() > end)
      throw new Error(`waited ${seconds} s for ${condition}: ${String(await page.evaluate(ERRORS))}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

it.runIf(asked !== "")(
  `lesson ${LESSON} runs in Firefox from the top, without an error, and draws its plots`,
  async () => {
    const serving = await serveSite({ folder: inject("site").folder, port: 0 });
    const browser = await puppeteer().launch({ browser: "firefox", executablePath: firefox(), headless: true });
    try {
      console.log(await browser.version());
      const page = await browser.newPage();
      await page.goto(`${serving.url}run/lab/index.html?path=${LESSON}.ipynb`);
      await until(page, IDLE, 120);
      await page.evaluate(`void window.jupyterapp.commands.execute("notebook:run-all-cells")`);
      await until(page, `${CODE}.some((cell) => cell.model.executionCount === null)`, 60);
      await until(page, `${IDLE} && ${CODE}.every((cell) => cell.model.executionCount !== null)`, 220);
      expect(await page.evaluate(ERRORS)).toEqual([]);
      expect(
        await page.evaluate('document.querySelectorAll(".js-plotly-plot .main-svg g.trace path").length'),
      ).toBeGreaterThan(50);
    } finally {
      await browser.close();
      await serving.close();
    }
  },
);
