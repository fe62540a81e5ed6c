/**
 * Facts from outside: the files in data/. A number that someone else published is never typed into a lesson or into
 * code. It is read here, and comes with its unit, its source, the place in that source, and how far it can be trusted.
 *
 * A file has sources and entries; the list of entries is named after the file. An entry is about one thing (a model, an
 * accelerator, a training run) and has facts by key. Units are base units, so that nothing has to be converted: bytes,
 * FLOP, seconds, dollars, never GB or TFLOPS. Where sources disagree, or one gives a range, a fact also has `low` and
 * `high`, and says in `basis` what they are.
 */
import { host } from "../host";
import { readFresh } from "./json-file";

export const FACT_FILES = [
  "models",
  "accelerators",
  "prices",
  "training-runs",
  "serving",
  "budgets",
  "systems",
] as const;
export type FactFileName = (typeof FACT_FILES)[number];

const CONFIDENCES = ["primary", "secondary", "derived", "unverified"] as const;
/** How far a fact can be trusted. */
export type Confidence = (typeof CONFIDENCES)[number];

export interface Source {
  title: string;
  url: string;
}

/** A fact as the file has it. */
interface FactRecord {
  value: number;
  /** The lowest and the highest that sources say; both or neither, with `basis`. */
  low?: number;
  high?: number;
  /** What low and high are, and how the value came about: "minimum, median and maximum of the vendors". */
  basis?: string;
  unit: string;
  source: string; // key of sources
  where: string; // the page, section or table
  confidence: Confidence;
}

/** One number and where it is from. */
export interface Fact extends FactRecord {
  title: string; // of the source
  url: string;
}

export interface Entry {
  id: string;
  name: string;
  facts: Record<string, Fact>;
}

export interface FactFile {
  about: string;
  sources: Record<string, Source>;
  entries: Entry[];
}

/**
 * Reads and checks a file; again only when it has changed.
 *
 * @param folder from the project's root, where the kernel, the tests and the tools all start
 * @throws if a fact lacks its unit, place, a known source or a known confidence, or has half a range, naming the fact
 */
export function readFacts(name: FactFileName, folder = "data"): FactFile {
  const file = host.paths.join(folder, `${name}.json`);
  return readFresh(file, (content) => checkedFacts(content as FactContent, name, file));
}

type EntryRecord = Omit<Entry, "facts"> & { facts: Record<string, FactRecord> };
type FactContent = Pick<FactFile, "about" | "sources"> & Record<FactFileName, EntryRecord[]>;

function checkedFacts({ about, sources, ...lists }: FactContent, name: FactFileName, file: string): FactFile {
  const entries = lists[name].map((entry) => ({
    id: entry.id,
    name: entry.name,
    facts: Object.fromEntries(
      Object.entries(entry.facts).map(([key, fact]) => {
        checkFact(fact, `${file}: ${entry.id}.${key}`, sources);
        return [key, { ...fact, ...sources[fact.source] }];
      }),
    ),
  }));
  return { about, sources, entries };
}

function checkFact(fact: FactRecord, name: string, sources: Record<string, Source>): void {
  const { value, low, high } = fact;
  if (!Number.isFinite(value)) throw new Error(`${name}: value must be a number, not ${JSON.stringify(value)}`);
  for (const key of ["unit", "where"] as const) if (!fact[key]) throw new Error(`${name}: ${key} is missing`);
  if (!(fact.source in sources)) {
    throw new Error(`${name}: unknown source "${fact.source}"; known are ${Object.keys(sources).join(", ")}`);
  }
  if (!CONFIDENCES.includes(fact.confidence)) {
    throw new Error(`${name}: confidence is "${fact.confidence}"; it must be one of ${CONFIDENCES.join(", ")}`);
  }
  if (low === undefined && high === undefined) return;
  if (!(low! <= value && value <= high!)) {
    throw new Error(`${name}: the value ${value} must lie between low and high, which are ${low} and ${high}`);
  }
  if (!fact.basis) throw new Error(`${name}: a range must say in basis what it is`);
}

/** All entries of a file, in its order. */
export function entries(name: FactFileName): Entry[] {
  return readFacts(name).entries;
}

/** One entry of a file. @throws if it has none of that id, saying which it has */
export function entry(name: FactFileName, id: string): Entry {
  const all = entries(name);
  const found = all.find((one) => one.id === id);
  if (found === undefined) {
    throw new Error(`No entry "${id}" in data/${name}.json; there are ${all.map((one) => one.id).join(", ")}`);
  }
  return found;
}

/** One fact. @throws if the entry or the fact does not exist, saying what there is */
export function fact(name: FactFileName, id: string, key: string): Fact {
  const { facts } = entry(name, id);
  if (!(key in facts)) {
    throw new Error(`No fact "${key}" about ${id} in data/${name}.json; there are ${Object.keys(facts).join(", ")}`);
  }
  return facts[key];
}

/** A fact's number. @throws as fact */
export function value(name: FactFileName, id: string, key: string): number {
  return fact(name, id, key).value;
}

/** A model of data/models.json. @throws as entry */
export function modelFacts(id: string): Entry {
  return entry("models", id);
}

/** A fact about a model. @throws as fact */
export function modelFact(id: string, key: string): Fact {
  return fact("models", id, key);
}

/** The source of a fact in words: "DeepSeek-V3, README of the release, section 3 (primary)". */
export function cite({ title, where, confidence }: Fact): string {
  return `${title}, ${where} (${confidence})`;
}

/** The same with a link, for say`…`. */
export function citeLink({ title, url, where, confidence }: Fact): string {
  return `[${title}](${url}), ${where} (${confidence})`;
}
