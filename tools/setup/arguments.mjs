/*
 * What stands behind npm start -- and npm test --. Options are few, so they are read by hand: a mistake is answered
 * in one line.
 */
import { SetupError } from "./say.mjs";

export const START_HELP = `npm start [-- LESSON] [options]

Sets up what is missing and opens the course in JupyterLab.

  LESSON         the lesson to open: 01, or the beginning of its name (default: the first)
  --port N       the port to listen on (default: 8888)
  --no-browser   print the address, open no browser
  --help         this text

Ctrl-C stops it. Your copies of the lessons are in work/: npm run reset -- 01 gives a fresh one.`;

export const RESET_HELP = `npm run reset -- LESSON …

Gives a fresh copy of a lesson in work/. Your old copy stays beside it, with the date in its name.

  LESSON         01, or the beginning of its name`;

/**
 * @param {string} text
 * @returns {number}
 * @throws {SetupError}
 */
function readPort(text) {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new SetupError(`--port takes a number from 1 to 65535, not "${text}".`);
  return port;
}

/**
 * Takes "--name value" and "--name=value" apart.
 * @param {string[]} argv
 * @param {string[]} withValue options that take a value
 * @returns {{ options: Map<string, string>, names: string[] }} names: what is no option
 * @throws {SetupError} if a value is missing
 */
function readOptions(argv, withValue) {
  const options = new Map();
  const names = [];
  for (let i = 0; i < argv.length; i++) {
    if (!argv[i].startsWith("-")) {
      names.push(argv[i]);
      continue;
    }
    const [option, ...value] = argv[i].split("=");
    if (!withValue.includes(option)) options.set(argv[i] === "-h" ? "--help" : argv[i], "");
    else if (value.length > 0) options.set(option, value.join("="));
    else if (i + 1 < argv.length) options.set(option, argv[++i]);
    else throw new SetupError(`${option} needs a value after it.`);
  }
  return { options, names };
}

/**
 * @param {Map<string, string>} options
 * @param {string[]} known
 * @param {string} command
 * @throws {SetupError}
 */
function refuseUnknown(options, known, command) {
  const unknown = [...options.keys()].find((option) => !known.includes(option));
  if (unknown !== undefined) throw new SetupError(`Unknown option ${unknown}: ${command} -- --help lists them.`);
}

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, lesson: string | undefined, port: number, browser: boolean }}
 * @throws {SetupError}
 */
export function readStartArguments(argv) {
  const { options, names } = readOptions(argv, ["--port"]);
  refuseUnknown(options, ["--port", "--no-browser", "--help"], "npm start");
  if (names.length > 1) throw new SetupError(`npm start opens one lesson, not ${names.length}: ${names.join(", ")}.`);
  return {
    help: options.has("--help"),
    lesson: names[0],
    port: readPort(options.get("--port") ?? "8888"),
    browser: !options.has("--no-browser"),
  };
}

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, lessons: string[] }}
 * @throws {SetupError}
 */
export function readResetArguments(argv) {
  const { options, names } = readOptions(argv, []);
  refuseUnknown(options, ["--help"], "npm run reset");
  return { help: options.has("--help"), lessons: names };
}

/**
 * @param {string[]} argv
 * @param {string[]} steps the names of all steps
 * @param {string[]} extra those that run only when asked for
 * @returns {{ help: boolean, steps: string[] }} the steps to run, in their order
 * @throws {SetupError}
 */
export function readTestArguments(argv, steps, extra) {
  const { options, names } = readOptions(argv, ["--only"]);
  const flags = extra.map((step) => `--${step}`);
  refuseUnknown(options, ["--only", "--help", ...flags], "npm test");
  const only = options.get("--only")?.split(",") ?? [];
  const unknown = [...names, ...only.filter((step) => !steps.includes(step))];
  if (unknown.length > 0) throw new SetupError(`npm test has no step "${unknown[0]}": there are ${steps.join(", ")}.`);
  const wanted = only.length > 0 ? only : steps.filter((step) => !extra.includes(step));
  const asked = extra.filter((step) => options.has(`--${step}`));
  return { help: options.has("--help"), steps: steps.filter((step) => wanted.includes(step) || asked.includes(step)) };
}
