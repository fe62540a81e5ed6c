/**
 * What the commands of this project have in common: how a call is read, where its paths lead, and that whatever goes
 * wrong is one line on stderr and exit code 1.
 */
import path from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { shorten } from "../lib/checkpoint/shorten";

/** Several things that are wrong, each told in a line of its own; of any other error only the first line is. */
export class Mistakes extends Error {
  constructor(readonly lines: string[]) {
    super(lines.join("\n"));
  }
}

/**
 * Makes a command of a function.
 *
 * @param name as npm run knows it; the lines of its errors begin with it
 * @param help what --help prints
 * @param run gets the arguments; what it throws is told
 * @returns what tools/run.mjs calls
 */
export function command(
  name: string,
  help: string,
  run: (args: string[]) => Promise<void> | void,
): (args: string[]) => Promise<void> {
  return async (args) => {
    process.stdout.off("error", ignore).on("error", ignore); // a reader that goes away; print reports it
    try {
      await (asksForHelp(args) ? print(`${help}\n`) : run(args));
    } catch (error) {
      if ((error as NodeJS.ErrnoException | null)?.code === "EPIPE") return; // the reader has had enough, as head does
      for (const line of linesOf(error)) console.error(shorten(`${name}: ${line}`, MOST_CHARACTERS));
      process.exitCode = 1;
    }
  };
}

/** Of a line that is told: a whole file or a long argument in it helps nobody. */
const MOST_CHARACTERS = 299;

const ignore = () => {};

function asksForHelp(args: string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).some((arg) => arg === "--help" || arg === "-h");
}

function linesOf(error: unknown): string[] {
  if (error instanceof Mistakes) return error.lines;
  return [systemError(error) ?? (error instanceof Error ? error.message : String(error)).split("\n")[0]];
}

/** What the system's errors mean to a person. */
const SYSTEM_ERRORS: Record<string, string> = {
  ENOSPC: "the disk is full: free some space",
  EDQUOT: "your share of the disk is full: free some space",
  EACCES: "you may not read or write there",
  EPERM: "you may not change what is there",
  EROFS: "what lies there can only be read: name another folder",
  ENOENT: "there is no such file or folder, and it can't be made there",
  ENOTDIR: "a part of this path is a file, not a folder",
  EISDIR: "that is a folder, not a file",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
};

/** The line for an error of the file system: the file as the caller sees it, and what is the matter. */
function systemError(error: unknown): string | null {
  const { code, path: file, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const meaning = syscall === undefined || syscall.startsWith("spawn") ? undefined : SYSTEM_ERRORS[code ?? ""];
  if (meaning === undefined) return null;
  return `${file === undefined ? "" : `${toCaller(file) || "."}: `}${meaning} (${code})`;
}

/**
 * Reads a call with parseArgs of node:util.
 *
 * @param options as parseArgs takes them
 * @param positionals whether there may be arguments that are no options
 * @throws {Error} if the call is another
 */
export function readCall<O extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: O,
  { positionals = false }: { positionals?: boolean } = {},
) {
  return parseArgs({ args: joinNegative(args), options, allowPositionals: positionals as true });
}

/** Lets a value begin with a minus, so that it is reported for what it is and not taken for an option. */
function joinNegative(args: string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.length - 1;
    if (/^-[\d.]/.test(arg) && /^--[^=]+$/.test(joined[last] ?? "")) joined[last] += `=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** @throws {Error} if the value of an option is none of those allowed */
export function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((choice) => choice === value);
  if (found === undefined) throw new Error(`${option} is "${value}"; it must be ${allowed.join(" or ")}`);
  return found;
}

/** What a number may be; any, if nothing is said. */
export interface NumberRule {
  whole?: boolean;
  least?: number;
  most?: number;
  /** The number must be larger than this. */
  above?: number;
}

/** @throws {Error} if the value of an option is no such number */
export function readNumber(option: string, text: string, rule?: NumberRule): number;
export function readNumber(option: string, text: string | undefined, rule?: NumberRule): number | undefined;
export function readNumber(option: string, text: string | undefined, rule: NumberRule = {}): number | undefined {
  if (text === undefined) return undefined;
  const { whole = false, least = -Infinity, most = Infinity, above = -Infinity } = rule;
  const value = text.trim() === "" ? NaN : Number(text);
  const inside = Number.isFinite(value) && value >= least && value <= most && value > above;
  if (inside && (!whole || Number.isSafeInteger(value))) return value;
  throw new Error(`${option} is "${text}"; it must be ${described(rule)}`);
}

/** "a whole number, 1 or more" */
function described({ whole = false, least, most, above }: NumberRule): string {
  const kind = whole ? "a whole number" : "a number";
  if (above !== undefined) return `${kind} above ${above}`;
  if (least === undefined) return kind;
  return most === undefined ? `${kind}, ${least} or more` : `${kind} from ${least} to ${most}`;
}

/** The folder that a person called from: npm runs scripts in the project's root. */
function callersFolder(): string {
  const { npm_lifecycle_event: script, INIT_CWD } = process.env;
  return script === process.argv[2] && INIT_CWD !== undefined ? INIT_CWD : process.cwd();
}

/** The path of a file that a person named, seen from where they called. */
export function fromCaller(file: string): string {
  return path.resolve(callersFolder(), file);
}

/** How a person sees a file from where they called. */
export function toCaller(file: string): string {
  return path.relative(callersFolder(), file);
}

/** Waits until the reader has taken the text: a process that ends earlier would cut off what a pipe holds. */
export function print(text: string): Promise<void> {
  return new Promise((done, failed) => {
    process.stdout.write(text, (error) => (error ? failed(error) : done()));
  });
}
