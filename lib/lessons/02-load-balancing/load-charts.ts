/** Two pictures of routing: several heatmaps side by side under one scale, and a text whose characters are coloured. */
import type { MimeBundle } from "../../notebook/display";
import { display } from "../../notebook/display";
import { escapeHtml, LINE } from "../../notebook/html";
import type { Figure, Layout, Trace } from "../../notebook/plot/plot";
import { COLOURS } from "../../notebook/plot/theme";

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

/** A colour's share in the background of a coloured character: light enough for the theme's text on both themes. */
const TINT = "59"; // 35%

/**
 * Shows a text with each piece on the colour of its group. The groups with most pieces get the eight colours; all
 * others stay bare. A legend below says which is which, and the plain text counts them.
 *
 * @param pieces of the text in order, with their group: "expert 17", or "" for what belongs to none
 */
export function colouredText(caption: string, pieces: readonly { text: string; group: string }[]): void {
  display(colouredTextBundle(caption, pieces));
}

/** The output that `colouredText` shows. */
export function colouredTextBundle(
  caption: string,
  pieces: readonly { text: string; group: string }[],
): MimeBundle {
  const counts = new Map<string, number>();
  for (const { group } of pieces) if (group !== "") counts.set(group, (counts.get(group) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const ranked = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = ranked.slice(0, COLOURS.length);
  const colours = new Map(shown.map(([group], i) => [group, COLOURS[i]]));
  const tinted = (text: string, group: string) => {
    const colour = colours.get(group);
    const style = colour === undefined ? "" : ` style="background-color: ${colour}${TINT}; border-bottom: 2px solid ${colour}"`;
    return `<span${style}>${escapeHtml(text)}</span>`;
  };
  const runs = pieces.reduce<{ text: string; group: string }[]>((all, piece) => {
    const last = all[all.length - 1];
    // One element for neighbours of one group.
    if (last?.group === piece.group) last.text += piece.text;
    else all.push({ ...piece });
    return all;
  }, []);
  const others = ranked.slice(COLOURS.length);
  const share = (count: number) => `${((100 * count) / total).toFixed(0)}%`;
  const legend = shown.map(([group, count]) => `${tinted(` ${group} `, group)} ${share(count)}`);
  const rest = others.length === 0 ? [] : [`${others.length} others ${share(others.reduce((sum, [, n]) => sum + n, 0))}`];
  const html = [
    `<div style="border-left: 2px solid ${LINE}; padding-left: 12px; margin: 4px 0">`,
    `<div style="font-weight: bold; margin-bottom: 4px">${escapeHtml(caption)}</div>`,
    '<div style="font-family: monospace; white-space: pre-wrap; line-height: 1.9; overflow-wrap: anywhere">',
    `${runs.map(({ text, group }) => tinted(text, group)).join("")}</div>`,
    `<div style="margin-top: 6px; font-size: 13px; line-height: 1.9">${[...legend, ...rest].join(" &nbsp; ")}</div></div>`,
  ].join("");
  const counted = [...shown.map(([group, count]) => `${group} ${share(count)}`), ...rest].join(", ");
  return { "text/html": html, "text/plain": `${caption}\n${pieces.map(({ text }) => text).join("")}\n${counted}` };
}
