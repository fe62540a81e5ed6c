/*
 * A lesson open in JupyterLab, driven as a person does it: by the menu, the keyboard and the mouse. What is read back is
 * what the page shows: prompts, outputs, drawn plots, pop-ups. Functions that run in the page are given as text, since
 * the project is not compiled against a browser's types.
 */
import type { Locator, Page } from "playwright-core";

/** One drawn Plotly figure, as the page has it. */
export interface DrawnPlot {
  /** Index of the cell that shows it. */
  cell: number;
  /** Traces that should be visible, and those that have a mark in the picture. */
  visibleTraces: number;
  drawnTraces: number;
  width: number;
  height: number;
  frames: number;
  /** The traces' data as JSON. */
  data: string;
}

const PLOTS = `[...document.querySelectorAll(".jp-Notebook .jp-Cell")].flatMap((cell, index) =>
  [...cell.querySelectorAll(".js-plotly-plot")].map((plot) => ({
    cell: index,
    visibleTraces: (plot._fullData ?? []).filter((trace) => trace.visible === true).length,
    drawnTraces: [...plot.querySelectorAll(".main-svg g.trace, .main-svg g.hm, .main-svg g.contour")]
      .filter((trace) => trace.querySelector("path, image, text")).length,
    width: plot.clientWidth,
    height: plot.clientHeight,
    frames: plot._transitionData?._frames?.length ?? 0,
    data: JSON.stringify(plot.data),
  })))`;

/**
 * Execution counts of the code cells, null for one that has not run or waits. From JupyterLab's own model: a cell whose
 * code is folded away shows no prompt. (server.ts has the page expose it.)
 */
const COUNTS = `window.jupyterapp.shell.currentWidget.content.widgets
  .filter((cell) => cell.model.type === "code").map((cell) => cell.model.executionCount)`;

/**
 * The kernel's state from the model, too: while the kernel starts, the page's indicator already says "idle", and
 * Run All Cells clears every cell and runs none.
 */
const KERNEL = `((kernel) => kernel?.connectionStatus === "connected" ? kernel.status : "not connected")(
  window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel)`;

const STATE = `({
  counts: ${COUNTS},
  kernel: ${KERNEL},
  errors: ["error", "stderr"].flatMap((kind) =>
    [...document.querySelectorAll('.jp-Notebook [data-mime-type="application/vnd.jupyter.' + kind + '"]')])
    .map((output) => output.textContent),
})`;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface State {
  counts: (number | null)[];
  kernel: string;
  errors: string[];
}

/** How long anything may take that a person need not wait for: a loaded machine can be ten times as slow as a quiet one. */
const PATIENCE_MS = 120_000;

export class LessonPage {
  constructor(readonly page: Page) {
    page.setDefaultTimeout(PATIENCE_MS);
  }

  /** Opens a notebook and waits until its cells are there and its kernel is ready. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.waitForSelector(".jp-Notebook .jp-Cell");
    await this.waitFor((state) => state.kernel === "idle", PATIENCE_MS, "the kernel to be ready");
  }

  private async waitFor(done: (state: State) => boolean, timeout: number, what: string): Promise<State> {
    const end = Date.now() + timeout;
    for (;;) {
      const state = (await this.page.evaluate(STATE)) as State;
      if (done(state)) return state;
      if (Date.now() > end) throw new Error(`waited ${timeout / 1000} s for ${what}: ${JSON.stringify(state)}`);
      await this.page.waitForTimeout(250);
    }
  }

  /**
   * Run > Run All Cells, then waits until the kernel is idle and no cell is waiting; returns the seconds it took.
   * @throws if a code cell did not run, with the red text of the page
   */
  async runAll(timeout = 800_000): Promise<number> {
    const begin = Date.now();
    const started = this.page.waitForFunction(`${COUNTS}.includes(null)`);
    await this.menu("Run", "Run All Cells");
    await started;
    const ran = (state: State): boolean => !state.counts.includes(null);
    const done = (state: State): boolean => state.kernel === "idle" && (ran(state) || state.errors.length > 0);
    const state = await this.waitFor(done, timeout, "all cells to run");
    if (!ran(state)) throw new Error(`cells did not run: ${state.counts.join(" ")} ${state.errors.join("\n")}`);
    return (Date.now() - begin) / 1000;
  }

