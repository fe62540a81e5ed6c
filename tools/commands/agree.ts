/**
 * npm run agree -- [DIR]
 *
 * Does transformers (DeepseekV3ForCausalLM) compute what this library computes from the same folder? Both read it, both
 * compute the logits of held-out text in float32, and the largest difference goes into the folder's transformers.json. The
 * Python environment is the benchmarks' own; it is made when it is missing.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadModel } from "../../lib/model/model";
import { writeJson } from "../../lib/checkpoint/safetensors-write";
import { useBackend } from "../../lib/tensor/backend";
import { DOMAINS } from "../../lib/corpus/corpus";
import { openCorpus } from "../../lib/corpus/build";
import { evaluationWindows } from "../../lib/training/evaluate";
import { PYTHON, prepareTorch } from "../bench/torch";

const USAGE = "usage: npm run agree -- [DIR]   DIR is a model's folder; default data/checkpoints/v3-mini";
const WINDOWS = 2; // of each domain
const BOUND = 1e-3;

interface Theirs {
  torch: string;
  transformers: string;
  shape: number[];
  logits: Float32Array;
}

function theirLogits(folder: string, ids: number[][]): Theirs {
  const aside = mkdtempSync(path.join(tmpdir(), "agree-"));
  try {
    const file = path.join(aside, "logits.bin");
    const { status, stdout, stderr } = spawnSync(PYTHON, [path.join(__dirname, "agree", "logits.py"), file], {
      input: JSON.stringify({ folder: path.resolve(folder), ids }),
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`transformers failed: ${stderr.trim().split("\n").pop()}`);
    const bytes = readFileSync(file);
    const logits = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return { ...(JSON.parse(stdout.trim().split("\n").pop()!) as Omit<Theirs, "logits">), logits };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function main(args: string[]): Promise<void> {
  if (args.includes("--help")) return console.log(USAGE);
  if (args.length > 1) throw new Error(USAGE);
  const folder = args[0] ?? path.join("data", "checkpoints", "v3-mini");
  prepareTorch((text) => console.log(text));
  await useBackend("wasm");
  const windows = evaluationWindows(openCorpus().heldOut, { length: 254, count: WINDOWS, seed: 1 });
  const ids = DOMAINS.flatMap((domain) => windows[domain]);
  const { logits: theirs, shape, ...versions } = theirLogits(folder, ids);
  const model = loadModel(folder);
  const result = model.forward(ids);
  const ours = await result.data();
  if (shape.join() !== result.shape.join()) throw new Error(`logits [${result.shape}] here, [${shape}] there`);
  let [largestDifference, largestLogit] = [0, 0];
  ours.forEach((value, i) => {
    largestDifference = Math.max(largestDifference, Math.abs(value - theirs[i]));
    largestLogit = Math.max(largestLogit, Math.abs(value));
  });
  result.dispose();
  model.dispose();
  const tokens = ids.length * ids[0].length;
  writeJson(path.join(folder, "transformers.json"), { ...versions, tokens, largestDifference, largestLogit, bound: BOUND });
  const verdict = largestDifference <= BOUND ? "agrees" : "DOES NOT AGREE";
  console.log(`transformers ${versions.transformers} ${verdict}: largest difference ${largestDifference.toExponential(2)} over ${tokens} tokens`);
  if (!(largestDifference <= BOUND)) process.exitCode = 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`agree: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
