/** What a source of the corpus gives: documents, each of one split, and where they come from. */
import type { Domain, Split } from "./corpus";

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
