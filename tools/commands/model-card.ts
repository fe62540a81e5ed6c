/**
 * npm run model-card -- [DIR]
 *
 * Measures a trained model on held-out text and writes what it found into its folder: evaluation.json, and README.md, the
 * model card. The folder has the model, and curves.json and run.json of its training.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, writeJson } from "../../lib/checkpoint/json-file";
import { useBackend } from "../../lib/tensor/backend";
import { openCorpus } from "../../lib/corpus/build";
import { recordedRun, type RecordedRun } from "../../lib/training/record";
import { command, fromCaller, readCall } from "../cli";
import { cardText, type CardContent } from "./model-card/text";
import { measure } from "./model-card/measure";

const USAGE = "usage: npm run model-card -- [DIR]   DIR is a model's folder; default data/checkpoints/v3-mini";

export const main = command("model-card", USAGE, async (args) => {
  const { positionals } = readCall(args, {}, { positionals: true });
  if (positionals.length > 1) throw new Error(USAGE);
  const dir = positionals.length === 0 ? join("data", "checkpoints", "v3-mini") : fromCaller(positionals[0]);
  for (const file of ["config.json", "curves.json", "run.json"]) {
    if (!existsSync(join(dir, file))) throw new Error(`${join(dir, file)}: there is no such file`);
  }
  const backend = await useBackend();
  const corpus = openCorpus();
  const evaluation = await measure(dir, corpus, (text) => console.log(`${text} (${backend.name})`));
  writeJson(join(dir, "evaluation.json"), evaluation);
  const run = { run: readJson(join(dir, "run.json")), ...readJson(join(dir, "curves.json")) } as unknown as RecordedRun;
  const record = (file: string) => (existsSync(join(dir, file)) ? readJson(join(dir, file)) : null);
  const content = {
    run,
    corpus: corpus.manifest,
    evaluation,
    quantised: record("quantised.json") as unknown as CardContent["quantised"],
    agreements: ["transformers.json", "transformers-bf16.json"].map(record).filter((found) => found !== null),
    other: recordedRun("bias"),
  };
  writeFileSync(join(dir, "README.md"), cardText(content));
  console.log(`wrote ${join(dir, "evaluation.json")} and ${join(dir, "README.md")}`);
});
