/**
 * Builds the training text from the installed packages: a stream of tokens for each domain and split, and a manifest of
 * what is in them. No text of others is kept in the project itself; building takes a few seconds.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { host } from "../host";
import { BEGIN_OF_DOCUMENT } from "./bytes";
import {
  CORPUS_FOLDER,
  DOMAINS,
  readCorpus,
  sha256,
  SPLITS,
  streamFile,
  type Corpus,
  type CorpusManifest,
} from "./corpus";
import type { Document, CorpusSource } from "./documents";
import { sources } from "./sources";

/**
 * The corpus, built first if it isn't there yet: what a lesson calls.
 *
 * @throws if a package is missing, or a file of the folder is not what its manifest says
 */
export function openCorpus(dir: string = CORPUS_FOLDER): Corpus {
  if (host.look(host.paths.join(dir, "manifest.json")) === null) buildCorpus(dir);
  return readCorpus(dir);
}

/**
 * Builds the corpus beside its place, then moves it there.
 *
 * @param root where node_modules is
 * @throws if a package is missing
 */
export function buildCorpus(out: string, root = process.cwd()): CorpusManifest {
  const all = sources(root);
  const aside = `${out}.partial-${process.pid}`; // two lessons may build at the same time
  mkdirSync(aside, { recursive: true });
  try {
    const files = DOMAINS.flatMap((domain) =>
      SPLITS.map((split) => {
        const documents = all.filter((source) => source.domain === domain).flatMap((source) => source.documents);
        const tokens = stream(documents.filter((document) => document.split === split));
        const file = streamFile(domain, split);
        writeFileSync(path.join(aside, file), tokens);
        return { file, domain, split, tokens: tokens.length / 2, sha256: sha256(tokens) };
      }),
    );
    const manifest = { hash: sha256(files.map((file) => file.sha256).join()), sources: all.map(entryOf), files };
    writeFileSync(path.join(aside, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    replace(out, aside);
    return manifest;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Puts a finished folder in another's place. If another process was faster, its folder stays: it is the same text. */
function replace(out: string, finished: string): void {
  rmSync(out, { recursive: true, force: true });
  try {
    renameSync(finished, out);
  } catch (error) {
    if (!existsSync(path.join(out, "manifest.json"))) throw error;
  }
}

function byteLength({ text }: Document): number {
  return Buffer.byteLength(text);
}

/** The documents as one stream of 16-bit ids, each after its mark. */
function stream(documents: Document[]): Buffer {
  const out = Buffer.alloc(documents.reduce((sum, document) => sum + 2 * (1 + byteLength(document)), 0));
  let at = 0;
  for (const { text } of documents) {
    at = out.writeUInt16LE(BEGIN_OF_DOCUMENT, at);
    for (const byte of Buffer.from(text)) at = out.writeUInt16LE(byte, at);
  }
  return out;
}

function entryOf({ documents, ...source }: CorpusSource): CorpusManifest["sources"][number] {
  const count = (measure: (document: Document) => number) => ({
    train: documents.filter(({ split }) => split === "train").reduce((sum, document) => sum + measure(document), 0),
    heldOut: documents.filter(({ split }) => split === "heldOut").reduce((sum, document) => sum + measure(document), 0),
  });
  return { ...source, documents: count(() => 1), bytes: count(byteLength) };
}
