/**
 * A figure in words: its title, its axes, and for each series what it spans. A screen reader reads this, a terminal
 * prints it, and the tests of the lessons compare it.
 */
import type { AxisLayout, Figure, Layout, Numbers, Positions, Trace } from "./figure";
import { axesInUse, holdsNames } from "./rules";

/** Bars that are listed one by one. */
const LISTED = 12;

/** The description, one line for each axis and each series. */
export function describeFigure({ data, layout }: Figure): string {
  const axes = axesInUse(data).flatMap((key) => {
    const title = (layout[key] as AxisLayout | undefined)?.title?.text ?? "";
    return title === "" ? [] : [`${key.replace("axis", "")}: ${title}`];
  });
  return [
    `Plot: ${layout.title?.text ?? ""}`,
    ...axes,
    ...data.map((trace) => `- ${describeTrace(trace, layout)}`),
  ].join("\n");
}

function describeTrace(trace: Trace, layout: Layout): string {
  const named = trace.name ? `${trace.name} (${kind(trace)})` : kind(trace);
  if (trace.z !== undefined) {
    const rows = Array.from(trace.z);
    const values = span(rows.flatMap((row) => Array.from(row)));
    return `${named}: ${rows.length} rows × ${rows[0]?.length ?? 0} columns, values ${values}`;
  }
  const hidden = layout.xaxis?.visible === false && layout.yaxis?.visible === false;
  if (hidden && trace.type === "bar") return `${named}: ${counted(trace.x?.length ?? 0, "bar")}`;
  if (trace.type === "bar" || trace.type === "waterfall" || trace.type === "funnel")
    return `${named}: ${describeBars(trace)}`;
  const { x, y } = trace;
  const parts = [describePositions("x", x), describePositions("y", y)].filter((part) => part !== null);
  const count = Math.max(x?.length ?? 0, y?.length ?? 0);
  return [`${named}: ${counted(count, "point")}`, ...(hidden ? [] : parts)].join(", ");
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function kind({ type, mode }: Trace): string {
  if (type !== "scatter" && type !== "scattergl") return type;
  return mode === undefined ? "line" : mode.replaceAll("+", " and ");
}

function describeBars(trace: Trace): string {
  const [names, values] = trace.orientation === "h" ? [trace.y, trace.x] : [trace.x, trace.y];
  if (names === undefined || values === undefined || names.length > LISTED)
    return `${values?.length ?? 0} bars, ${span(numbers(values))}`;
  const listed = Array.from(names);
  return numbers(values)
    .map((value, i) => `${listed[i]} ${value === null ? "none" : short(value)}`)
    .join(", ");
}

function describePositions(letter: string, positions: Positions | undefined): string | null {
  if (positions === undefined || positions.length === 0) return null;
  if (holdsNames(positions)) return `${letter} ${positions[0]} to ${positions[positions.length - 1]}`;
  return `${letter} ${span(numbers(positions))}`;
}

function numbers(positions: Positions | undefined): (number | null)[] {
  return Array.from(positions ?? [], (value) => (typeof value === "number" ? value : null));
}

function span(values: Numbers): string {
  let [low, high] = [Infinity, -Infinity];
  for (const value of Array.from(values)) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return "all missing";
  return low === high ? short(low) : `${short(low)} to ${short(high)}`;
}

/** Three significant digits. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(2).replace("e+", "e");
  return String(Number(value.toPrecision(3)));
}
