/**
 * The parameters cell of a lesson: the one place where a learner changes numbers. The lesson's master says what each
 * may be (parameter-spec.ts). Here the values of a running lesson are checked against it, so that a value that makes no
 * sense is reported at once and by name, not by an odd error three sections later.
 */
import { host } from "../host";
import { display, type MimeBundle } from "./display";
import { plainHtml } from "./html";
import { allowedText, parseParameters, problemWith, type ParameterSpec, type ParameterValue } from "./parameter-spec";

const CELL = /^\/\/ %% .*tags=\[[^\]]*"parameters"[^\]]*\].*\r?\n([\s\S]*?)(?=^\/\/ %%|(?![\s\S]))/m;

/** In an output of checkParameters: the values that the lesson runs with. Only where npm run lesson runs it. */
export const PARAMETERS_MIME = "application/vnd.course.parameters+json";

/** Where the lessons are, from the project's root; tests have some of their own. */
const lessonsFolder = () => host.setting("COURSE_NOTEBOOKS") ?? "notebooks";

/**
 * The parameters of a lesson, from the parameters cell of its master.
 *
 * @param master the text of notebooks/source/NN-topic.ts
 * @throws if it has no such cell, or a line of it does not say what its parameter may be
 */
export function parametersOf(master: string, lesson: string): ParameterSpec[] {
  const cell = CELL.exec(master);
  if (cell === null) throw new Error(`${lesson} has no cell with tags=["parameters"]`);
  return parseParameters(cell[1]);
}

/**
 * Checks a lesson's parameters against their ranges. Shows one line with those that differ from their defaults, or
 * nothing if none does. Where npm run lesson runs the lesson (COURSE_RUN is set), the output also holds all values, so
 * that a run's results say what they were computed with.
 *
 * @param lesson the master's name without ending: "01-mixture-of-experts"
 * @throws if a parameter is missing, unknown, of the wrong type or out of its range, with one line for each
 */
export function checkParameters(lesson: string, values: Record<string, ParameterValue>): void {
  const file = host.paths.join(lessonsFolder(), "source", `${lesson}.ts`);
  if (host.look(file) === null) throw new Error(`checkParameters: there is no lesson "${lesson}" (${file})`);
  const specs = parametersOf(host.readText(file), lesson);
  const problems = findProblems(specs, values);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const changed = specs.filter((spec) => values[spec.name] !== spec.default);
  const isRun = host.setting("COURSE_RUN") !== undefined;
  if (changed.length === 0 && !isRun) return;
  const list = changed
    .map((spec) => `${spec.name} = ${values[spec.name]} (default ${spec.default === "" ? "none" : spec.default})`)
    .join(", ");
  const text = changed.length === 0 ? "All parameters have their defaults." : `Changed parameters: ${list}.`;
  const shown: MimeBundle = { "text/html": `<div>${plainHtml(text)}</div>`, "text/plain": text };
  display(isRun ? { [PARAMETERS_MIME]: { ...values }, ...shown } : shown);
}

/** What checkParameters recorded in outputs' mime bundles: the values of each call. */
export function parametersSeen(bundles: readonly Record<string, unknown>[]): Record<string, ParameterValue>[] {
  return bundles.flatMap((bundle) => {
    const values = bundle[PARAMETERS_MIME];
    return typeof values === "object" && values !== null ? [values as Record<string, ParameterValue>] : [];
  });
}

function findProblems(specs: ParameterSpec[], values: Record<string, ParameterValue>): string[] {
  const known = specs.map(({ name }) => name);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  return [
    ...unknown.map((name) => `${name} is not a parameter of this lesson; they are ${known.join(", ")}`),
    ...specs.flatMap((spec) => {
      if (!(spec.name in values)) return [`${spec.name} is missing: give it to checkParameters with the others`];
      const value = values[spec.name];
      const problem = problemWith(spec, value);
      return problem === null
        ? []
        : [`${spec.name} = ${typeof value === "string" ? `"${value}"` : value} ${problem}: ${advice(spec)}`];
    }),
  ];
}

function advice(spec: ParameterSpec): string {
  if ("values" in spec.allowed) return "choose one of them in the parameters cell";
  return spec.type === "number"
    ? "choose a value in that range in the parameters cell"
    : `choose ${allowedText(spec)} in the parameters cell`;
}
