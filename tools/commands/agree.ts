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
import { BOUND, compareLogits, computeOurs } from "./agree/compare";

const USAGE = "usage: npm run agree -- [DIR]   DIR is a model's folder; default data/checkpoints/v3-mini";
const WINDOWS = 2; // of each domain

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
  const { logits, undecided } = computeOurs(model, ids);
  if (shape.join() !== logits.shape.join()) throw new Error(`logits [${logits.shape}] here, [${shape}] there`);
  const found = compareLogits((await logits.data()) as Float32Array, theirs, logits.shape, undecided);
  logits.dispose();
  model.dispose();
  const tokens = undecided.length;
  writeJson(path.join(folder, "transformers.json"), { ...versions, tokens, ...found, bound: BOUND });
  const agrees = found.largestDifference <= BOUND;
  console.log(
    `transformers ${versions.transformers} ${agrees ? "agrees" : "DOES NOT AGREE"}: largest difference ` +
      `${found.largestDifference.toExponential(2)} over ${tokens} tokens` +
      (found.passedOver === 0 ? "" : `, ${found.passedOver} of them passed over, where rounding chooses the experts`),
  );
  if (!agrees) process.exitCode = 1;
});
