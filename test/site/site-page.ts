/*
 * The built site, served on this machine, with the course open in a browser.
 */
import fs from "node:fs";
import path from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { inject } from "vitest";
import { sourcesOf } from "../../tools/setup/copies.mjs";
import { launchChromium } from "../../tools/course/build/chromium";
import { projectAt, ROOT } from "../../tools/setup/project.mjs";
import { fingerprint } from "../../tools/site/lab/fingerprint.mjs";
import { writeOfflineList } from "../../tools/site/lab/offline.mjs";
import { serveSite } from "../../tools/site/serve.mjs";
import { LessonPage } from "../browser/lesson-page";

/** A notebook of the site: what is at hand in a test. */
interface Notebook {
  cells: { id?: string; cell_type: string; source: string }[];
}

/**
 * The site below a sub-folder of one address, in one browser whose storage it keeps; a new version can be put in its
 * place.
 */
export class Site {
  private constructor(
    readonly folder: string,
    readonly browser: Browser,
    readonly context: BrowserContext,
    private serving: Awaited<ReturnType<typeof serveSite>>,
  ) {}

  /** Addresses that a page asked for outside of the site. */
  readonly strangers: string[] = [];
  /** Errors that nobody caught in a page. */
  readonly uncaught: string[] = [];

  /** @param own whether the test changes files: it gets a copy then */
  static async open({ own = false } = {}): Promise<Site> {
    let { folder } = inject("site");
    if (own) {
      const copy = path.join(projectAt(ROOT).cache, "site", "changed");
      fs.rmSync(copy, { recursive: true, force: true });
      fs.cpSync(folder, copy, { recursive: true });
      folder = copy;
    }
    const browser = await launchChromium();
    const serving = await serveSite({ folder, port: 0, base: "/a/folder/" });
    const site = new Site(
      folder,
      browser,
      await browser.newContext({ viewport: { width: 1400, height: 1000 } }),
      serving,
    );
    site.context.on("request", (request) => {
      if (/^(http|ws)/.test(request.url()) && !request.url().startsWith(site.url)) site.strangers.push(request.url());
    });
    site.context.on("weberror", (error) => site.uncaught.push(error.error().message));
    return site;
  }

  get url(): string {
    return this.serving.url;
  }

  get sent() {
    return this.serving.sent;
  }

  /** A tab with a notebook, its kernel ready. */
  async notebook(file: string): Promise<LessonPage> {
    const lesson = new LessonPage(await this.context.newPage());
    await lesson.open(`${this.url}run/lab/index.html?path=${file}`);
    return lesson;
  }

  /** Changes a lesson as a new version of the site has it. */
  newVersion(file: string, change: (notebook: Notebook) => void): void {
    const run = path.join(this.folder, "run");
    const place = path.join(run, "files", file);
    const notebook = JSON.parse(fs.readFileSync(place, "utf8")) as Notebook;
    change(notebook);
    const text = `${JSON.stringify(notebook, null, 1)}\n`;
    fs.writeFileSync(place, text);
    const list = path.join(run, "lessons.json");
    const lessons = JSON.parse(fs.readFileSync(list, "utf8")) as Record<string, object>;
    lessons[path.basename(file, ".ipynb")] = { sources: fingerprint(sourcesOf(notebook)), file: fingerprint(text) };
    fs.writeFileSync(list, JSON.stringify(lessons));
    writeOfflineList(run);
  }

  /** No more answers, as without a network. */
  async cutOff(): Promise<void> {
    await this.serving.close();
    await this.context.setOffline(true);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.serving.close().catch(() => {});
  }
}
