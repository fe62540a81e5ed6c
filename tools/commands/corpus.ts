/**
 * npm run corpus
 *
 * Builds the training text and says what is in it. Every mistake is one line on stderr, and exit code 1.
 */
import { parseArgs } from "node:util";
import { whole } from "../../lib/notebook/format";
import { CORPUS_FOLDER, SPLITS } from "../../lib/corpus/corpus";
import { buildCorpus } from "../../lib/corpus/build";

const HELP = `usage: npm run corpus [-- --out DIR]

Builds the text that npm run pretrain trains on, from packages that are installed already.

  --out     folder to write; default ${CORPUS_FOLDER}
  --help    print this`;

function main(): void {
  const { values } = parseArgs({ options: { out: { type: "string" }, help: { type: "boolean", default: false } } });
  if (values.help) return console.log(HELP);
  const out = values.out ?? CORPUS_FOLDER;
  const { sources, files, hash } = buildCorpus(out);
  for (const { domain, origin, documents, bytes } of sources) {
    const parts = SPLITS.map((split) => `${whole(bytes[split])} bytes in ${whole(documents[split])} documents`);
    console.log(`${domain.padEnd(10)} ${origin}: ${parts[0]}, held out ${parts[1]}`);
  }
  console.log(`${out}: ${whole(files.reduce((sum, { tokens }) => sum + tokens, 0))} tokens, hash ${hash.slice(0, 16)}`);
}

try {
  main();
} catch (error) {
  console.error(`corpus: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  process.exitCode = 1;
}
