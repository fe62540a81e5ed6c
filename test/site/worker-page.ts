/** The worker of the kernel in a tab, alone in a page of a real browser: what a cell is answered, without JupyterLite. */
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../../tools/course/build/chromium";
import type { Display, ErrorContent, FromWorker, SavedNotebook, ToWorker } from "../../tools/site/worker/protocol";

const TYPES: Record<string, string> = {
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

/** Serves a folder, and an empty page at its root. */
export function serveFolder(folder: string): Promise<{ url: string; sent: () => number; stop: () => void }> {
  let sent = 0;
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname);
    const file = path.join(folder, name);
    if (name !== "/" && !fs.existsSync(file)) return void response.writeHead(404).end();
    const body = name === "/" ? Buffer.from("<!doctype html><title>kernel</title>") : fs.readFileSync(file);
    sent += body.length;
    response.writeHead(200, { "content-type": TYPES[path.extname(name === "/" ? ".html" : name)] ?? "text/plain" });
    response.end(body);
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        sent: () => sent,
        stop: () => void server.close(),
      }),
    ),
  );
}

/** What a cell has left when it has ended. */
export interface Ran {
  error: ErrorContent | null;
  stdout: string;
  stderr: string;
  displays: Display[];
}

/** What a page has, as far as it is used here: the tests are compiled for Node. */
interface PageWorker {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: (event: { data: unknown }) => void;
  onerror: (event: { message: string }) => void;
}

interface PageScope {
  Worker: new (url: string, options: object) => PageWorker;
  worker?: PageWorker;
  tell(message: unknown): void;
}

/** The worker in a page. */
export class WorkerPage {
  private next = 0;
  private readonly messages: FromWorker[] = [];
  /** Milliseconds from the worker's start until it could run cells. */
  readyAfter = 0;

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly base: string,
  ) {}

  static async open(url: string, args: string[] = []): Promise<WorkerPage> {
    const browser = await launchChromium(args);
    const page = await browser.newPage();
    await page.goto(url);
    const opened = new WorkerPage(browser, page, url);
    await page.exposeFunction("tell", (message: FromWorker) => void opened.messages.push(message));
    await opened.start();
    return opened;
  }

  /** Starts the worker, or a new one in its place. */
  async start(): Promise<void> {
    const begin = Date.now();
    this.messages.length = 0;
    await this.page.evaluate((base) => {
      const scope = globalThis as unknown as PageScope;
      scope.worker?.terminate();
      const worker = (scope.worker = new scope.Worker(`${base}worker.js`, { type: "module" }));
      worker.onmessage = ({ data }) => scope.tell(data);
      worker.onerror = (event) =>
        scope.tell({ type: "error", id: -1, error: { ename: "Worker", evalue: event.message, traceback: [] } });
      worker.postMessage({ type: "start", base });
    }, this.base);
    await this.until((message) => message.type === "ready");
    this.readyAfter = Date.now() - begin;
  }

  async post(message: ToWorker): Promise<void> {
    await this.page.evaluate((data) => (globalThis as unknown as PageScope).worker?.postMessage(data), message);
  }

  private async until<M extends FromWorker>(wanted: (message: FromWorker) => boolean, most = 400_000): Promise<M> {
    const end = Date.now() + most;
    for (;;) {
      const found = this.messages.find(wanted);
      if (found !== undefined) return found as M;
      const broken = this.messages.find((message) => message.type === "error" && message.id === -1);
      if (broken !== undefined) throw new Error(`the worker failed: ${JSON.stringify(broken)}`);
      if (Date.now() > end) throw new Error(`no answer after ${most} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Waits until a cell that runs has printed something. */
  async printed(id: number): Promise<void> {
    await this.until((message) => message.type === "stream" && message.id === id);
  }

  /** Starts a cell; `done` waits for its end. */
  async begin(code: string, notebook?: string): Promise<{ id: number; done: () => Promise<Ran> }> {
    const id = this.next++;
    await this.post({ type: "execute", id, code, count: id + 1, notebook });
    const done = async () => {
      const { error } = await this.until<Extract<FromWorker, { type: "executed" }>>(
        (message) => message.type === "executed" && message.id === id,
      );
      const own = this.messages.filter((message) => "id" in message && message.id === id);
      const text = (name: string) =>
        own.flatMap((message) => (message.type === "stream" && message.name === name ? [message.text] : [])).join("");
      const displays = own.filter((message) => message.type === "display");
      return { error, stdout: text("stdout"), stderr: text("stderr"), displays };
    };
    return { id, done };
  }

  async execute(code: string, notebook?: string): Promise<Ran> {
    return (await this.begin(code, notebook)).done();
  }

  async interrupt(): Promise<void> {
    await this.post({ type: "interrupt" });
  }

  async notebooks(files: SavedNotebook[]): Promise<void> {
    await this.post({ type: "notebooks", files });
  }

  async complete(code: string, cursor = code.length): Promise<string[]> {
    const id = this.next++;
    await this.post({ type: "complete", id, code, cursor });
    type Completed = Extract<FromWorker, { type: "completed" }>;
    return (await this.until<Completed>((message) => message.type === "completed" && message.id === id)).matches;
  }

  async inspect(code: string, cursor = code.length): Promise<string | null> {
    const id = this.next++;
    await this.post({ type: "inspect", id, code, cursor });
    type Inspected = Extract<FromWorker, { type: "inspected" }>;
    const { data } = await this.until<Inspected>((message) => message.type === "inspected" && message.id === id);
    return data?.["text/plain"] ?? null;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
