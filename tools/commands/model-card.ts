/**
 * npm run model-card -- [DIR]
 *
 * Measures a trained model on held-out text and writes what it found into its folder: evaluation.json, and README.md, the
 * model card. The folder has the model, or holds it in model/ as npm run pretrain leaves it; what the records of its
 * training (curves.json, run.json) would tell is left out where they are missing.
 */
import { existsSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readConfig } from "../../lib/checkpoint/config-json";
import { readJson, readJsonIfThere } from "../../lib/checkpoint/json-file";
import { writeJson } from "../../lib/checkpoint/json-write";
import { useBackend } from "../../lib/tensor/backend";
import { openCorpus } from "../../lib/corpus/build";
import { recordedRun, type Curves, type RunRecord } from "../../lib/training/record";
import { command, fromCaller, readCall, toCaller } from "../cli";
import { cardText, type CardContent } from "./model-card/text";
import { measure } from "./model-card/measure";

const USAGE =
  "usage: npm run model-card -- [DIR]   DIR is a model's folder, or a run's of npm run pretrain; " +
  "default data/checkpoints/v3-mini";

export const main = command("model-card", USAGE, async (args) => {
  const { positionals } = readCall(args, {}, { positionals: true });
  if (positionals.length > 1) throw new Error(USAGE);
  const given = positionals.length === 0 ? join("data", "checkpoints", "v3-mini") : fromCaller(positionals[0]);
  const { dir, model } = findModel(given);
  const read = (file: string) => readJsonIfThere(join(dir, file)) as unknown;
  const [run, curves] = [read("run.json") as RunRecord | null, read("curves.json") as Curves | null];
  for (const [file, found] of Object.entries({ "run.json": run, "curves.json": curves })) {
    if (found === null) console.log(`without ${toCaller(join(dir, file))}, which is not there: the card says less`);
  }
  const backend = await useBackend();
  const corpus = openCorpus();
  const evaluation = await measure(model, corpus, (text) => console.log(`${text} (${backend.name})`));
  writeJson(join(dir, "evaluation.json"), evaluation);
  const agreements = ["transformers.json", "transformers-bf16.json"].map(read).filter((found) => found !== null);
  const content: CardContent = {
    name: nameOf(dir),
    config: readConfig(readJson(join(model, "config.json"))),
    run,
    curves,
    corpus: corpus.manifest,
    evaluation,
    quantised: read("quantised.json") as CardContent["quantised"],
    agreements: agreements as CardContent["agreements"],
    other: recordedRun("bias"),
  };
  writeFileSync(join(dir, "README.md"), cardText(content));
  console.log(`wrote ${join(dir, "evaluation.json")} and ${join(dir, "README.md")}`);
});

/**
 * The model of a folder, and the folder of its records: the same, or the one that npm run pretrain has put it into.
 *
 * @throws {Error} if there is no model
 */
export function findModel(given: string): { dir: string; model: string } {
  const has = (dir: string, file: string) => existsSync(join(dir, file));
  if (has(given, "config.json")) {
    const run = dirname(resolve(given));
    const isPart = basename(resolve(given)) === "model" && !has(given, "run.json") && has(run, "run.json");
    return { dir: isPart ? run : given, model: given };
  }
  const model = join(given, "model");
  if (has(model, "config.json")) return { dir: given, model };
  const unfinished = has(given, "run.json") ? "; its training is not finished" : "";
  throw new Error(`${toCaller(given) || "."} holds no model (config.json, here or in model/)${unfinished}`);
}

/** What the card calls the model: its folder's name. */
export function nameOf(dir: string): string {
  const [name, above] = [basename(resolve(dir)), basename(dirname(resolve(dir)))];
  return name === "model" && above !== "" ? above : name;
}
