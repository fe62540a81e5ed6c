/** What a source of the corpus gives: documents, each for one split, and where they come from. */
import { sha256, type Domain, type Split } from "./corpus";

export interface Document {
  text: string;
  split: Split;
}

export interface CorpusSource {
  domain: Domain;
  /** The npm package and its version, or "generated". */
  origin: string;
  licence: string;
  what: string;
  documents: Document[];
}

/** The split of a document or a problem: one in twenty is held out, by its hash and not by its place. */
export function splitOf(name: string): Split {
  return parseInt(sha256(name).slice(0, 8), 16) % 20 === 0 ? "heldOut" : "train";
}
