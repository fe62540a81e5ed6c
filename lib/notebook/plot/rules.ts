/**
 * The course's rules for plots, checked before anything is drawn: a plot without a title or with an unnamed axis makes
 * its reader guess. An axis of names (the components of a model) and a hidden axis need no title.
 */
import {
  CARTESIAN,
  WITHOUT_AXES,
  type AxisLayout,
  type Figure,
  type Layout,
  type Positions,
  type Trace,
} from "./figure";

/** @throws if a title is missing or a kind of trace is unknown, saying where to put it or what is known */
export function checkFigure({ data, layout }: Figure): void {
  if (data.length === 0) throw new Error("plot: the figure has no data: give it at least one trace");
  const title = layout.title?.text ?? "";
  if (title.trim() === "") {
    throw new Error('plot: the figure has no title. Say what it answers: layout: { title: { text: "How …?" } }');
  }
  for (const trace of data) {
    if (!([...CARTESIAN, ...WITHOUT_AXES] as string[]).includes(trace.type)) {
      throw new Error(
        `plot "${title}": unknown kind of trace "${trace.type}". Known are ${[...CARTESIAN, ...WITHOUT_AXES].join(", ")}`,
      );
    }
  }
  for (const key of axesInUse(data)) {
    if (needsTitle(key, data, layout)) {
      throw new Error(
        `plot "${title}": ${key} has no title. Say what it counts, with its unit: ` +
          `layout: { ${key}: { title: { text: "… (unit)" } } }`,
      );
    }
  }
}

/** The axes that traces are drawn on, as layout calls them: "xaxis", "yaxis2". */
export function axesInUse(data: Trace[]): string[] {
  const keys = data.filter(isCartesian).flatMap((trace) => [axisKey("x", trace), axisKey("y", trace)]);
  return [...new Set(keys)];
}

/** Whether a trace is drawn on an x and a y axis. */
export function isCartesian(trace: Trace): boolean {
  return (CARTESIAN as readonly string[]).includes(trace.type);
}

/** The layout's name of a trace's axis. */
export function axisKey(letter: "x" | "y", trace: Trace): string {
  const own = letter === "x" ? trace.xaxis : trace.yaxis;
  return `${letter}axis${own?.slice(1) ?? ""}`;
}

function needsTitle(key: string, data: Trace[], layout: Layout): boolean {
  const axis = layout[key] as AxisLayout | undefined;
  if ((axis?.title?.text ?? "").trim() !== "" || axis?.visible === false || axis?.showticklabels === false)
    return false;
  const letter = key.startsWith("x") ? "x" : "y";
  const onAxis = data.filter((trace) => isCartesian(trace) && axisKey(letter, trace) === key);
  return !onAxis.every((trace) => holdsNames(trace[letter]));
}

/** Whether positions are names, not numbers. */
export function holdsNames(positions: Positions | undefined): boolean {
  return (
    positions !== undefined &&
    positions.length > 0 &&
    Array.from(positions).every((position) => typeof position === "string")
  );
}
