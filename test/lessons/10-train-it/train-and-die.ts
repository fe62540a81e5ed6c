/**
 * A process that dies in the middle of a run: node --import tsx train-and-die.ts FOLDER STEPS STEP
 *
 * It trains as the lesson does, saving after each step, and kills itself when it shows how that step went.
 */
import { openCorpus } from "../../../lib/corpus/build";
import { trainMyRun } from "../../../lib/lessons/10-train-it/my-run";
import { useBackend } from "../../../lib/tensor/backend";
import { smallPlan } from "./small-plan";

async function main(): Promise<void> {
  const [root, steps, last] = process.argv.slice(2);
  await useBackend("wasm");
  const corpus = openCorpus();
  await trainMyRun(smallPlan(corpus, Number(steps)), corpus, {
    root,
    saveSeconds: 0,
    show: ({ moments }) => {
      if (moments[moments.length - 1]?.step === Number(last)) process.kill(process.pid, "SIGKILL");
    },
  });
}

void main();
