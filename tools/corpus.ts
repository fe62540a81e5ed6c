/**
 * npm run corpus
 *
 * Builds the training text from the installed packages: a stream of tokens for each domain and split, and a manifest of
 * what is in them. No text of others is kept in the project itself. Every mistake is one line on stderr, and exit code 1.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { whole } from "../lib/notebook/format";
import { BEGIN_OF_DOCUMENT } from "../lib/training/bytes";
import { CORPUS_FOLDER, DOMAINS, sha256, SPLITS, streamFile, type CorpusManifest } from "../lib/training/corpus";
import { sources, type Document, type Source } from "./corpus/sources";

const HELP = `usage: npm run corpus [-- --out DIR]

Builds the text that npm run pretrain trains on, from packages that are installed already.

  --out     folder to write; default ${CORPUS_FOLDER}
  --help    print this`;

function byteLength({ text }: Document): number {
  return Buffer.byteLength(text);
}

/** The documents as one stream of 16-bit ids, each behind its mark. */
function stream(documents: Document[]): Buffer {
  const out = Buffer.alloc(documents.reduce((sum, document) => sum + 2 * (1 + byteLength(document)), 0));
  let at = 0;
  for (const { text } of documents) {
    at = out.writeUInt16LE(BEGIN_OF_DOCUMENT, at);
    for (const byte of Buffer.from(text)) at = out.writeUInt16LE(byte, at);
  }
  return out;
}

function entryOf({ documents, ...source }: Source): CorpusManifest["sources"][number] {
  const count = (measure: (document: Document) => number) => ({
    train: documents.filter(({ split }) => split === "train").reduce((sum, document) => sum + measure(document), 0),
    heldOut: documents.filter(({ split }) => split === "heldOut").reduce((sum, document) => sum + measure(document), 0),
  });
  return { ...source, documents: count(() => 1), bytes: count(byteLength) };
}

function main(): void {
  const { values } = parseArgs({ options: { out: { type: "string" }, help: { type: "boolean", default: false } } });
  if (values.help) return console.log(HELP);
  const out = values.out ?? CORPUS_FOLDER;
  const all = sources(process.cwd());
  const entries = all.map(entryOf);
  for (const { domain, origin, documents, bytes } of entries) {
    const parts = SPLITS.map((split) => `${whole(bytes[split])} bytes in ${whole(documents[split])} documents`);
    console.log(`${domain.padEnd(10)} ${origin}: ${parts[0]}, held out ${parts[1]}`);
  }

  const aside = `${out}.partial`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  const files = DOMAINS.flatMap((domain) =>
    SPLITS.map((split) => {
      const documents = all.filter((source) => source.domain === domain).flatMap((source) => source.documents);
      const tokens = stream(documents.filter((document) => document.split === split));
      const file = streamFile(domain, split);
      writeFileSync(path.join(aside, file), tokens);
      return { file, domain, split, tokens: tokens.length / 2, sha256: sha256(tokens) };
    }),
  );
  const manifest: CorpusManifest = { hash: sha256(files.map((file) => file.sha256).join()), sources: entries, files };
  writeFileSync(path.join(aside, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  rmSync(out, { recursive: true, force: true });
  renameSync(aside, out);
  console.log(`${out}: ${whole(files.reduce((sum, { tokens }) => sum + tokens, 0))} tokens, hash ${manifest.hash.slice(0, 16)}`);
}

try {
  main();
} catch (error) {
  console.error(`corpus: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  process.exitCode = 1;
}
