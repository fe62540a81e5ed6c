/**
 * npm run quantise -- FROM TO
 *
 * Saves a model as DeepSeek releases theirs: linear maps in FP8 with a scale for each block of 128 × 128, the rest BF16.
 * Prints how large both are and, of the corpus's held-out text, how well both predict it.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadModel, saveCheckpoint } from "../../lib/checkpoint/checkpoint";
import { writeJson } from "../../lib/checkpoint/json-write";
import { samePlace } from "../../lib/checkpoint/same-place";
import { useBackend } from "../../lib/tensor/backend";
import { DOMAINS } from "../../lib/corpus/corpus";
import { openCorpus } from "../../lib/corpus/build";
import { evaluate, evaluationWindows, type EvaluationWindows } from "../../lib/training/evaluate";
import { command, fromCaller, oneOf, readCall, readNumber } from "../cli";

const HELP = `npm run quantise -- FROM TO [options]

Saves the model of the folder FROM in the folder TO with its linear maps in FP8, as released. What the comparison on
held-out text finds goes to quantised.json in TO as well.

  --windows N   held-out windows of each domain to compare both on (64); 0 compares nothing
  --backend B   auto, wasm or cpu (auto)
  --help        prints this`;

const SHARD_BYTES = 12.5e6; // so that the files can be kept in a repository

export const main = command("quantise", HELP, async (args) => {
  const options = {
    windows: { type: "string", default: "64" },
    backend: { type: "string", default: "auto" },
  } as const;
  const { values, positionals } = readCall(args, options, { positionals: true });
  if (positionals.length !== 2) throw new Error("give the model's folder and the one to write, as --help says");
  const [from, to] = positionals.map(fromCaller);
  if (samePlace(from, to)) throw new Error(`FROM and TO are the same folder, ${from}: the model would be lost`);
  const count = readNumber("--windows", values.windows, { whole: true, least: 0 });
  await useBackend(oneOf("--backend", values.backend, ["auto", "wasm", "cpu"] as const));

  const model = loadModel(from);
  await saveCheckpoint(to, model.config, model.weights, { dtype: "F8_E4M3", maxShardBytes: SHARD_BYTES });
  const bytes = [from, to].map(bytesOfModel);
  console.log(
    `${megabytes(bytes[0])} before, ${megabytes(bytes[1])} in FP8: ${(bytes[1] / bytes[0]).toFixed(3)} of it`,
  );
  if (count > 0) {
    const windows = evaluationWindows(openCorpus().heldOut, { length: 256, count, seed: 1 });
    const before = await bitsPerByte(from, windows);
    const after = await bitsPerByte(to, windows);
    for (const domain of [...DOMAINS, "mean"] as const) {
      const change = (after[domain] / before[domain] - 1) * 100;
      const figures = `${before[domain].toFixed(5)} bits per byte, in FP8 ${after[domain].toFixed(5)}`;
      console.log(`${domain.padEnd(10)} ${figures}: ${change >= 0 ? "+" : ""}${change.toFixed(3)}%`);
    }
    writeJson(join(to, "quantised.json"), {
      windows: count,
      bytes: { before: bytes[0], after: bytes[1] },
      before,
      after,
    });
  }
  model.dispose();
});

function bytesOfModel(dir: string): number {
  const files = existsSync(dir) ? readdirSync(dir).filter((file) => /^model.*\.safetensors$/.test(file)) : [];
  return files.reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

async function bitsPerByte(dir: string, windows: EvaluationWindows): Promise<Record<string, number>> {
  const model = loadModel(dir);
  const evaluation = await evaluate(model, windows, { batch: 8 });
  model.dispose();
  const byDomain = DOMAINS.map((domain) => [domain, evaluation[domain].bitsPerByte] as const);
  const mean = byDomain.reduce((sum, [, bits]) => sum + bits, 0) / byDomain.length;
  return { ...Object.fromEntries(byDomain), mean };
}
