/**
 * The training text that `npm run corpus` builds: for each domain one stream of tokens to train on and one that is held
 * out. Documents follow one another, each after its mark. Windows are cut at random places, so they may begin and end
 * within a document and run from one into the next: as in DeepSeek-V3, documents are packed and attention is not masked
 * between them (the report, section 4.1).
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Random } from "../tensor/random";

/** Four kinds of text that differ in their bytes as much as in what they say. */
export const DOMAINS = ["novel", "speeches", "code", "arithmetic"] as const;
export type Domain = (typeof DOMAINS)[number];

export const SPLITS = ["train", "heldOut"] as const;
export type Split = (typeof SPLITS)[number];

/** Token streams by domain; ids as in bytes.ts. */
export type Streams = Record<Domain, Uint16Array>;

export interface CorpusManifest {
  /** sha256 of the streams' hashes: one hash for the whole corpus. */
  hash: string;
  sources: {
    domain: Domain;
    /** The npm package and its version, or "generated". */
    origin: string;
    licence: string;
    what: string;
    documents: Record<Split, number>;
    /** Without the marks between documents. */
    bytes: Record<Split, number>;
  }[];
  files: { file: string; domain: Domain; split: Split; tokens: number; sha256: string }[];
}

export interface Corpus {
  manifest: CorpusManifest;
  train: Streams;
  heldOut: Streams;
}

/** Where `npm run corpus` puts it, from the project's root. */
export const CORPUS_FOLDER = ".cache/corpus";

/** A stream's file in a corpus's folder: token ids as 16-bit whole numbers, low byte first. */
export function streamFile(domain: Domain, split: Split): string {
  return `${domain}-${split === "train" ? "train" : "held-out"}.bin`;
}

/** The sha256 of some bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Reads the corpus.
 *
 * @throws if it was not built, or a file is not what its manifest says
 */
export function readCorpus(dir: string = CORPUS_FOLDER): Corpus {
  const manifestFile = path.join(dir, "manifest.json");
  if (!fs.existsSync(manifestFile)) throw new Error(`there is no corpus in ${dir}: npm run corpus builds it`);
  const manifest = JSON.parse(fs.readFileSync(manifestFile, "utf8")) as CorpusManifest;
  const read = (split: Split) =>
    Object.fromEntries(DOMAINS.map((domain) => [domain, readStream(dir, manifest, domain, split)])) as Streams;
  return { manifest, train: read("train"), heldOut: read("heldOut") };
}

function readStream(dir: string, manifest: CorpusManifest, domain: Domain, split: Split): Uint16Array {
  const file = streamFile(domain, split);
  const bytes = fs.readFileSync(path.join(dir, file));
  const entry = manifest.files.find((known) => known.file === file);
  if (entry === undefined || entry.sha256 !== sha256(bytes)) {
    throw new Error(
      `${path.join(dir, file)} is not the file that the manifest names: npm run corpus builds the corpus anew`,
    );
  }
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
}

/** How often each domain is drawn. The novel is so short that it is repeated more than the others even so. */
export const DEFAULT_MIXTURE: Record<Domain, number> = { novel: 0.15, speeches: 0.3, code: 0.4, arithmetic: 0.15 };

export interface BatchOptions {
  /** Number of windows. */
  batch: number;
  /** Tokens of a window. */
  length: number;
  seed: number;
  /** Which batch of the run. The same step gives the same batch, also in a run that was stopped and resumed. */
  step: number;
  mixture?: Record<Domain, number>;
}

/**
 * The batch of a step: windows at random places, each of a domain drawn by the mixture.
 *
 * @returns [batch][length] token ids
 * @throws if a domain that is drawn has fewer tokens than a window
 */
export function drawBatch(
  streams: Streams,
  { batch, length, seed, step, mixture = DEFAULT_MIXTURE }: BatchOptions,
): number[][] {
  const random = new Random(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b));
  const total = DOMAINS.reduce((sum, domain) => sum + mixture[domain], 0);
  return Array.from({ length: batch }, () => {
    let left = random.uniform() * total;
    const domain = DOMAINS.find((name) => (left -= mixture[name]) < 0) ?? DOMAINS[DOMAINS.length - 1];
    return windowOf(streams[domain], domain, length, random);
  });
}

/**
 * Windows of one stream at places that a seed decides, for evaluation.
 *
 * @returns [count][length] token ids
 * @throws if the stream has fewer tokens than a window
 */
export function heldOutWindows(
  stream: Uint16Array,
  { length, count, seed }: { length: number; count: number; seed: number },
): number[][] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => windowOf(stream, "held-out stream", length, random));
}

function windowOf(stream: Uint16Array, name: string, length: number, random: Random): number[] {
  if (stream.length < length)
    throw new Error(`${name}: a window of ${length} tokens does not fit in its ${stream.length}`);
  const begin = random.integer(stream.length - length + 1);
  return Array.from(stream.subarray(begin, begin + length));
}
