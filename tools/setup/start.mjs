/*
 * npm start: sets up, brings the learner's copies up to date, runs JupyterLab until Ctrl-C.
 */
import { randomBytes } from "node:crypto";
import { START_HELP, readStartArguments } from "./arguments.mjs";
import { describeSync, findLesson, listLessons, syncLessons } from "./lessons.mjs";
import { ROOT, projectAt } from "./project.mjs";
import { Report, SetupError } from "./say.mjs";
import { requirePort, startServer } from "./server.mjs";
import { SETUP_STEPS, setUp, stopInstalling, whenStopped } from "./setup.mjs";

/**
 * Waits for JupyterLab's end, by us or by itself.
 * @param {import("./server.mjs").Server} server
 * @returns {Promise<number>} the exit code
 */
async function serve(server) {
  const state = { stopping: false };
  whenStopped(() => {
    if (state.stopping) return;
    state.stopping = true;
    console.log("\nStopping JupyterLab and its kernels …");
    void server.stop();
  });
  const code = await server.ended;
  if (state.stopping || code === 0) {
    console.log("JupyterLab has stopped.");
    return 0;
  }
  throw new SetupError(`JupyterLab ended with exit code ${code}: see .cache/jupyterlab.log, then run npm start again.`);
}

/**
 * @param {string[]} argv what stands behind npm start --
 * @returns {Promise<number>} the exit code
 */
export async function main(argv) {
  const project = projectAt(ROOT);
  const { help, lesson: wanted, port, browser } = readStartArguments(argv);
  if (help) {
    console.log(START_HELP);
    return 0;
  }
  const lessons = listLessons(project);
  if (lessons.length === 0) throw new SetupError("There are no lessons in notebooks/: fetch the whole course again.");
  const lesson = findLesson(lessons, wanted ?? lessons[0]);
  await requirePort(project, port);
  const installed = whenStopped(stopInstalling);
  const report = new Report(SETUP_STEPS + 2);
  await setUp(project, report, {});
  await report.step("Lessons", async () => describeSync(syncLessons(project)));
  const file = `work/${lesson}.ipynb`;
  const token = randomBytes(24).toString("hex");
  const starting = startServer(project, { port, file, browser, token });
  await report.step("JupyterLab", async (say) => {
    say("starting");
    await starting;
    return `ready on 127.0.0.1, port ${port}`;
  });
  const server = await starting;
  const served = serve(server);
  installed();
  console.log(`\nLesson ${lesson} is at\n\n    ${server.url}lab/tree/${file}?token=${token}\n\nCtrl-C stops it.`);
  return served;
}
