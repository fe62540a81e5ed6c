/**
 * The training text that `npm run corpus` builds: for each domain one stream of tokens to train on and one that is held
 * out. Documents follow one another, each after its mark. Windows are cut at random places, so they may begin and end
 * within a document and run from one into the next: as in DeepSeek-V3, documents are packed and attention is not masked
 * between them (the report, section 4.1).
 */
import { host } from "../host";
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
  return host.hash().update(bytes).digest();
}

/**
 * Opens the corpus. A stream is read when it is first asked for: few lessons need all of it.
 *
 * @throws if it was not built; on reading a stream, if its file is not what the manifest says
 */
export function readCorpus(dir: string = CORPUS_FOLDER): Corpus {
  const manifestFile = host.paths.join(dir, "manifest.json");
  if (host.look(manifestFile) === null) throw new Error(`there is no corpus in ${dir}: npm run corpus builds it`);
  const manifest = JSON.parse(host.readText(manifestFile)) as CorpusManifest;
  const read = (split: Split) => lazily((domain) => readStream(dir, manifest, domain, split));
  return { manifest, train: read("train"), heldOut: read("heldOut") };
}

function readStream(dir: string, manifest: CorpusManifest, domain: Domain, split: Split): Uint16Array {
  const file = streamFile(domain, split);
  const bytes = host.readBytes(host.paths.join(dir, file));
  const entry = manifest.files.find((known) => known.file === file);
  if (entry === undefined || entry.sha256 !== sha256(bytes)) {
    throw new Error(
      `${host.paths.join(dir, file)} is not the file that the manifest names: npm run corpus builds the corpus anew`,
    );
  }
  const tokens = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < tokens.length; i++) tokens[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
  return tokens;
}

function lazily(read: (domain: Domain) => Uint16Array): Streams {
  const streams = {} as Streams;
  for (const domain of DOMAINS) {
    const always = { configurable: true, enumerable: true };
    const get = () => {
      const value = read(domain);
      Object.defineProperty(streams, domain, { ...always, writable: true, value });
      return value;
    };
    Object.defineProperty(streams, domain, { ...always, get });
  }
  return streams;
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
