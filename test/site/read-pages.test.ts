/*
 * The pages of the read door: what stands in them, without a browser, and how they behave in one. Every page is opened,
 * at two widths and in both themes; the plots of three lessons are all drawn, with SITE_ALL=1 those of every lesson.
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launchChromium } from "../../tools/course/build/chromium";
import { bundles, PLOTLY, readNotebook } from "../../tools/course/build/notebook";
import { filesOf } from "../../tools/site/lab/offline.mjs";
import { serveSite } from "../../tools/site/serve.mjs";

const LESSONS = fs
  .readdirSync("notebooks")
  .filter((name) => /^\d\d-.+\.ipynb$/.test(name))
  .map((name) => name.slice(0, -".ipynb".length));

/** Of which every plot is drawn: 00 and 01 have sliders, 07 bars and surfaces. */
const DRAWN = process.env.SITE_ALL === undefined ? LESSONS.filter((name) => /^0[017]/.test(name)) : LESSONS;

const { folder, address, complaints } = inject("site");

/** Every page, without .html. */
const NAMES = filesOf(folder)
  .filter((file) => file.endsWith(".html") && !file.startsWith("run/"))
  .map((file) => file.slice(0, -".html".length));

const html = new Map(NAMES.map((name) => [name, fs.readFileSync(path.join(folder, `${name}.html`), "utf8")]));

const textOf = (name: string) => html.get(name) ?? "";

/** The page without what is data, code or a formula. */
function proseOf(name: string): string {
  return textOf(name)
    .replace(/<(script|pre|style|svg|code|math)\b[^]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, "");
}

/** A notebook's plots, as Plotly's figures. */
function plotsOf(lesson: string): { frames?: object[] }[] {
  return readNotebook(`notebooks/${lesson}.ipynb`).cells.flatMap((cell) =>
    cell.cell_type === "code" ? bundles(cell).flatMap((data) => (PLOTLY in data ? [data[PLOTLY] as object] : [])) : [],
  );
}

const attributes = (page: string, name: string) =>
  [
    ...page.replace(/<(script|pre)\b[^]*?<\/\1>/g, "$&".slice(0, 0)).matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g")),
  ].map(([, value]) => value.replaceAll("&amp;", "&"));

const ids = new Map([...html].map(([name, page]) => [name, new Set(attributes(page, "id"))]));

