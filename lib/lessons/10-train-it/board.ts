/**
 * The board of one's own runs: a line of JSON for each finished run, in the order in which they ended. Lines are only ever
 * added. The file is written aside and then put in place, so nobody finds half a line; one that is damaged all the same
 * is passed over, and said.
 */
import { host } from "../../host";
import { DOMAINS, type Domain } from "../../corpus/corpus";
import { mean } from "../../statistics/interval";
import type { Choices, PlanCosts } from "./plan";

/** Where a learner's runs are, from the project's root. Builds and tests have a folder of their own. */
export function runsFolder(): string {
  return host.setting("COURSE_MY_RUNS") ?? host.paths.join("work", "my-v3");
}

export interface BoardLine {
  /** As runId says. */
  id: string;
  /** ISO date of its end. */
  ended: string;
  choices: Choices;
  steps: number;
  costs: PlanCosts;
  /** On held-out text, by kind. */
  bitsPerByte: Record<Domain, number>;
  /** Of the token after the next; null without a module. */
  mtpBitsPerByte: Record<Domain, number> | null;
}

export interface Board {
  lines: BoardLine[];
  /** Lines that could not be read. */
  damaged: number;
}

const fileIn = (folder: string) => host.paths.join(folder, "runs.jsonl");

/** All runs of the board. */
export function readBoard(folder = runsFolder()): Board {
  const file = fileIn(folder);
  const texts = host.look(file) === null ? [] : host.readText(file).split("\n");
  const board: Board = { lines: [], damaged: 0 };
  for (const text of texts) {
    if (text.trim() === "") continue;
    const line = lineOf(text);
    if (line === null) board.damaged++;
    else board.lines.push(line);
  }
  return board;
}

function lineOf(text: string): BoardLine | null {
  try {
    const line = JSON.parse(text) as Partial<BoardLine> | null;
    const numbers = DOMAINS.map((domain) => line?.bitsPerByte?.[domain]);
    const whole = typeof line?.id === "string" && typeof line.costs === "object" && typeof line.choices === "object";
    return whole && numbers.every((bits) => typeof bits === "number") ? (line as BoardLine) : null;
  } catch {
    return null;
  }
}

/**
 * Adds a run, unless it is there.
 *
 * @returns whether it was added
 */
export function addToBoard(line: BoardLine, folder = runsFolder()): boolean {
  if (readBoard(folder).lines.some(({ id }) => id === line.id)) return false;
  const file = fileIn(folder);
  const before = host.look(file) === null ? "" : host.readText(file);
  const separator = before === "" || before.endsWith("\n") ? "" : "\n";
  const aside = `${file}.${host.randomId()}.partial`;
  host.write(aside, `${before}${separator}${JSON.stringify(line)}\n`);
  host.move(aside, file);
  return true;
}

/** The mean over the kinds of text. */
export function meanBits({ bitsPerByte }: Pick<BoardLine, "bitsPerByte">): number {
  return mean(DOMAINS.map((domain) => bitsPerByte[domain]));
}

/** In which choices a run differs from another, in words: "active 2, seed 3"; empty if in none. */
export function differingChoices(own: Choices, other: Choices): string {
  const keys = Object.keys(own) as (keyof Choices)[];
  return keys
    .filter((key) => own[key] !== other[key])
    .map((key) => `${key} ${own[key]}`)
    .join(", ");
}
