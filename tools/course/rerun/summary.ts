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

function intro({ lesson, axes, fixed, points, failures }: Sweep, constant: string[]): string {
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
    ...(failed.length === 0 ? [] : ["", "Points that failed and are missing below:", "", ...failed]),
  ].join("\n");
}

/** The heading of a result's column. */
const column = (name: string, unit: string) => (unit === "" ? name : `${name} (${unit})`);

function data({ points }: Sweep): string {
  const rows = points.map(({ values, results }) =>
    JSON.stringify({ ...values, ...Object.fromEntries(results.map((r) => [column(r.name, r.unit), r.value])) }),
  );
  return `const points: Record<string, number | string | boolean>[] = [\n${rows.map((row) => `  ${row},`).join("\n")}\n];`;
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
  if (x === undefined) {
    return `plot(
  barChart({
    title: ${JSON.stringify(title)},
    x: { title: ${JSON.stringify(heading)} },
    labels: points.map((point) => ${JSON.stringify(others)}.map((name) => \`\${name}=\${point[name]}\`).join(", ")),
    series: [{ name: ${JSON.stringify(name)}, values: points.map((point) => Number(point[${JSON.stringify(heading)}])) }],
  }),
);`;
  }
  const unit = x.spec.unit === "" ? "" : ` (${x.spec.unit})`;
  const log = spread(x.values) ? ", log: true" : "";
  const names = `${JSON.stringify(others)}.map((name) => \`\${name}=\${point[name]}\`).join(", ")`;
  return `plot(
  lineChart({
    title: ${JSON.stringify(title)},
    x: { title: ${JSON.stringify(x.spec.name + unit)}${log} },
    y: { title: ${JSON.stringify(heading)} },
    series: [...new Set(points.map(seriesOf))].map((name) => {
      const ours = points
        .filter((point) => seriesOf(point) === name)
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
}`;
}

/** The results that the points have, each once. */
function results(points: Point[]): { name: string; unit: string }[] {
  const all = points.flatMap(({ results }) => results);
  return all.filter(({ name, unit }, i) => all.findIndex((other) => other.name === name && other.unit === unit) === i);
}

/** Whether a result is the same number in all points. */
function isConstant(points: Point[], name: string): boolean {
  const values = points.flatMap(({ results }) => results.filter((r) => r.name === name).map(({ value }) => value));
  return points.length > 1 && values.every((value) => value === values[0]);
}

/** The summary, not run yet. */
export function summary(sweep: Sweep): Notebook {
  const found = results(sweep.points);
  const constant = found.filter(({ name }) => isConstant(sweep.points, name));
  const plotted = found.filter((result) => !constant.includes(result));
  const sources: [Cell["cell_type"], string][] = [
    [
      "markdown",
      intro(
        sweep,
        constant.map(({ name }) => name),
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
