/*
 * The notebook that sums a sweep up: the points as data, a table, a plot of each result. It is a notebook of the course
 * as any other, so whoever opens it can go on from there. Nothing in it depends on when or how the points were run.
 */
import type { ParameterValue } from "../../../lib/notebook/parameter-spec";
import { allowedText } from "../../../lib/notebook/parameter-spec";
import { digest } from "../../setup/stamps.mjs";
import type { Cell, Notebook } from "../build/notebook";
import type { Failure, Point } from "./sweep";
import { label, type Axis, type Values } from "./values";

interface Sweep {
  lesson: string;
  axes: Axis[];
  fixed: Values;
  points: Point[];
  failures: Failure[];
}

const IMPORTS = `import { barChart, lineChart, plot, table } from "./lib/notebook";`;

function intro({ lesson, axes, fixed, points, failures }: Sweep, constant: string[], partial: string[]): string {
  const swept = axes.map(
    ({ spec, values }) => `| \`${spec.name}\` | ${values.join(", ")} | ${allowedText(spec)} | ${spec.meaning} |`,
  );
  const held =
    Object.keys(fixed).length === 0 ? [] : ["", `Held fixed: ${label(fixed)}. All others have their defaults.`];
  const failed = failures.map(({ values, message }) => `- ${label(values)}: ${message.split("\n")[0]}`);
  return [
    `# ${lesson}, ${points.length} runs`,
    "",
    "| parameter | values | may be | what it is |",
    "|---|---|---|---|",
    ...swept,
    ...held,
    ...(constant.length === 0 ? [] : ["", `The same in all runs, and so without a plot: ${constant.join("; ")}.`]),
    ...(partial.length === 0 ? [] : ["", `Not a result of every run: ${partial.join("; ")}.`]),
    ...(failed.length === 0 ? [] : ["", "Points that failed and are missing below:", "", ...failed]),
  ].join("\n");
}

/** The heading of a result's column. */
const column = (name: string, unit: string) => (unit === "" ? name : `${name} (${unit})`);

function data({ points }: Sweep): string {
  const rows = rowsOf(points).map((row) => JSON.stringify(row));
  return `const points: Record<string, number | string | boolean | null>[] = [\n${rows.map((row) => `  ${row},`).join("\n")}\n];`;
}

/** The axis that a plot's x is: the first of numbers, of several the one with the most values. */
function xAxis(axes: Axis[]): Axis | undefined {
  const numeric = axes.filter(({ spec }) => spec.type === "number");
  return numeric.reduce<Axis | undefined>(
    (best, axis) => (best === undefined || axis.values.length > best.values.length ? axis : best),
    undefined,
  );
}

const spread = (values: ParameterValue[]): boolean => {
  const numbers = values.map(Number);
  return Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= 50;
};

/** A plot's cell. The series are found from the points, so that a person can add or drop some. */
function plotCell(axes: Axis[], heading: string, name: string): string {
  const x = xAxis(axes);
  const others = axes.filter((axis) => axis !== x).map(({ spec }) => spec.name);
  const title = `What ${axes.length === 1 ? "does" : "do"} ${axes.map(({ spec }) => spec.name).join(" and ")} do to: ${name}?`;
  // Points without the result have no place in its plot: null would be drawn as 0.
  const has = `function has(point: (typeof points)[number]): boolean {
  return point[${JSON.stringify(heading)}] !== null;
}`;
  if (x === undefined) {
    return `plot(
  barChart({
    title: ${JSON.stringify(title)},
    x: { title: ${JSON.stringify(heading)} },
    labels: points.filter(has).map((point) => ${JSON.stringify(others)}.map((name) => \`\${name}=\${point[name]}\`).join(", ")),
    series: [{ name: ${JSON.stringify(name)}, values: points.filter(has).map((point) => Number(point[${JSON.stringify(heading)}])) }],
  }),
);
${has}`;
  }
  const unit = x.spec.unit === "" ? "" : ` (${x.spec.unit})`;
  const log = spread(x.values) ? ", log: true" : "";
  const names = `${JSON.stringify(others)}.map((name) => \`\${name}=\${point[name]}\`).join(", ")`;
  return `plot(
  lineChart({
    title: ${JSON.stringify(title)},
    x: { title: ${JSON.stringify(x.spec.name + unit)}${log} },
    y: { title: ${JSON.stringify(heading)} },
    series: [...new Set(points.filter(has).map(seriesOf))].map((name) => {
      const ours = points
        .filter((point) => has(point) && seriesOf(point) === name)
        .sort((a, b) => Number(a[${JSON.stringify(x.spec.name)}]) - Number(b[${JSON.stringify(x.spec.name)}]));
      return {
        name,
        x: ours.map((point) => Number(point[${JSON.stringify(x.spec.name)}])),
        y: ours.map((point) => Number(point[${JSON.stringify(heading)}])),
      };
    }),
  }),
);
function seriesOf(point: (typeof points)[number]): string {
  return ${others.length === 0 ? JSON.stringify(name) : names};
}
${has}`;
}

