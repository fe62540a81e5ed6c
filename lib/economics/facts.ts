/**
 * Facts from outside: data/models.json. No number of someone else's is typed into a lesson or into code; it is read
 * here, and comes with its unit, its source, the place in that source, and how far it can be trusted.
 */
import fs from "node:fs";
import path from "node:path";

export const CONFIDENCES = ["primary", "secondary", "derived", "unverified"] as const;

/** One number and where it is from. */
export interface Fact {
  value: number;
  unit: string;
  source: string; // key of FactFile.sources
  where: string; // the page, section or table
  confidence: (typeof CONFIDENCES)[number];
}

export interface Source {
  title: string;
  url: string;
}

export interface ModelFacts {
  id: string;
  name: string;
  facts: Record<string, Fact>;
}

export interface FactFile {
  sources: Record<string, Source>;
  models: ModelFacts[];
}

/** From the project's root, where the kernel, the tests and the tools all start. */
const MODELS = "data/models.json";

/**
 * Reads and checks the file.
 *
 * @throws naming the fact, if one lacks its unit, place, a known source or a known confidence
 */
export function readFacts(file: string = MODELS): FactFile {
  const content = JSON.parse(fs.readFileSync(path.resolve(file), "utf8")) as FactFile;
  for (const model of content.models) {
    for (const [key, fact] of Object.entries(model.facts))
      checkFact(fact, `${file}: ${model.id}.${key}`, content.sources);
  }
  return content;
}

function checkFact(fact: Fact, name: string, sources: Record<string, Source>): void {
  if (!Number.isFinite(fact.value))
    throw new Error(`${name}: value must be a number, not ${JSON.stringify(fact.value)}`);
  for (const key of ["unit", "where"] as const) if (!fact[key]) throw new Error(`${name}: ${key} is missing`);
  if (!(fact.source in sources)) {
    throw new Error(`${name}: unknown source "${fact.source}"; known are ${Object.keys(sources).join(", ")}`);
  }
  if (!CONFIDENCES.includes(fact.confidence)) {
    throw new Error(`${name}: confidence is "${fact.confidence}"; it must be one of ${CONFIDENCES.join(", ")}`);
  }
}

/** @throws if there is no model of that id */
export function modelFacts(id: string): ModelFacts {
  const { models } = readFacts();
  const found = models.find((model) => model.id === id);
  if (found === undefined)
    throw new Error(`No model "${id}" in ${MODELS}; there are ${models.map((m) => m.id).join(", ")}`);
  return found;
}

/** @throws if the model or the fact does not exist */
export function modelFact(id: string, key: string): Fact {
  const { facts } = modelFacts(id);
  if (!(key in facts))
    throw new Error(`No fact "${key}" about ${id} in ${MODELS}; there are ${Object.keys(facts).join(", ")}`);
  return facts[key];
}

/** The source of a fact in words: "DeepSeek-V3, README of the release, section 3 (primary)". */
export function cite(fact: Fact): string {
  return `${readFacts().sources[fact.source].title}, ${fact.where} (${fact.confidence})`;
}
