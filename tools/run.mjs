/*
 * node tools/run.mjs COMMAND ARGUMENTS…: what the scripts of package.json start. Here are the list of commands and the
 * check of Node's version, in syntax that a far too old Node can read: everything else is loaded once that has passed.
 */
import { asTyped, hasNewEnoughNode } from "./setup/node-version.mjs";

/**
 * The commands, by the files whose `main` they run. With `needs`, what is missing is set up first, together with these
 * lists of Python packages besides requirements.txt and, as "tests", the npm packages of tests and builds.
 * @type {Record<string, { file: string, needs?: string[] }>}
 */
const COMMANDS = {
  start: { file: "setup/start.mjs" },
  setup: { file: "setup/setup.mjs" },
  reset: { file: "setup/reset.mjs" },
  test: { file: "setup/test.mjs" },
  webgpu: { file: "setup/webgpu.mjs" },
  home: { file: "setup/home.mjs" },
  site: { file: "site/site.mjs" },
  lint: { file: "setup/develop.mjs" },
  format: { file: "setup/develop.mjs" },
  typecheck: { file: "setup/develop.mjs" },
  unit: { file: "setup/develop.mjs" },

  lesson: { file: "course/rerun/lesson.ts", needs: ["rerun"] },
  check: { file: "course/teaching/check.ts", needs: [] },
  progress: { file: "course/teaching/progress.ts" },
  assignment: { file: "course/teaching/assignment.ts", needs: ["dev"] },
  grade: { file: "course/teaching/grade.ts", needs: ["dev"] },
  "hub-test": { file: "../test/hub/hub-test.ts", needs: [] },
  build: { file: "course/build/build.ts", needs: ["dev", "tests"] },

  kernels: { file: "commands/kernels.ts", needs: ["tests"] },

  forward: { file: "commands/forward.ts" },
  generate: { file: "commands/generate.ts" },
  corpus: { file: "commands/corpus.ts" },
  pretrain: { file: "commands/pretrain.ts" },
  quantise: { file: "commands/quantise.ts" },
  inspect: { file: "commands/inspect.ts" },
  "model-card": { file: "commands/model-card.ts" },
  "fp8-curves": { file: "commands/fp8-curves.ts" },
  "fp8-modules": { file: "commands/fp8-modules.ts" },
  "text-trials": { file: "commands/text-trials.ts" },
  balancing: { file: "commands/balancing.ts" },
  ablation: { file: "commands/ablation.ts" },
  designs: { file: "commands/designs.ts" },
  agree: { file: "commands/agree.ts" },
  bench: { file: "bench/bench.ts" },
};

const [name, ...args] = process.argv.slice(2);
if (!Object.keys(COMMANDS).includes(name)) {
  console.error(`node tools/run.mjs COMMAND …: the commands are ${Object.keys(COMMANDS).join(", ")}.`);
  process.exitCode = 1;
} else if (hasNewEnoughNode(asTyped(name))) {
  import("./setup/command.mjs").then(({ runCommand }) => runCommand(COMMANDS[name], args));
}
