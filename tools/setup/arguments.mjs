/*
 * What stands behind npm start --, npm test -- and the like, read by node:util's parseArgs. A mistake is one line.
 */
import { parseArgs } from "node:util";
import { asTyped } from "./node-version.mjs";
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

export const SETUP_HELP = `npm run setup [-- --with LISTS]

Installs what npm start would, and starts nothing.

  --with LISTS   also what other commands need: tests (npm packages of tests and builds), and lists of Python packages:
                 dev, rerun, hub, deploy; with commas between them`;

/**
 * Takes a call apart.
 * @param {string} command such as "start"
 * @param {string[]} argv
 * @param {Record<string, "string" | "boolean">} types of its options, besides --help
 * @returns {{ options: Record<string, string | undefined>, names: string[] }} options: those that were given, "" where
 *   they take no value; names: what is no option
 * @throws {SetupError} if an option is unknown, or a value is missing
 */
function readCall(command, argv, types) {
  const known = new Map([...Object.entries(types), /** @type {const} */ (["help", "boolean"])]);
  const options = Object.fromEntries([...known].map(([name, type]) => [name, { type }]));
  const described = { ...options, help: { ...options.help, short: "h" } };
  const { tokens, positionals: names } = parseArgs({ args: argv, options: described, strict: false, tokens: true });
  /** @type {Record<string, string>} */
  const found = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const type = known.get(token.name);
    if (type === undefined || (type === "boolean" && token.value !== undefined)) {
      throw new SetupError(`Unknown option ${argv[token.index]}: ${asTyped(command)} -- --help lists them.`);
    }
    if (type === "string" && token.value === undefined)
      throw new SetupError(`${token.rawName} needs a value after it.`);
    found[token.name] = token.value ?? "";
  }
  return { options: found, names };
}

/**
 * @param {string} text
 * @returns {number}
 * @throws {SetupError}
 */
export function readPort(text) {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new SetupError(`--port takes a number from 1 to 65535, not "${text}".`);
  return port;
}

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, lesson: string | undefined, port: number, browser: boolean }}
 * @throws {SetupError}
 */
export function readStartArguments(argv) {
  const { options, names } = readCall("start", argv, { port: "string", "no-browser": "boolean" });
  if (names.length > 1) throw new SetupError(`npm start opens one lesson, not ${names.length}: ${names.join(", ")}.`);
  return {
    help: options.help !== undefined,
    lesson: names[0],
    port: readPort(options.port ?? "8888"),
    browser: options["no-browser"] === undefined,
  };
}

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, lessons: string[] }}
 * @throws {SetupError}
 */
export function readResetArguments(argv) {
  const { options, names } = readCall("reset", argv, {});
  return { help: options.help !== undefined, lessons: names };
}

/**
 * @param {string[]} argv
 * @returns {{ help: boolean, extra: string[] }} extra: lists of Python packages
 * @throws {SetupError}
 */
export function readSetupArguments(argv) {
  const { options, names } = readCall("setup", argv, { with: "string" });
  if (names.length > 0) throw new SetupError(`npm run setup takes no "${names[0]}": the lists stand behind --with.`);
  return { help: options.help !== undefined, extra: options.with?.split(",") ?? [] };
}

/**
 * @param {string[]} argv
 * @param {string[]} steps the names of all steps
 * @param {string[]} extra those that run only when asked for
 * @returns {{ help: boolean, steps: string[], named: string[], lanes: number }} the steps to run, in their order, those
 *   named, and how many at a time
 * @throws {SetupError}
 */
export function readTestArguments(argv, steps, extra) {
  const flags = Object.fromEntries([...extra, "browser"].map((step) => [step, /** @type {const} */ ("boolean")]));
  const { options, names } = readCall("test", argv, { only: "string", lanes: "string", ...flags });
  const lanes = options.lanes ?? "1";
  if (!/^[1-9]$/.test(lanes)) throw new SetupError(`--lanes takes a number from 1 to 9, not "${lanes}".`);
  const only = options.only?.split(",") ?? [];
  const unknown = [...names, ...only.filter((step) => !steps.includes(step))];
  if (unknown.length > 0) throw new SetupError(`npm test has no step "${unknown[0]}": there are ${steps.join(", ")}.`);
  const wanted = only.length > 0 ? only : steps.filter((step) => !extra.includes(step));
  const named = steps.filter((step) => only.includes(step) || options[step] !== undefined);
  return {
    help: options.help !== undefined,
    steps: steps.filter((step) => wanted.includes(step) || named.includes(step)),
    named,
    lanes: Number(lanes),
  };
}
