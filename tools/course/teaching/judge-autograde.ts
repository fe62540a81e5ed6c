/* nbgrader's autograde, the exercises judged apart from the submission (autograde.py says how). */
import path from "node:path";
import { runPython, type Ended } from "../../python";

/** Of a submission's seconds, what nbgrader itself needs before and after its cells run. */
const OWN_SECONDS = 30;

/**
 * @param args what stands behind `nbgrader autograde`
 * @param seconds for the submission: what is not judged by then gets no points; a little later nbgrader itself is ended
 */
export function autograde(args: string[], folder: string, seconds: number): Promise<Ended> {
  const call = [path.join(__dirname, "autograde.py"), process.execPath, String(Math.ceil(seconds)), ...args];
  return runPython(call, { folder, signal: AbortSignal.timeout((seconds + 2 * OWN_SECONDS) * 1000) });
}