  private async menu(name: string, item: string): Promise<void> {
    await this.page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${name}$`) }).click();
    await this.page.locator(".lm-Menu-itemLabel", { hasText: new RegExp(`^${item}$`) }).click();
  }

  cell(index: number): Locator {
    return this.page.locator(".jp-Notebook .jp-Cell").nth(index);
  }

  /** Clicks into a cell's source; a folded one is unfolded first. */
  private async edit(index: number): Promise<void> {
    await this.cell(index).scrollIntoViewIfNeeded();
    const folded = this.cell(index).locator(".jp-InputPlaceholder .jp-Placeholder-content");
    if (await folded.isVisible()) await folded.click();
    await this.cell(index).locator(".cm-content").click();
  }

  /** Replaces a cell's text by typing over it. */
  async write(index: number, source: string): Promise<void> {
    await this.edit(index);
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(source);
  }

  /** Runs one cell with Control+Enter and waits for its answer. */
  async run(index: number, timeout = 240_000): Promise<string> {
    await this.edit(index);
    const prompt = this.cell(index).locator(".jp-InputPrompt");
    const before = await prompt.textContent();
    await this.page.keyboard.press("ControlOrMeta+Enter");
    const end = Date.now() + timeout;
    for (let now = before; now === before || now === null || !/\d/.test(now); now = await prompt.textContent()) {
      if (Date.now() > end) throw new Error(`cell ${index + 1} did not answer within ${timeout / 1000} s`);
      await this.page.waitForTimeout(100);
    }
    return this.settledOutput(index);
  }

  /** The text of a cell's outputs once the page shows all that the cell has, and goes on showing the same. */
  private async settledOutput(index: number): Promise<string> {
    const cell = `window.jupyterapp.shell.currentWidget.content.widgets[${index}]`;
    const shown = `((cell) => cell.outputArea.model.length === cell.node.querySelectorAll(".jp-OutputArea-output").length)(${cell})`;
    const end = Date.now() + PATIENCE_MS;
    for (let last: string | null = null; ;) {
      const text = (await this.page.evaluate(shown)) === true ? await this.output(index) : null;
      if (text !== null && text === last) return text;
      if (Date.now() > end)
        throw new Error(`cell ${index + 1} does not show its outputs: ${text ?? "they are not all there"}`);
      last = text;
      await this.nextFrames();
      await this.page.waitForTimeout(100);
    }
  }

  /** Waits until the page has been drawn twice: what it does in the next frame is done then. */
  async nextFrames(): Promise<void> {
    await this.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  }

  /** The text that a cell's outputs show. */
  async output(index: number): Promise<string> {
    return (await this.cell(index).locator(".jp-OutputArea-output").allInnerTexts()).join("\n");
  }

  async plots(): Promise<DrawnPlot[]> {
    return (await this.page.evaluate(PLOTS)) as DrawnPlot[];
  }

  /** The plots once the page has drawn as many as expected; Plotly draws shortly after the outputs arrive. */
  async drawnPlots(count: number, timeout = PATIENCE_MS): Promise<DrawnPlot[]> {
    const end = Date.now() + timeout;
    for (;;) {
      const plots = await this.plots();
      const drawn = plots.filter((plot) => plot.visibleTraces > 0 && plot.drawnTraces >= plot.visibleTraces).length;
      if (drawn >= count || Date.now() > end) return plots;
      await this.page.waitForTimeout(250);
    }
  }

  /** The drawn marks of a cell's plot, without titles and controls. */
  async picture(cell: number): Promise<string> {
    const layers = await this.cell(cell).locator(".js-plotly-plot .cartesianlayer").all();
    return (await Promise.all(layers.map((layer) => layer.innerHTML()))).join();
  }

  /** The same once it stands still: Plotly draws in more than one frame. */
  async stillPicture(cell: number): Promise<string> {
    const end = Date.now() + PATIENCE_MS;
    for (let last = await this.picture(cell); ;) {
      await this.nextFrames();
      await this.page.waitForTimeout(100);
      const picture = await this.picture(cell);
      if (picture === last || Date.now() > end) return picture;
      last = picture;
    }
  }

  /** The same once it is another than before; what it is after a while if it stays. */
  async pictureOtherThan(cell: number, before: string, timeout = PATIENCE_MS): Promise<string> {
    const end = Date.now() + timeout;
    for (;;) {
      const picture = await this.picture(cell);
      if (picture !== before || Date.now() > end) return picture;
      await this.page.waitForTimeout(50);
    }
  }

  slider(cell: number): Locator {
    return this.cell(cell).locator("g.slider-group").first();
  }

  /** Has the first slider of a cell's plot take a key, and waits until it is where the key leads. */
  async pressSlider(cell: number, key: "Home" | "End"): Promise<void> {
    await this.slider(cell).focus();
    await this.page.keyboard.press(key);
    const end = await this.slider(cell).getAttribute(key === "Home" ? "aria-valuemin" : "aria-valuemax");
    await this.cell(cell).locator(`g.slider-group[aria-valuenow="${end}"]`).first().waitFor();
    await this.stillPicture(cell);
  }

  /** Clicks a slider of a cell's plot at a fraction of its length. */
  async slide(cell: number, fraction: number): Promise<void> {
    const rail = this.cell(cell).locator(".slider-rail-touch-rect").first();
    const box = await this.settledBox(rail, `cell ${cell + 1} shows no slider`);
    await this.page.mouse.click(box.x + fraction * box.width, box.y + box.height / 2);
    await this.page.waitForTimeout(500);
  }

  /** Where something is once it stands still: outputs above it that are drawn while the page scrolls push it about. */
  private async settledBox(target: Locator, missing: string): Promise<Box> {
    let last: Box | null = null;
    for (let stillFor = 0; stillFor < 5;) {
      await target.scrollIntoViewIfNeeded();
      const box: Box | null = await target.boundingBox();
      if (box === null) throw new Error(missing);
      stillFor = last !== null && box.y === last.y && box.x === last.x ? stillFor + 1 : 0;
      last = box;
      await this.page.waitForTimeout(100);
    }
    if (last === null) throw new Error(missing);
    return last;
  }

  /** Saves the notebook and waits until it is on the disk. */
  async save(): Promise<void> {
    await this.page.evaluate('window.jupyterapp.commands.execute("docmanager:save")');
  }

  async useTheme(theme: "JupyterLab Dark" | "JupyterLab Light"): Promise<void> {
    await this.page.evaluate(`window.jupyterapp.commands.execute("apputils:change-theme", { theme: "${theme}" })`);
    await this.page.waitForSelector(`body[data-jp-theme-name="${theme}"]`, { state: "attached" });
  }

  /** Ends a notebook's kernel: of another one that is open beside it, another test may have the kernel. */
  async shutDown(name: string): Promise<void> {
    const own = `[...window.jupyterapp.shell.widgets("main")].find(({ title }) => title.label === "${name}.ipynb")`;
    await this.page.evaluate(`${own}?.sessionContext.shutdown()`);
  }

  /** Starts one cell with Control+Enter, interrupts it by the menu once it has said something, and gives its output. */
  async interrupt(index: number, saying: string): Promise<string> {
    await this.cell(index).locator(".cm-content").click();
    await this.page.keyboard.press("ControlOrMeta+Enter");
    await this.page.keyboard.press("Escape"); // whatever the editor offers to complete
    await this.cell(index).locator(".jp-OutputArea-output", { hasText: saying }).waitFor();
    await this.menu("Kernel", "Interrupt Kernel");
    await this.waitFor((state) => state.kernel === "idle", PATIENCE_MS, "the interrupted cell to end");
    return this.settledOutput(index);
  }

  /** The texts of dialogs and pop-ups that are open. */
  async popUps(): Promise<string[]> {
    return this.page.locator(".jp-Dialog, .Toastify__toast").allInnerTexts();
  }

  /** Red text of any cell. */
  async errors(): Promise<string[]> {
    return ((await this.page.evaluate(STATE)) as State).errors;
  }
}