describe("what stands in the pages", () => {
  it("the build has nothing to complain of", () => {
    expect(complaints).toEqual([]);
  });

  it("every lesson has a page, the first page leads to it, and it leads to the lesson that runs", () => {
    expect(LESSONS.length).toBeGreaterThan(0);
    const run = (lesson: string) => `run/lab/index.html?path=${lesson}.ipynb`;
    for (const lesson of LESSONS) {
      expect(attributes(textOf("index"), "href")).toEqual(expect.arrayContaining([`${lesson}.html`, run(lesson)]));
      expect(attributes(textOf(lesson), "href"), lesson).toContain(run(lesson));
    }
  });

  it("every link leads to a file, and to a place in it", () => {
    const broken: string[] = [];
    for (const [name, page] of html) {
      for (const link of new Set(attributes(page, "href"))) {
        if (/^(https?:|mailto:|#$)/.test(link)) continue;
        const [file, fragment] = link.replace(/\?.*?(?=#|$)/, "").split("#");
        const target = file === "" ? `${name}.html` : path.posix.join(path.posix.dirname(name), file);
        const [, notebook] = /\?path=([^&#]+)/.exec(link) ?? []; // which JupyterLite is to open
        if (notebook !== undefined && !fs.existsSync(path.join(folder, "run/files", decodeURIComponent(notebook))))
          broken.push(`${name}: ${link}`);
        const there = fs.existsSync(path.join(folder, target));
        const place = fragment === undefined || !target.endsWith(".html");
        if (!there || !(place || ids.get(target.slice(0, -".html".length))?.has(decodeURIComponent(fragment))))
          broken.push(`${name}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("nothing is loaded from elsewhere", () => {
    for (const [name, page] of html) {
      const loaded = [...page.matchAll(/<(?:script|img|iframe|source|link)\b[^>]*?\s(?:src|href)="([^"]+)"[^>]*>/g)]
        .filter(([tag]) => !tag.includes('rel="canonical"'))
        .map(([, url]) => url);
      expect(
        loaded.filter((url) => /^(https?:)?\/\//.test(url)),
        name,
      ).toEqual([]);
    }
    for (const sheet of fs.readdirSync(path.join(folder, "_static")).filter((file) => file.endsWith(".css")))
      expect(fs.readFileSync(path.join(folder, "_static", sheet), "utf8")).not.toMatch(
        /(@import|url\()\s*["']?https?:/,
      );
  });

  it("formulas are set, and none is left as TeX", () => {
    for (const lesson of LESSONS) {
      const written = readNotebook(`notebooks/${lesson}.ipynb`).cells.filter(
        ({ cell_type, source }) => cell_type === "markdown" && /^\$\$/m.test(source),
      );
      const set = textOf(lesson).match(/class="katex-display"/g)?.length ?? 0;
      expect(set, lesson).toBeGreaterThanOrEqual(written.length);
      expect(textOf(lesson), lesson).not.toContain("katex-error");
      expect(proseOf(lesson), lesson).not.toMatch(/\\(mathrm|frac|sum|cdot|mathcal)\b|\$[^$\s][^$\n]{0,40}\$/);
    }
  });

  it("every exercise has its solution folded below its hints", () => {
    for (const lesson of LESSONS) {
      const answers = readNotebook(`notebooks/solutions/${lesson}.ipynb`).cells.filter(
        ({ metadata }) => metadata.nbgrader?.solution,
      );
      const folded = [...textOf(lesson).matchAll(/<details class="course-solution">[^]*?<\/details>/g)];
      expect(folded.length, lesson).toBe(answers.length);
      folded.forEach(([block], i) => {
        const code = block.replace(/<[^>]*>/g, "").replace(/&(?:#x?[\da-f]+|\w+);/gi, "");
        const name = /\b(?:function|const|let)\s+(\w+)/.exec(answers[i].source)?.[1] ?? "";
        expect(code).toContain(name);
      });
      expect(textOf(lesson), lesson).not.toContain("Replace the stub");
    }
  });

  it("code that is folded in JupyterLab is folded here", () => {
    for (const lesson of LESSONS) {
      const hidden = readNotebook(`notebooks/${lesson}.ipynb`).cells.filter(
        ({ metadata }) => (metadata as { jupyter?: { source_hidden?: boolean } }).jupyter?.source_hidden,
      );
      expect(textOf(lesson).match(/>Show the code</g)?.length ?? 0, lesson).toBe(hidden.length);
    }
  });

  it("every plot and every drawing has a text alternative", () => {
    for (const lesson of LESSONS) {
      const figures = [
        ...textOf(lesson).matchAll(/<figure class="course-plot" aria-label="Plot: ([^"]+)">[^]*?<\/figure>/g),
      ];
      expect(figures.length, lesson).toBe(plotsOf(lesson).length);
      for (const [figure] of figures) expect(figure).toMatch(/<div class="course-words">[^<]{20}/);
      for (const [image] of textOf(lesson).matchAll(/<img [^>]*>/g)) expect(image).toMatch(/\salt="[^"]+"/);
    }
  });

  it("a lesson's card has a picture with a whole address: its own, or the course's where it draws no plot", () => {
    for (const lesson of LESSONS) {
      const owner = plotsOf(lesson).length > 0 ? lesson : LESSONS[0];
      const [, name] = /property="og:image" content="([^"]+)"/.exec(textOf(lesson)) ?? [];
      expect(name, lesson).toBe(`${address}_static/cards/${owner}.png`);
      expect(
        fs
          .readFileSync(path.join(folder, name.slice(address.length)))
          .subarray(1, 4)
          .toString(),
      ).toBe("PNG");
    }
  });
});

describe("in a browser", () => {
  const axe = fs.readFileSync(createRequire(__filename).resolve("axe-core/axe.min.js"), "utf8");
  let browser: Browser;
  let context: BrowserContext;
  let site: Awaited<ReturnType<typeof serveSite>>;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launchChromium(), serveSite({ folder, port: 0, base: "/some/course/" })]);
    context = await browser.newContext();
    context.setDefaultTimeout(120_000);
  });
  afterAll(async () => {
    expect(await context.cookies()).toEqual([]);
    await browser.close();
    await site.close();
  });

  const WIDE = { viewport: { width: 1280, height: 900 }, colorScheme: "light" } as const;
  const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: "dark" } as const;

  /** Waits until the page has been drawn twice: what it does where a size has changed, in the next frame, is done then. */
  const settle = (page: Page) =>
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");

  async function turn(page: Page, { viewport, colorScheme }: typeof WIDE | typeof PHONE) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await settle(page);
    // Colours may fade from one to the other.
    await page.evaluate(`Promise.allSettled(document.getAnimations()
      .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity).map(({ finished }) => finished))`);
  }

  /** Opens a page and keeps what goes wrong in it, and what it asks for. */
  async function open(name: string, screen: typeof WIDE | typeof PHONE = WIDE) {
    const page = await context.newPage();
    const wrong: string[] = [];
    const asked: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) wrong.push(message.text());
    });
    page.on("pageerror", (error) => void wrong.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith("data:")) asked.push(request.url());
    });
    await page.setViewportSize(screen.viewport);
    await page.emulateMedia({ colorScheme: screen.colorScheme });
    await page.goto(`${site.url}${name}`);
    return { page, wrong, asked, close: () => page.close() };
  }

  /** Waits until a page has no need to scroll sideways: what is drawn follows the window's width a little later. */
  const expectToFit = (page: Page) =>
    page.waitForFunction("document.documentElement.scrollWidth === document.documentElement.clientWidth");

  /** Listings, formulas and drawn plots are most of a lesson and made alike: axe looks at those of one page each. */
  const IN_FULL = ["lib/model/router.ts", "primer"];
  const SIMPLIFY = `
    for (const listing of document.querySelectorAll(".highlight pre")) listing.textContent = listing.textContent;
    for (const drawn of document.querySelectorAll(".katex-html")) drawn.remove();`;
  const WITHOUT_PLOTS = 'for (const drawn of document.querySelectorAll(".js-plotly-plot .main-svg")) drawn.remove();';

  /** The rules whose answer hangs on theme and width; the others are asked once a page. */
  const OF_SCREEN = { runOnly: ["color-contrast", "scrollable-region-focusable", "target-size"] };

  /** What axe finds that keeps people out. */
  async function barriers(page: Page, inFull: boolean, rules: object = {}): Promise<string[]> {
    if (!inFull) await page.evaluate(SIMPLIFY);
    await settle(page);
    await page.evaluate(`if (window.axe === undefined) { ${axe} }`);
    const run = `axe.run(document, ${JSON.stringify({ resultTypes: ["violations"], ...rules })})`;
    const { violations } = await page.evaluate<AxeResult>(run);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
      );
  }

  const unfoldAll = (page: Page) =>
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");

  /** Unfolds everything and has every plot come into view. */
  async function drawAll(page: Page) {
    await unfoldAll(page);
    await page.evaluate(`(async () => {
      for (const plot of document.querySelectorAll("figure.course-plot")) {
        plot.scrollIntoView();
        const until = performance.now() + 120_000;
        while (plot.dataset.drawn === undefined && performance.now() < until)
          await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })()`);
  }

  /** What no page may do, whatever is in it. */
  function expectQuiet({ wrong, asked }: Awaited<ReturnType<typeof open>>) {
    expect(wrong).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(site.url))).toEqual([]);
  }

  describe.concurrent.each(LESSONS)("%s", (lesson) => {
    const figures = plotsOf(lesson);
    const isDrawn = DRAWN.includes(lesson);

    it(`${isDrawn ? "draws its plots, " : ""}fits, and keeps nobody out, on a dark phone too`, async () => {
      const opened = await open(`${lesson}.html`, PHONE);
      const { page, asked } = opened;
      await unfoldAll(page);
      await expectToFit(page);
      expect(await barriers(page, false, OF_SCREEN)).toEqual([]);
      await turn(page, WIDE);
      if (isDrawn) {
        await drawAll(page);
        expect(await page.locator("figure.course-plot .js-plotly-plot").count()).toBe(figures.length);
        expect(await page.locator("figure.course-plot[data-drawn]").count()).toBe(figures.length);
        const sliders = figures.filter(({ frames }) => frames !== undefined).length;
        expect(await page.locator("g.slider-group[role=slider]").count()).toBe(sliders);
        expect(asked.filter((url) => /plotly/.test(url)).length).toBe(figures.length > 0 ? 1 : 0);
      }
      await expectToFit(page);
      expectQuiet(opened);
      await page.evaluate(WITHOUT_PLOTS);
      expect(await barriers(page, false)).toEqual([]);
      await opened.close();
    });
  });

  const OTHERS = NAMES.filter((name) => !LESSONS.includes(name));
  describe.concurrent.each(OTHERS)("%s", (name) => {
    const looked = !name.startsWith("lib/") || IN_FULL.includes(name);

    it("fits and keeps nobody out", async () => {
      const opened = await open(`${name}.html`);
      const { page, asked } = opened;
      await expectToFit(page);
      await turn(page, PHONE);
      await expectToFit(page);
      if (looked) {
        expect(await barriers(page, IN_FULL.includes(name), OF_SCREEN)).toEqual([]);
        await turn(page, WIDE);
        expect(await barriers(page, IN_FULL.includes(name))).toEqual([]);
      }
      expect(
        asked.some((url) => /plotly/.test(url)),
        "plotly where nothing is plotted",
      ).toBe(false);
      expectQuiet(opened);
      await opened.close();
    });
  });

  it("a slider moves with the arrows, and stays where it is when the theme changes", async () => {
    const lesson = LESSONS.find((name) => plotsOf(name).some(({ frames }) => frames !== undefined)) ?? "";
    const { page, close } = await open(`${lesson}.html`);
    await drawAll(page);
    const slider = page.locator("g.slider-group[role=slider]").first();
    const before = Number(await slider.getAttribute("aria-valuenow"));
    await slider.focus();
    await page.keyboard.press(before > 0 ? "ArrowLeft" : "ArrowRight");
    const after = before > 0 ? before - 1 : before + 1;
    await expect.poll(() => slider.getAttribute("aria-valuenow")).toBe(String(after));
    const colour = () =>
      page.evaluate<string>('getComputedStyle(document.querySelector("figure.course-plot .gtitle")).fill');
    const light = await colour();
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(colour).not.toBe(light);
    await expect.poll(() => slider.getAttribute("aria-valuenow")).toBe(String(after));
    await page.setViewportSize(PHONE.viewport); // drawn plots become narrower with their place, and then scroll in it
    await expect
      .poll(() => page.evaluate<number>("document.querySelector('figure.course-plot .main-svg').clientWidth"))
      .toBeLessThan(700);
    await expectToFit(page);
    expect(await barriers(page, true)).toEqual([]);
    await close();
  });

  it("a formula that gets too wide for its place when its letters come can be reached with Tab", async () => {
    const page = await context.newPage();
    let comeLetters = () => {};
    const letters = new Promise<void>((come) => (comeLetters = come));
    await page.route("**/*.woff2*", (route) => letters.then(() => route.continue()));
    await page.goto(`${site.url}primer.html`, { waitUntil: "domcontentloaded" });
    await unfoldAll(page);
    // As wide as the letters that stand in for them need, and with room for a scroll bar: the page keeps its size.
    await page.evaluate(`for (const place of document.querySelectorAll(".course-math")) {
      place.style.width = 0;
      Object.assign(place.style, { width: place.scrollWidth + "px", height: place.clientHeight + 40 + "px" });
    }`);
    await settle(page);
    const tooWide = () =>
      page.evaluate<(string | null)[]>(`[...document.querySelectorAll(".course-math")]
        .filter((place) => place.scrollWidth > place.clientWidth + 1).map((place) => place.getAttribute("tabindex"))`);
    expect(await tooWide()).toEqual([]);
    comeLetters();
    await expect.poll(async () => (await tooWide()).length).toBeGreaterThan(0);
    await expect.poll(tooWide).not.toContain(null);
    await page.close();
  });

  it("search finds the router, in a lesson", async () => {
    const { page, wrong, close } = await open("search.html?q=router");
    const found = () =>
      page.locator("#search-results li a").evaluateAll((links) => links.map((a) => a.getAttribute("href") ?? ""));
    // One after the other they come.
    await expect.poll(found).toContainEqual(expect.stringContaining("01-mixture-of-experts"));
    expect(wrong).toEqual([]);
    await close();
  });
});

interface AxeResult {
  violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
}
