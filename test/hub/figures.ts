/*
 * What the hub test measured: kept in data/measurements/hub.json with where it comes from, and as a table in
 * docs/teaching.md, between two comments. A test holds the table to the file.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT } from "../../tools/setup/project.mjs";

/** One measurement over all learners. */
export interface Figure {
  low: number;
  middle: number;
  high: number;
  /** "s" or "MB" (2^20 bytes). */
  unit: string;
}

/** What hub_test.py leaves. */
export interface Found {
  users: number;
  passed: number;
  failed: number;
  figures: Record<string, Figure>;
}

export interface Recorded extends Found {
  format: 1;
  provenance: {
    date: string;
    script: string;
    node: string;
    cores: number;
    /** GiB of the machine. */
    memory: number;
    /** Mean number of processes that wanted a core in the minute before: 0 on a quiet machine. */
    loadBefore: number;
  };
  /** Disk that the installed course folder takes, the largest part of the image. */
  courseMegabytes: number;
}

export const HUB_FILE = path.join(ROOT, "data", "measurements", "hub.json");
export const GUIDE = path.join(ROOT, "docs", "teaching.md");

export function readFound(file: string): Found {
  return JSON.parse(fs.readFileSync(file, "utf8")) as Found;
}

/** The rows of the table: key in the file, what it is, digits. */
const ROWS: [key: string, what: string, digits: number][] = [
  ["memory", "memory of a person's server and kernel, lesson 01 run to its end", 0],
  ["hubMemory", "memory of hub and proxy, once", 0],
  ["server", "a server is ready after", 1],
  ["firstCell", "the first cell is done after, counted from the log-in", 1],
  ["lesson", "the whole lesson is done after", 0],
  ["cellMeanwhile", "a short cell of another, while one loops for ever and one hoards memory", 1],
  ["backAgain", "a killed server is back after", 1],
];

function line(what: string, { low, middle, high, unit }: Figure, digits: number): string {
  const [a, b, c] = [low, middle, high].map((value) => value.toFixed(digits));
  return `| ${what} | ${b} ${unit} | ${a === c ? "" : `${a} to ${c} ${unit}`} |`;
}

/** The table of docs/teaching.md. */
export function figuresTable({ users, passed, figures, provenance, courseMegabytes }: Recorded): string {
  const { date, cores, memory, loadBefore } = provenance;
  const quiet = loadBefore < 0.5 ? "quiet before" : `also busy with other work (load ${loadBefore.toFixed(1)} before)`;
  return [
    `Measured on ${date.slice(0, 10)}: **${users} learners at once**, a machine with ${cores} cores and ${memory} GiB, ${quiet}.`,
    `All ${passed} promises of the test were kept.`,
    "",
    "| | middle | from, to |",
    "|---|---|---|",
    ...ROWS.flatMap(([key, what, digits]) => (key in figures ? [line(what, figures[key], digits)] : [])),
    `| disk of the course folder, for all | ${courseMegabytes} MB | |`,
  ].join("\n");
}

const BEGIN = "<!-- figures: npm run hub-test -- --record -->\n";
const END = "\n<!-- end of figures -->";

/** The part of the guide that is the table. */
export function tableIn(guide: string): string {
  const [start, end] = [guide.indexOf(BEGIN), guide.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/teaching.md lacks the comment ${start < 0 ? BEGIN : END}`.trim());
  return guide.slice(start + BEGIN.length, end);
}

export function withTable(guide: string, table: string): string {
  return guide.replace(`${BEGIN}${tableIn(guide)}${END}`, () => `${BEGIN}${table}${END}`);
}

/** Writes the figures and the guide's table. */
export function record(found: Found, measured: { loadBefore: number; courseMegabytes: number }): void {
  const { loadBefore, courseMegabytes } = measured;
  const recorded: Recorded = {
    format: 1,
    provenance: {
      date: new Date().toISOString(),
      script: "test/hub/hub-test.ts",
      node: process.versions.node,
      cores: os.availableParallelism(),
      memory: Math.round(os.totalmem() / 2 ** 30),
      loadBefore: Math.round(loadBefore * 100) / 100,
    },
    courseMegabytes,
    ...found,
  };
  fs.writeFileSync(HUB_FILE, `${JSON.stringify(recorded, null, 1)}\n`);
  fs.writeFileSync(GUIDE, withTable(fs.readFileSync(GUIDE, "utf8"), figuresTable(recorded)));
}
