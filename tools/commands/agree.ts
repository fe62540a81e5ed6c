/**
 * npm run agree -- [DIR]
 *
 * Does transformers (DeepseekV3ForCausalLM) compute what this library computes from the same folder? Both read it, both
 * compute the logits of held-out text in float32, and the largest difference goes into the folder's transformers.json. The
 * Python environment is the benchmarks' own; it is made when it is missing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import { writeJson } from "../../lib/checkpoint/json-write";
import { useBackend } from "../../lib/tensor/backend";
import { DOMAINS } from "../../lib/corpus/corpus";
import { openCorpus } from "../../lib/corpus/build";
import { evaluationWindows } from "../../lib/training/evaluate";
import { PYTHON, prepareTorch } from "../bench/torch";
import { command, fromCaller, readCall } from "../cli";
import { outputOf } from "../python";

const USAGE = "usage: npm run agree -- [DIR]   DIR is a model's folder; default data/checkpoints/v3-mini";
const WINDOWS = 2; // of each domain
const BOUND = 1e-3;

interface Theirs {
  torch: string;
  transformers: string;
  shape: number[];
  logits: Float32Array;
}

async function theirLogits(folder: string, ids: number[][]): Promise<Theirs> {
  const aside = mkdtempSync(path.join(tmpdir(), "agree-"));
  try {
    const [request, answer] = ["request.json", "logits.bin"].map((name) => path.join(aside, name));
    writeFileSync(request, JSON.stringify({ folder: path.resolve(folder), ids }));
    const printed = await outputOf([path.join(__dirname, "agree", "logits.py"), request, answer], { python: PYTHON });
    const bytes = readFileSync(answer);
    const logits = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return { ...(JSON.parse(printed.trim().split("\n").pop()!) as Omit<Theirs, "logits">), logits };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

export const main = command("agree", USAGE, async (args) => {
  const { positionals } = readCall(args, {}, { positionals: true });
  if (positionals.length > 1) throw new Error(USAGE);
  const folder = positionals.length === 0 ? path.join("data", "checkpoints", "v3-mini") : fromCaller(positionals[0]);
  await prepareTorch((text) => console.log(text));
  await useBackend("wasm");
  const windows = evaluationWindows(openCorpus().heldOut, { length: 254, count: WINDOWS, seed: 1 });
  const ids = DOMAINS.flatMap((domain) => windows[domain]);
  const { logits: theirs, shape, ...versions } = await theirLogits(folder, ids);
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
  writeJson(path.join(folder, "transformers.json"), {
    ...versions,
    tokens,
    largestDifference,
    largestLogit,
    bound: BOUND,
  });
  const verdict = largestDifference <= BOUND ? "agrees" : "DOES NOT AGREE";
  console.log(
    `transformers ${versions.transformers} ${verdict}: largest difference ${largestDifference.toExponential(2)} over ${tokens} tokens`,
  );
  if (!(largestDifference <= BOUND)) process.exitCode = 1;
});
