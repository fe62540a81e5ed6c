/*
 * Draws each plot of a notebook as a png and puts it beside the figure in the same output. A code host knows nothing of
 * Plotly and shows the png. JupyterLab shows it too, pixel by pixel, until the pointer is on it or its cell runs: so it
 * has the size of the drawn figure, and fits into the column of a window of 1,280 pixels.
 */
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium";
import { bundles, PLOTLY, PNG, type Notebook } from "./notebook";
import { toPalettePng } from "./palette-png";

const WIDTH = 760;
const HEIGHT = 450;
const SCALE = 1;

interface Figure {
  data: unknown[];
  layout?: { width?: number; height?: number };
}

/** A browser page that draws figures; one serves the whole build. */
export class Renderer {
  private browser: Browser | null = null;
  private page: Page | null = null;

  private async open(): Promise<Page> {
    this.browser = await launchChromium();
    const context = await this.browser.newContext({ offline: true, viewport: { width: 1200, height: 900 } });
    this.page = await context.newPage();
    await this.page.setContent("<!doctype html><html><body></body></html>");
    await this.page.addScriptTag({ path: require.resolve("plotly.js-dist") });
    return this.page;
  }

  /** The figure as a base64 png on white. */
  async draw(figure: Figure): Promise<string> {
    const page = this.page ?? (await this.open());
    const size = { width: figure.layout?.width ?? WIDTH, height: figure.layout?.height ?? HEIGHT, scale: SCALE };
    const white = { paper_bgcolor: "white", plot_bgcolor: "white" };
    const drawn = { data: figure.data, layout: { ...figure.layout, ...white } };
    const url = await page.evaluate(toImage, { drawn, size });
    return toPalettePng(Buffer.from(url.slice(url.indexOf(",") + 1), "base64")).toString("base64");
  }

  async close(): Promise<void> {
    await this.browser?.close();
  }
}

interface PlotlyGlobal {
  Plotly: { toImage(figure: unknown, options: object): Promise<string> };
}

/** Runs in the page. */
function toImage({ drawn, size }: { drawn: unknown; size: object }): Promise<string> {
  return (globalThis as unknown as PlotlyGlobal).Plotly.toImage(drawn, { format: "png", ...size });
}

/** Puts a png beside every plot of an executed notebook. */
export async function addImages(notebook: Notebook, renderer: Renderer): Promise<void> {
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "code") continue;
    for (const data of bundles(cell)) {
      if (PLOTLY in data) data[PNG] = await renderer.draw(data[PLOTLY] as Figure);
    }
  }
}
