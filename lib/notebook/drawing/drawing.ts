/**
 * A drawing as one SVG picture, and how a notebook shows it: as an image whose address is the picture itself. JupyterLab
 * shows that in both themes and in a notebook that it does not trust, where it drops `image/svg+xml` and cuts inline
 * SVG out of HTML; code hosts show it too. Inside an image no style of the page applies, so a drawing brings its colours.
 */
import { host } from "../../host";
import { display, type MimeBundle } from "../display";
import { escapeHtml } from "../html";
import { TEMPLATE } from "../plot/theme";

export interface Drawing {
  title: string;
  /** What is drawn, in words, for those who don't see it. */
  description: string;
  width: number;
  height: number;
  /** Pieces of SVG, as shapes.ts makes them; later ones lie on earlier ones. */
  parts: readonly string[];
}

/** The picture as a file: it says its title and its description itself. */
export function toSvg({ title, description, width, height, parts }: Drawing): string {
  const { family, size } = TEMPLATE.layout.font;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `role="img" aria-labelledby="title description" font-family="${escapeHtml(family)}" font-size="${size}">`,
    `<title id="title">${escapeHtml(title)}</title>`,
    `<desc id="description">${escapeHtml(description)}</desc>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** Shows a drawing below the running cell. */
export function showDrawing(drawing: Drawing): void {
  display(drawingBundle(drawing));
}

/** The output that `showDrawing` shows. */
export function drawingBundle(drawing: Drawing): MimeBundle {
  const { title, description, width } = drawing;
  const address = `data:image/svg+xml;base64,${host.base64(toSvg(drawing))}`;
  const alt = escapeHtml(`${title}. ${description}`);
  return {
    "text/html": `<img src="${address}" alt="${alt}" width="${width}" style="max-width: 100%; height: auto">`,
    "text/plain": `Drawing: ${title}\n${description}`,
  };
}
