/**
 * What projects have published (data/openness.json), and what somebody outside can do with it: run the model, change it
 * and pass it on, look for a test in its text, repeat the training, or verify that the published weights come from it.
 */
import type { Confidence } from "../economics/facts";
import { readFresh } from "../economics/json-file";

export const ARTEFACTS = [
  "weights",
  "freeTerms",
  "inferenceCode",
  "trainingCode",
  "hyperparameters",
  "dataDescribed",
  "data",
  "dataOrder",
  "checkpoints",
] as const;
export type Artefact = (typeof ARTEFACTS)[number];

export type State = "yes" | "partly" | "no" | "unknown";

/** Where a finding was read. */
interface Evidence {
  source: string; // key of OpennessFile.sources
  where: string;
  confidence: Confidence;
}

export interface Cell extends Evidence {
  state: State;
  note: string;
}

export interface Project {
  id: string;
  name: string;
  /** Year and month. */
  released: string;
  /** What the Open Source Initiative's own review found; null where none is known. */
  openSourceAi: boolean | null;
  /** `of`: what it reviewed, where that is another generation. */
  osi?: Evidence & { of?: string };
  has: Record<Artefact, Cell>;
}

/** Where a project's training text came from; no shares if the project doesn't say. */
export interface Disclosure extends Evidence {
  id: string;
  name: string;
  tokens: number | null;
  /** What the shares are shares of. */
  of: string;
  shares: { name: string; kind: string; share: number }[];
}

export interface OpennessFile {
  about: string;
  sources: Record<string, { title: string; url: string }>;
  artefacts: { id: Artefact; name: string; meaning: string }[];
  projects: Project[];
  mixtures: Disclosure[];
}

/** What projects have published, read from the project's root. */
export function readOpenness(): OpennessFile {
  return readFresh<OpennessFile>("data/openness.json");
}

/** One project. @throws if there is none of that id, saying which there are */
export function findProject({ projects }: OpennessFile, id: string): Project {
  const found = projects.find((project) => project.id === id);
  if (found === undefined) throw new Error(`no project "${id}"; there are ${projects.map((p) => p.id).join(", ")}`);
  return found;
}

/** What somebody outside may want to do. */
export const GOALS = ["run", "adapt", "search", "repeat", "verify"] as const;
export type Goal = (typeof GOALS)[number];

export const GOAL_NAMES: Record<Goal, string> = {
  run: "run it",
  adapt: "change it and pass it on",
  search: "look for a test in its text",
  repeat: "train such a model again",
  verify: "verify that these weights come from that text",
};

/** The artefacts that each goal takes. None of them can replace another. */
export const NEEDS: Record<Goal, readonly Artefact[]> = {
  run: ["weights", "inferenceCode"],
  adapt: ["weights", "inferenceCode", "freeTerms"],
  search: ["data"],
  repeat: ["trainingCode", "hyperparameters", "data"],
  verify: ["weights", "trainingCode", "hyperparameters", "data", "dataOrder"],
};

/** What is missing for a goal, in the order of NEEDS. */
export function missingFor(goal: Goal, published: readonly Artefact[]): Artefact[] {
  return NEEDS[goal].filter((artefact) => !published.includes(artefact));
}

/** The artefacts that a project has published in full. */
export function publishedBy({ has }: Project): Artefact[] {
  return ARTEFACTS.filter((artefact) => has[artefact].state === "yes");
}

/**
 * What a project lacks for the Open Source AI Definition 1.0 as we read it: code to train and to run, weights, and
 * information on the data detailed enough that a skilled person can build a substantially equivalent system, all under
 * free terms. It asks for the description of the data, not for the data itself.
 *
 * @returns the artefacts that are missing; none if the project meets the definition
 */
export function missingForOpenSource(project: Project): Artefact[] {
  const published = publishedBy(project);
  const asked: Artefact[] = ["weights", "freeTerms", "inferenceCode", "trainingCode", "dataDescribed"];
  return asked.filter((artefact) => !published.includes(artefact));
}
