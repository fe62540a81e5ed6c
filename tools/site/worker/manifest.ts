/** The files that a lesson in a tab can read: what bundleWorker wrote of them, and where (lib/host/browser.ts reads it). */
export interface SiteManifest {
  /** Small files, together in one: facts, masters, the sources that showSource shows. Path → place in the pack. */
  pack: { url: string; bytes: number; files: Record<string, [begin: number, length: number]> };
  /** Large files, each loaded when it is first read. */
  files: Record<string, LargeFile>;
  /** Files that are there and that nothing reads: links lead to them. */
  others: string[];
  /** Types for the compiler: a gzipped JSON object, path → text. */
  types: { url: string; bytes: number };
  /** How the notebooks begin (as-built.ts). */
  asBuilt: string[];
}

/** A file in gzipped pieces, so that one can say how far its loading is. */
export interface LargeFile {
  size: number;
  sha256: string;
  pieces: { url: string; bytes: number }[];
}
