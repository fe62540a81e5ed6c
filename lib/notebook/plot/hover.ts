/** What stands beside the pointer: the names of the axes and of the colour in words, in place of x, y and z. */
import { axisKey } from "./rules";
import type { AxisLayout, Layout, Trace } from "./figure";

/** A trace with a text for the pointer, unless it has its own or its axes are hidden. */
export function withHover(trace: Trace, layout: Layout, several: boolean): Trace {
  if (trace.hovertemplate !== undefined || trace.hoverinfo !== undefined) return trace;
  const axes = [layout[axisKey("x", trace)], layout[axisKey("y", trace)]] as (AxisLayout | undefined)[];
  if (axes.some((axis) => axis?.visible === false)) return trace;
  const [x, y] = [named(axes[0], "%{x}"), named(axes[1], "%{y}")];
  const name = several && trace.name !== undefined ? "%{fullData.name}" : "";
  const lines = linesOf(trace, x, y);
  return lines === null ? trace : { ...trace, hovertemplate: `${lines.join("<br>")}<extra>${name}</extra>` };
}

function linesOf(trace: Trace, x: string, y: string): string[] | null {
  const text = Array.isArray(trace.text) ? ["%{text}"] : [];
  switch (trace.type) {
    case "scatter":
    case "scattergl":
      return [...text, x, y];
    case "bar":
      return trace.orientation === "h" ? [y, x] : [x, y];
    case "heatmap": {
      const { title } = (trace.colorbar ?? {}) as { title?: { text?: string } };
      return [y, x, `${title?.text || "value"}: %{z}`];
    }
    default:
      return null;
  }
}

/** "batch: %{x}"; the value alone on an axis of names. */
function named(axis: AxisLayout | undefined, value: string): string {
  const title = (axis?.title?.text ?? "").replace(/ \(log scale\)$/, "").replace(/\s+/g, " ");
  return title === "" ? value : `${title}: ${value}`;
}
