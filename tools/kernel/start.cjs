/**
 * Starts the kernel that runs the cells: `node tools/kernel/start.cjs CONNECTION_FILE`.
 *
 * tslab does the work: its converter compiles a cell, its executor runs it, its server speaks Jupyter's protocol. This
 * file assembles those parts as tslab's own start does, with one small file for each thing that a course needs to go
 * differently. The tests in test/kernel hold each of them against tslab as it comes.
 *
 * The kernel runs in the project root wherever the notebook lies, so a cell imports `./lib/…` from any folder.
 */
const path = require("node:path");

const root = path.resolve(__dirname, "..", "..");
process.chdir(root);

const { watchParent } = require("./parent-watch.cjs");
watchParent();
require("./small-heap.cjs").keepHeapSmall();

// These two change modules that tslab reads when it is loaded: they come before it.
const { cells, projectFiles, pollProjectFiles } = require("./compiler.cjs").prepareCompiler();
require("./unlimited-publisher.cjs").makePublisherUnlimited();

const { createConverter } = require("tslab/dist/converter.js");
const { createExecutor } = require("tslab/dist/executor.js");
const { originalPosition } = require("./cells.cjs");
const { freshImports } = require("./fresh-imports.cjs");
const { withHelp } = require("./help.cjs");
const { listFolder } = require("./list-folder.cjs");
const { Interrupts } = require("./interrupt.cjs");
const { printPromises } = require("./promises.cjs");
const { CourseServer } = require("./server.cjs");
const { catchStrays } = require("./strays.cjs");
const { TwoSteps } = require("./two-steps.cjs");
const { warmUp } = require("./warm-up.cjs");

const compiler = freshImports(createConverter({ isJS: false, isBrowser: false }), pollProjectFiles);
const converter = cells.wrap(withHelp(compiler, root, listFolder));
printPromises();

/** What the executor reported of the running cell: a thrown value, or one entry per compiler message.
 * @type {unknown[][]} */
const reports = [];
const steps = new TwoSteps();
const compiling = steps.converter(converter);
const executor = steps.executor(
  createExecutor(
    root,
    { node: compiling, browser: compiling, close: () => converter.close() },
    { log: console.log, error: (...report) => reports.push(report) },
  ),
  () => interrupts,
);

const interrupts = new Interrupts(() => executor.interrupt());
Object.assign(globalThis, { courseInterrupt: interrupts, courseCells: cells.standing });

/** @type {import("./error-content.cjs").Places} */
const places = {
  cellLine: (name, line, column) => cells.lineOf(name, line, column),
  fileLine: (file, line, column) =>
    originalPosition(projectFiles.mapOf(path.join(root, file).replace(/\.js$/, ".ts")), line, column)?.line ?? null,
};

const server = new CourseServer(executor, reports, interrupts, cells, places, process.argv[2] ?? "");
catchStrays((error) => server.showStray(error));
server.init().then(
  () => warmUp(root, converter),
  (error) => {
    console.error(`The kernel cannot start with the connection file "${process.argv[2] ?? ""}": ${error}`);
    process.exit(1);
  },
);
