/**
 * npm run corpus
 *
 * Builds the training text and says what is in it.
 */
import { whole } from "../../lib/notebook/format";
import { CORPUS_FOLDER, SPLITS } from "../../lib/corpus/corpus";
import { buildCorpus } from "../../lib/corpus/build";
import { command, fromCaller, readCall } from "../cli";

const HELP = `usage: npm run corpus [-- --out DIR]

Builds the text that npm run pretrain trains on, from packages that are installed already.

  --out     folder to write; default ${CORPUS_FOLDER}
  --help    print this`;

export const main = command("corpus", HELP, (args) => {
  const { values } = readCall(args, { out: { type: "string" } });
  const out = values.out === undefined ? CORPUS_FOLDER : fromCaller(values.out);
  const { sources, files, hash } = buildCorpus(out);
  for (const { domain, origin, documents, bytes } of sources) {
    const parts = SPLITS.map((split) => `${whole(bytes[split])} bytes in ${whole(documents[split])} documents`);
    console.log(`${domain.padEnd(10)} ${origin}: ${parts[0]}, held out ${parts[1]}`);
  }
  console.log(`${out}: ${whole(files.reduce((sum, { tokens }) => sum + tokens, 0))} tokens, hash ${hash.slice(0, 16)}`);
});
