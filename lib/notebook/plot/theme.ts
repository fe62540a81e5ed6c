/**
 * How every plot of the course looks. A plot is drawn once and shown on JupyterLab's light theme (white), on its dark
 * one (#111111) and on a code host's white, so the background is transparent and every colour has to work on both.
 *
 * Text: no colour has a contrast above 4.35:1 on white and on #111111 at the same time; ours comes close to that.
 * Series: eight colours that differ in lightness, in every pair, and stay apart for the three kinds of colour blindness
 * (test/notebook/plot/theme.test.ts computes both); the first four do for most plots. Markers differ in shape as well.
 * Values: one scale whose lightness only falls, with both ends visible on both backgrounds.
 */

/** Titles, axis labels, everything written. */
export const TEXT = "#787a80";
export const GRID = "rgba(128, 128, 128, 0.28)";
export const AXIS_LINE = "rgba(128, 128, 128, 0.75)";

/** Colours of series, in order of use. */
export const COLOURS = ["#2c77ac", "#f7923c", "#7a2e9c", "#2da76a", "#f8a4ca", "#b13811", "#e74955", "#174763"];

/** Colours of values from the lowest to the highest. */
export const SCALE: [number, string][] = [
  "#e5cf69",
  "#a9c764",
  "#66bc6f",
  "#39aa88",
  "#359490",
  "#2e7f8d",
  "#2b6b86",
  "#245882",
  "#234089",
].map((colour, i, all) => [i / (all.length - 1), colour]);

const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "star"];

const TRANSPARENT = "rgba(0, 0, 0, 0)";

const axis = {
  automargin: true,
  gridcolor: GRID,
  linecolor: AXIS_LINE,
  zerolinecolor: AXIS_LINE,
  zerolinewidth: 1,
  tickcolor: AXIS_LINE,
  title: { standoff: 12, font: { size: 13 } },
};
const colorbar = { thickness: 14, outlinewidth: 0, tickcolor: AXIS_LINE, title: { side: "right", font: { size: 13 } } };
const ofValues = [{ colorscale: SCALE, colorbar }];

/** Plotly's template: what a figure does not say itself. */
export const TEMPLATE = {
  layout: {
    font: { family: "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif", size: 13, color: TEXT },
    paper_bgcolor: TRANSPARENT,
    plot_bgcolor: TRANSPARENT,
    colorway: COLOURS,
    colorscale: { sequential: SCALE, sequentialminus: SCALE },
    coloraxis: { colorscale: SCALE, colorbar },
    title: {
      x: 0,
      xref: "container",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      font: { size: 16 },
    },
    xaxis: axis,
    yaxis: axis,
    // Beside the plot: never over the data, whatever the data are.
    legend: { x: 1.02, xanchor: "left", y: 1, yanchor: "top", bgcolor: TRANSPARENT, itemwidth: 30 },
    hovermode: "closest",
    hoverlabel: { namelength: -1 },
    modebar: { bgcolor: TRANSPARENT, color: TEXT, activecolor: COLOURS[0] },
    annotationdefaults: { font: { color: TEXT }, arrowcolor: AXIS_LINE },
  },
  data: {
    scatter: SYMBOLS.map((symbol) => ({ marker: { symbol, size: 7 }, line: { width: 2.5 } })),
    heatmap: ofValues,
    contour: ofValues,
    histogram2d: ofValues,
    bar: [{ marker: { line: { width: 0 } } }],
  },
};

/**
 * Plotly's own settings. Not `responsive`: JupyterLab fits figures to the notebook's width itself, and in doing so makes
 * Plotly forget the height, so that a responsive figure folds up as soon as its slider is moved. And without the button
 * that uploads a figure to a company's server. Few buttons: in a narrow column they would cover the title.
 */
export const CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  modeBarButtonsToRemove: ["lasso2d", "select2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
};
