/**
 * The course in a browser tab: seconds and bytes from opening lesson 01, caches empty, to its first drawn plot; the same on
 * a second visit; the size of the whole folder. The site is built first if anything has changed, and served from here.
 */
import path from "node:path";
import type { BrowserContext } from "playwright-core";
import { launchChromium } from "../course/build/chromium";
import { projectAt, ROOT } from "../setup/project.mjs";
import { buildSite, megabytes, sizeOf } from "../site/build.mjs";
import { filesOf } from "../site/lab/offline.mjs";
import { serveSite } from "../site/serve.mjs";
import type { Row, Section } from "./section";

const LESSON = "01-mixture-of-experts";

/** The notebook and its kernel, from JupyterLab's own models. */
const READY = `window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === "idle"`;

/** Whether a cell that has been run since shows a plot with marks in it. */
const DRAWN = `window.jupyterapp.shell.currentWidget.content.widgets.some((cell) =>
  cell.model.executionCount !== null && cell.node.querySelector(".js-plotly-plot .main-svg g.trace path") !== null)`;

interface Visit {
  /** Seconds since the address was opened. */
  open: number;
  ready: number;
  plot: number;
  bytes: number;
}

type Serving = Awaited<ReturnType<typeof serveSite>>;

/** Has the server compress the files, as a web host has done long before a visit. */
async function compress(folder: string, { url, sent }: Serving): Promise<void> {
  for (const file of filesOf(folder)) {
    if (!/\.(js|json|wasm|html|css)$/.test(file)) continue;
    const answer = await fetch(url + file, { headers: { "Accept-Encoding": "gzip" } });
    await answer.arrayBuffer();
  }
  sent.length = 0;
}

/** How long a browser that has just been started is busy with itself, in milliseconds. */
const BROWSER_STARTS_MS = 3000;

async function visit(context: BrowserContext, { url, sent }: Serving): Promise<Visit> {
  const page = await context.newPage();
  await page.waitForTimeout(BROWSER_STARTS_MS);
  const [begin, before] = [performance.now(), sent.length];
  const seconds = () => (performance.now() - begin) / 1000;
  await page.goto(`${url}run/lab/index.html?path=${LESSON}.ipynb`);
  await page.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 120_000 });
  const open = seconds();
  await page.waitForFunction(READY, null, { timeout: 120_000, polling: 50 });
  const ready = seconds();
  const closed = () => {}; // the lesson goes on after its first plot; the page does not
  void page.evaluate('window.jupyterapp.commands.execute("notebook:run-all-cells")').catch(closed);
  await page.waitForFunction(DRAWN, null, { timeout: 120_000, polling: 50 });
  const plot = seconds();
  const bytes = sent.slice(before).reduce((sum, answer) => sum + answer.bytes, 0);
  await page.waitForTimeout(15_000); // what is kept for times without a network comes now
  await page.close();
  return { open, ready, plot, bytes };
}

function told({ open, ready, plot, bytes }: Visit): string {
  const times = [`text after ${open.toFixed(1)} s`, `kernel ${ready.toFixed(1)} s`, `first plot ${plot.toFixed(1)} s`];
  return `${times.join(", ")}; ${megabytes(bytes)} received until then`;
}

export const site: Section = {
  name: "site",
  title: "The course in a browser tab: from opening lesson 01 and running it to its first plot",
  async run({ say }) {
    const project = projectAt(ROOT);
    const out = path.join(project.cache, "site", "built");
    say("building the site, if anything has changed");
    await buildSite(project, { out });
    const serving = await serveSite({ folder: out, port: 0 });
    await compress(out, serving);
    const browser = await launchChromium();
    const rows: Row[] = [];
    try {
      const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
      rows.push({ what: "first visit, caches empty", value: told(await visit(context, serving)) });
      rows.push({ what: "second visit", value: told(await visit(context, serving)) });
    } finally {
      await browser.close();
      await serving.close();
    }
    const run = sizeOf(path.join(out, "run"));
    rows.push({ what: "the folder", value: `${megabytes(sizeOf(out))}, of which run/ ${megabytes(run)}` });
    return rows;
  },
};
