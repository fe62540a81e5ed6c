/* What is known of a submission that was graded: a stamp beside what was graded, written last. */
import fs from "node:fs";
import path from "node:path";
import type { Prepared } from "./prepare";

interface Stamp {
  digest: string;
  problem: string | null;
  /** The time that it had. */
  minutes: number;
}

const stampOf = ({ submission }: Prepared) => path.join(submission.prepared, ".graded.json");

function readStamp(prepared: Prepared): Stamp | null {
  try {
    return JSON.parse(fs.readFileSync(stampOf(prepared), "utf8")) as Stamp;
  } catch {
    return null;
  }
}

/** What came of grading just this; undefined if it has to be graded, or to be tried with more time. */
export function knownProblem(prepared: Prepared, minutes: number): string | null | undefined {
  const { autograded, assignment } = prepared.submission;
  const stamp = readStamp(prepared);
  if (stamp === null || stamp.digest !== prepared.digest) return undefined;
  if (stamp.problem === null) {
    return fs.existsSync(path.join(autograded, `${assignment}.ipynb`)) ? null : undefined;
  }
  return prepared.notebook === null || stamp.minutes >= minutes ? stamp.problem : undefined;
}

export function writeStamp(prepared: Prepared, problem: string | null, minutes: number): void {
  const stamp: Stamp = { digest: prepared.digest, problem, minutes };
  fs.writeFileSync(stampOf(prepared), JSON.stringify(stamp));
}
