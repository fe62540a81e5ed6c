/*
 * Plotly is by far the largest script of the page. As an extension for a type of output it would be fetched and read before
 * the page shows anything (build.mjs keeps JupyterLab from that); here it comes when a lesson is open and the page has
 * nothing else to do, or with the first plot.
 */
import { IRenderMime, MimeModel } from "@jupyterlab/rendermime";
import { Panel } from "@lumino/widgets";

const PLOTLY = "application/vnd.plotly.v1+json";

/** The container of the extension that draws plots, as it gives itself out to JupyterLab. */
interface Container {
  get(module: string): Promise<() => { rendererFactory: IRenderMime.IRendererFactory }>;
}

let loading: Promise<IRenderMime.IRendererFactory> | undefined;

function loadFactory(): Promise<IRenderMime.IRendererFactory> {
  const containers = (globalThis as unknown as { _JUPYTERLAB: Record<string, Container> })._JUPYTERLAB;
  loading ??= containers["jupyterlab-plotly"].get("./mimeExtension").then((module) => module().rendererFactory);
  loading.catch(() => (loading = undefined)); // the next plot tries again
  return loading;
}

/** Stands where a plot will be, and holds it once it can be drawn. */
class Plot extends Panel implements IRenderMime.IRenderer {
  private renderer: Promise<IRenderMime.IRenderer> | undefined;

  constructor(private readonly options: IRenderMime.IRendererOptions) {
    super();
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.renderer ??= loadFactory().then((factory) => {
      const renderer = factory.createRenderer(this.options);
      if (this.isDisposed) renderer.dispose();
      else this.addWidget(renderer);
      return renderer;
    });
    const renderer = await this.renderer.catch((error: unknown) => {
      this.renderer = undefined;
      throw error;
    });
    if (!this.isDisposed) await renderer.renderModel(model);
  }
}

/** Draws the plots of all notebooks. */
export const plots: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [PLOTLY],
  createRenderer: (options) => new Plot(options),
};

/** Has Plotly read before its first plot comes: it is when it first draws that its modules are run. */
export async function prepare(): Promise<void> {
  const factory = await loadFactory();
  const renderer = factory.createRenderer({
    mimeType: PLOTLY,
    sanitizer: { sanitize: (text) => text },
    resolver: null,
    linkHandler: null,
    latexTypesetter: null,
  });
  await renderer.renderModel(new MimeModel({ data: { [PLOTLY]: { data: [], layout: {} } } }));
  renderer.dispose();
}
