/* What stands behind npm run lesson --. */
import { parseArgs } from "node:util";

export const HELP = `npm run lesson -- LESSON [options]

Runs a lesson with other parameters and writes the notebook with its outputs.

  LESSON              07, the beginning of its name, or a notebook of yours (work/07-….ipynb)
  --list              print the parameters: default, range, unit, meaning; run nothing
  -p NAME=VALUE       a value for a parameter; as often as you like
  --sweep NAME=A,B,C  run the lesson for each of these values; several make a grid
  --out FILE          the notebook to write (default: in work/); a sweep keeps its runs beside it, in FILE's .points/
  --jobs N            runs at the same time in a sweep (default: the machine's cores)
  --help              this text

Ctrl-C stops it. A sweep that was stopped goes on with the same command: finished points are not run again.`;

export interface LessonArguments {
  help: boolean;
  list: boolean;
  lesson: string;
  values: string[];
  sweeps: string[];
  out: string | undefined;
  jobs: number | undefined;
}

/** @throws {Error} if the call is not as HELP says */
export function readLessonArguments(args: string[]): LessonArguments {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      p: { type: "string", short: "p", multiple: true, default: [] },
      sweep: { type: "string", multiple: true, default: [] },
      out: { type: "string" },
      jobs: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (!values.help && positionals.length !== 1) {
    throw new Error(`name one lesson, such as 07; got ${positionals.length === 0 ? "none" : positionals.join(" and ")}`);
  }
  if (values.out !== undefined && !values.out.endsWith(".ipynb")) throw new Error("--out takes the name of an .ipynb file");
  if (values.jobs !== undefined && !/^[1-9]\d?$/.test(values.jobs)) throw new Error("--jobs takes a number from 1 to 99");
  return {
    help: values.help,
    list: values.list,
    lesson: positionals[0] ?? "",
    values: values.p,
    sweeps: values.sweep,
    out: values.out,
    jobs: values.jobs === undefined ? undefined : Number(values.jobs),
  };
}