/** The results that the points have, each once. */
function results(points: Point[]): { name: string; unit: string }[] {
  const all = points.flatMap(({ results }) => results);
  return all.filter(({ name, unit }, i) => all.findIndex((other) => other.name === name && other.unit === unit) === i);
}

/** What the points say of a result, by name and unit; a point that has it not is left out. */
function valuesOf(points: Point[], { name, unit }: { name: string; unit: string }): number[] {
  return points.flatMap(({ results }) => results.filter((r) => r.name === name && r.unit === unit).map((r) => r.value));
}

/** Whether a result is the same number in all points, and there in all. */
function isConstant(points: Point[], result: { name: string; unit: string }): boolean {
  const values = valuesOf(points, result);
  return points.length > 1 && values.length === points.length && values.every((value) => value === values[0]);
}

/** The points as rows: parameters first, then results; what a point has not, as in a failed one, is null. */
export function rowsOf(points: Point[]): Record<string, ParameterValue | null>[] {
  const headings = results(points).map(({ name, unit }) => column(name, unit));
  return points.map(({ values, results }) => {
    const found = Object.fromEntries(results.map((r) => [column(r.name, r.unit), r.value]));
    return { ...values, ...Object.fromEntries(headings.map((heading) => [heading, found[heading] ?? null])) };
  });
}

/** The points as a CSV file, with a heading. */
export function csvOf(points: Point[]): string {
  const rows = rowsOf(points);
  const cell = (value: ParameterValue | null) => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [Object.keys(rows[0]), ...rows.map(Object.values)].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

/** The summary, not run yet. */
export function summary(sweep: Sweep): Notebook {
  const found = results(sweep.points);
  const constant = found.filter((result) => isConstant(sweep.points, result));
  const partial = found
    .map((result) => ({ name: result.name, runs: valuesOf(sweep.points, result).length }))
    .filter(({ runs }) => runs < sweep.points.length);
  const plotted = found.filter((result) => !constant.includes(result));
  const sources: [Cell["cell_type"], string][] = [
    [
      "markdown",
      intro(
        sweep,
        constant.map(({ name }) => name),
        partial.map(({ name, runs }) => `${name} (${runs} of ${sweep.points.length})`),
      ),
    ],
    ["code", IMPORTS],
    ["code", data(sweep)],
    ["code", `table(points, { caption: ${JSON.stringify(`Results of ${sweep.points.length} runs`)} });`],
    ...plotted.map(({ name, unit }): [Cell["cell_type"], string] => [
      "code",
      plotCell(sweep.axes, column(name, unit), name),
    ]),
  ];
  const cells = sources.map(([cell_type, source], i): Cell => {
    const id = `sweep-${i + 1}-${digest(source).slice(0, 8)}`;
    const common = { id, metadata: {}, source };
    return cell_type === "markdown"
      ? { cell_type, ...common }
      : { cell_type: "code", ...common, execution_count: null, outputs: [] };
  });
  const kernelspec = { display_name: "TypeScript (course)", language: "typescript", name: "tslab" };
  return { cells, metadata: { kernelspec, language_info: { name: "typescript" } }, nbformat: 4, nbformat_minor: 5 };
}
