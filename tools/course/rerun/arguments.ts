/* What stands behind npm run lesson --. */
import { readCall, readNumber } from "../../cli";

export const HELP = `npm run lesson -- LESSON [options]

Runs a lesson with other parameters and writes the notebook with its outputs.

  LESSON              07, the beginning of its name, or a notebook of yours (work/07-….ipynb)
  --list              print the parameters (default, range, unit, meaning) and the names of the results; run nothing
  -p NAME=VALUE       a value for a parameter; as often as you like
  --sweep NAME=A,B,C  run the lesson for each of these values; several make a grid
  --out FILE          the notebook to write (default: in work/, named by lesson and values); a sweep keeps its runs beside
                      it, in FILE's .points/, and its table as .csv and .json
  --jobs N            runs at the same time in a sweep (default: the machine's cores)
  --help              this text

Ctrl-C stops it. A sweep that was stopped goes on with the same command: finished points are not run again.`;

export interface LessonArguments {
  list: boolean;
  lesson: string;
  values: string[];
  sweeps: string[];
  out: string | undefined;
  jobs: number | undefined;
}

/** @throws {Error} if the call is not as HELP says */
export function readLessonArguments(args: string[]): LessonArguments {
  const many = { type: "string" as const, multiple: true as const, default: [] as string[] };
  const options = {
    p: { ...many, short: "p" },
    sweep: many,
    out: { type: "string" },
    jobs: { type: "string" },
    list: { type: "boolean", default: false },
  } as const;
  const { values, positionals } = readCall(args, options, { positionals: true });
  if (positionals.length !== 1) {
    throw new Error(
      `name one lesson, such as 07; got ${positionals.length === 0 ? "none" : positionals.join(" and ")}`,
    );
  }
  if (values.out !== undefined && !values.out.endsWith(".ipynb"))
    throw new Error("--out takes the name of an .ipynb file");
  return {
    list: values.list,
    lesson: positionals[0],
    values: values.p,
    sweeps: values.sweep,
    out: values.out,
    jobs: readNumber("--jobs", values.jobs, { whole: true, least: 1, most: 99 }),
  };
}
