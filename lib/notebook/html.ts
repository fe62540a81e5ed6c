/**
 * Small pieces of HTML that look right in JupyterLab's light and dark themes. No colour here depends on the background:
 * text takes the theme's colour, and a coloured sign has the same contrast on white and on black. JupyterLab strips
 * unknown styles from a notebook that it does not trust; what is used here survives.
 */

/** Green and red with a contrast of at least 4:1 on white and on JupyterLab's dark background (#111111). */
export const GOOD = "#2c8846";
export const BAD = "#d5453d";
/** Neither: not solved yet, a condition. Same contrast. */
export const NEUTRAL = "#777c85";
/** Lines between rows and around boxes: visible on both backgrounds, prominent on neither. */
export const LINE = "rgba(128, 128, 128, 0.4)";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as HTML that shows exactly this text. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** Text as HTML, with text between backticks as code; line breaks stay. */
export function inlineHtml(text: string): string {
  return escapeHtml(text)
    .replace(/`([^`\n]+)`/g, "<code>$1</code>")
    .replaceAll("\n", "<br>");
}
