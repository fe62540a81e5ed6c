/**
 * What the course adds to JupyterLab's page, in a page that has nothing but a plot and a stand-in for JupyterLab: titles
 * in a narrow column, and links into a notebook that opens while they are followed.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { launchChromium } from "../../tools/course/build/chromium";
import { TEMPLATE } from "../../lib/notebook/plot/theme";

const TITLE = "How does a picture look that stands far below in its notebook?"; // a line, by the rules of lib

/**
 * An application of JupyterLab with a notebook that comes late, and that finds a cell only once it is drawn: when a test
 * says so.
 */
const APP = `(() => {
  const page = document.createElement("div");
  page.style.cssText = "height: 200px; overflow: auto";
  page.innerHTML = '<div style="height: 2000px"></div><p>the exercise</p><div style="height: 2000px"></div>';
  const cell = { model: { id: "02-gamma" }, node: page.querySelector("p") };
  let drawn = false;
  const notebook = {
    node: page, isDisposed: false, revealed: Promise.resolve(),
    context: { path: "02.ipynb", ready: Promise.resolve() },
    content: { node: page, widgets: [cell] },
    setFragment: (fragment) => void (window.asked++, drawn && fragment === "#cell-id=02-gamma" && cell.node.scrollIntoView()),
  };
  const followers = [];
  const open = [];
  setTimeout(() => { document.body.append(page); open.push(notebook); }, 400);
  window.asked = 0;
  window.drawCell = () => { drawn = true; };
  window.follow = (args) => followers.forEach((act) => act(null, { id: "rendermime:handle-local-link", args }));
  window.place = () => page.scrollTop;
  return { shell: { widgets: () => open }, commands: { commandExecuted: { connect: (act) => followers.push(act) } } };
})()`;

let browser: Browser;
let page: Page;
beforeAll(async () => void (browser = await launchChromium()));
afterAll(() => browser.close());

beforeEach(async () => {
  page = await browser.newPage();
  await page.route("http://course/", (route) => route.fulfill({ contentType: "text/html", body: "<body></body>" }));
  await page.route("http://course/course.js", (route) => route.fulfill({ path: "tools/jupyterlab/static/course.js" }));
  await page.route("http://course/course.css", (route) =>
    route.fulfill({ path: "tools/jupyterlab/static/course.css" }),
  );
  await page.goto("http://course/");
  await page.addScriptTag({ path: "node_modules/plotly.js-dist/plotly.js" });
  await page.addScriptTag({ url: "http://course/course.js" });
  await page.evaluate(
    `window._JUPYTERLAB["deepseek-v3-course"].get().then((module) => module().default.activate(${APP}))`,
  );
});

/** How far the title reaches, as a share of its picture's width, and its lines. */
const title = () =>
  page.evaluate(`(() => {
    const text = document.querySelector("text.gtitle");
    const [at, picture] = [text, text.ownerSVGElement].map((element) => element.getBoundingClientRect());
    return { reach: (at.right - picture.left) / picture.width, lines: Math.max(1, text.querySelectorAll("tspan.line").length) };
  })()`) as Promise<{ reach: number; lines: number }>;

async function draw(width: number): Promise<void> {
  const layout = {
    width,
    height: 420,
    margin: { t: 50 },
    template: TEMPLATE,
    title: { text: TITLE, pad: { l: 12, t: 14 } },
  };
  await page.evaluate(`(() => {
    const div = document.createElement("div");
    document.body.append(div);
    return Plotly.newPlot(div, [{ type: "scatter", x: [1, 2], y: [1, 2] }], ${JSON.stringify(layout)});
  })()`);
}

it("breaks a title that a narrow column would cut off, and again at another width", async () => {
  await draw(332);
  await expect.poll(async () => (await title()).lines).toBe(2);
  await expect.poll(async () => (await title()).reach).toBeLessThanOrEqual(1);
  await page.evaluate(`Plotly.relayout(document.querySelector(".js-plotly-plot"), { width: 260 })`);
  await expect.poll(async () => (await title()).reach).toBeLessThanOrEqual(1);
  await page.evaluate(`Plotly.relayout(document.querySelector(".js-plotly-plot"), { width: 900 })`);
  await expect.poll(async () => (await title()).lines).toBe(1);
});

it("leaves a title alone that has room", async () => {
  await draw(900);
  await page.waitForTimeout(500);
  expect((await title()).lines).toBe(1);
});

it("leads to a cell of a notebook that opens only then", async () => {
  await page.evaluate(`follow({ path: "02.ipynb", id: "#cell-id=02-gamma" })`);
  await page.waitForFunction("asked > 1"); // before it is drawn
  await page.evaluate("drawCell()");
  await expect.poll(() => page.evaluate("place()")).toBeGreaterThan(1800);
});

it("leaves the notebook alone as soon as the reader moves", async () => {
  await page.evaluate(`follow({ path: "02.ipynb", id: "#cell-id=02-gamma" })`);
  await page.waitForFunction("asked > 0");
  await page.evaluate(`document.querySelector("body > div").dispatchEvent(new WheelEvent("wheel")); drawCell();`);
  await page.waitForTimeout(2500);
  expect(await page.evaluate("place()")).toBe(0);
});
