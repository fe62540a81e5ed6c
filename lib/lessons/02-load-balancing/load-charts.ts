/** A picture of routing: several heatmaps side by side under one scale. */
import type { Figure, Layout, Trace } from "../../notebook/plot/plot";

/** Heatmaps side by side with one scale of colours, the first row of each on top. */
export function heatmapPanels(chart: {
  title: string;
  x: string;
  y: { title: string; labels?: (string | number)[] }; // one a row; "" for a row without a tick
  panels: { name: string; values: (number | null)[][]; labels?: (string | number)[] }[];
  colour: { title: string; range: [number, number] };
}): Figure {
  const { panels, y, colour } = chart;
  const gap = 0.04;
  const width = (1 - gap * (panels.length - 1)) / panels.length;
  const id = (i: number) => (i === 0 ? "" : String(i + 1));
  const ticks = (labels: (string | number)[] | undefined) =>
    labels === undefined
      ? {}
      : {
          tickmode: "array",
          tickvals: labels.flatMap((label, i) => (label === "" ? [] : [i])),
          ticktext: labels.filter((label) => label !== "").map(String),
          tickangle: 0,
        };
  const axes = panels.map(({ labels }, i): Layout => ({
    [`xaxis${id(i)}`]: {
      title: { text: chart.x },
      domain: [i * (width + gap), i * (width + gap) + width],
      anchor: `y${id(i)}`,
      showgrid: false,
      zeroline: false,
      ...ticks(labels),
    },
    [`yaxis${id(i)}`]: {
      anchor: `x${id(i)}`,
      autorange: "reversed",
      showgrid: false,
      zeroline: false,
      ...(i === 0 ? { title: { text: y.title }, ...ticks(y.labels) } : { showticklabels: false }),
    },
  }));
  return {
    data: panels.map(({ name, values }, i): Trace => ({
      type: "heatmap",
      name,
      x: values[0].map((_, column) => column),
      y: values.map((_, row) => row),
      z: values,
      xaxis: `x${id(i)}`,
      yaxis: `y${id(i)}`,
      coloraxis: "coloraxis",
      hoverongaps: false,
    })),
    layout: Object.assign(
      {
        title: { text: chart.title },
        coloraxis: { cmin: colour.range[0], cmax: colour.range[1], colorbar: { title: { text: colour.title } } },
        annotations: panels.map(({ name }, i) => ({
          text: name,
          xref: `x${id(i)} domain`,
          yref: `y${id(i)} domain`,
          x: 0,
          y: 1,
          xanchor: "left",
          yanchor: "bottom",
          showarrow: false,
        })),
      },
      ...axes,
    ) as Layout,
  };
}
