/**
 * npm run --silent forward -- MODEL_DIR --ids "5,9,2;7,7,1"
 *
 * Prints what a model computes for given tokens, as JSON: {"logits": [batch][token][vocabulary]}. The folder holds
 * a config.json of the DeepSeek-V3 architecture and model.safetensors, or its index.
 */
import * as tf from "@tensorflow/tfjs";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import type { DeepSeekV3 } from "../../lib/model/model";
import { useBackend } from "../../lib/tensor/backend";
import { command, fromCaller, oneOf, print, readCall } from "../cli";

const HELP = `usage: npm run --silent forward -- MODEL_DIR --ids "5,9,2;7,7,1" [options]

  --ids        token ids: commas between tokens, semicolons between sequences of equal length
  --positions  position ids in the same form, or one sequence for all; 0, 1, 2 … if left out
  --router     also print the experts chosen in each layer, sorted, and their weights
  --attention  naive or absorbed: two ways to compute the same (default naive)
  --backend    auto, wasm or cpu (default auto)
  --help       print this`;

const BACKENDS = ["auto", "wasm", "cpu"] as const;
const ATTENTION = ["naive", "absorbed"] as const;

interface Arguments {
  dir: string;
  ids: number[][];
  positions?: number[][];
  router: boolean;
  attention: (typeof ATTENTION)[number];
  backend: (typeof BACKENDS)[number];
}

/** The choices of one layer's router. */
interface RouterChoice {
  layer: number;
  experts: Int32Array; // [B, T, K], ascending
  weights: Float32Array; // [B, T, K]
}

/** @throws if the call is not as HELP says */
function readArguments(args: string[]): Arguments {
  const options = {
    ids: { type: "string" },
    positions: { type: "string" },
    router: { type: "boolean", default: false },
    attention: { type: "string", default: "naive" },
    backend: { type: "string", default: "auto" },
  } as const;
  const { values, positionals } = readCall(args, options, { positionals: true });
  if (positionals.length !== 1) {
    throw new Error(`give one model folder; got ${positionals.length === 0 ? "none" : positionals.join(" and ")}`);
  }
  if (values.ids === undefined) throw new Error('--ids is missing; give token ids such as --ids "5,9,2;7,7,1"');
  return {
    dir: fromCaller(positionals[0]),
    ids: readRows("--ids", values.ids),
    positions: values.positions === undefined ? undefined : readPositions(values.positions),
    router: values.router,
    attention: oneOf("--attention", values.attention, ATTENTION),
    backend: oneOf("--backend", values.backend, BACKENDS),
  };
}

/** "5,9;7,7" → [[5, 9], [7, 7]] */
function readRows(option: string, text: string): number[][] {
  if (text.trim() === "") throw new Error(`${option} is empty; give whole numbers such as "5,9,2;7,7,1"`);
  const rows = text.split(";").map((row) =>
    row.split(",").map((item) => {
      if (!/^\s*-?\d+\s*$/.test(item)) throw new Error(`${option}: "${item.trim()}" is not a whole number`);
      return Number(item);
    }),
  );
  const ragged = rows.find((row) => row.length !== rows[0].length);
  if (ragged !== undefined) {
    throw new Error(
      `${option}: sequences must have equal lengths; one has ${rows[0].length} numbers, another ${ragged.length}`,
    );
  }
  return rows;
}

function readPositions(text: string): number[][] {
  const rows = readRows("--positions", text);
  const most = 2 ** 24; // beyond, float32 no longer tells neighbours apart
  const odd = rows.flat().find((position) => position < 0 || position > most);
  if (odd !== undefined) throw new Error(`--positions: ${odd} is not between 0 and ${most}`);
  return rows;
}

/** @throws if a token would stand where the model has no position */
function checkPositions({ config }: DeepSeekV3, ids: number[][], positions: number[][] | undefined): void {
  const { maxPositionEmbeddings: most } = config;
  const has = `the model has ${most} positions (max_position_embeddings)`;
  if (positions === undefined && ids[0].length > most) throw new Error(`--ids: ${ids[0].length} are too many: ${has}`);
  const odd = positions?.flat().find((position) => position >= most);
  if (odd !== undefined) throw new Error(`--positions: ${odd} is too high: ${has}, 0 to ${most - 1}`);
}

/** The answer as JSON, piece by piece: for a large vocabulary it is longer than a string can be. */
async function* answer(model: DeepSeekV3, { ids, positions, router, attention }: Arguments): AsyncGenerator<string> {
  const seen = new Map<string, tf.Tensor>();
  const observe = (name: string, value: tf.Tensor) => {
    if (/\.router_(indices|gates)$/.test(name)) seen.set(name, tf.keep(value.clone()));
  };
  checkPositions(model, ids, positions);
  const logits = model.forward(ids, { positions, attention, observe: router ? observe : undefined });
  const values = (await logits.data()) as Float32Array;
  const odd = values.find((value) => !Number.isFinite(value));
  if (odd !== undefined)
    throw new Error(`the model computes a logit that is ${odd}, which JSON cannot hold; are its weights finite?`);
  yield '{"logits":';
  yield* arrays(values, logits.shape);
  if (router) {
    const shape = [ids.length, ids[0].length, model.config.numExpertsPerTok];
    let before = ',"router":[';
    for (const { layer, experts, weights } of await choices(seen)) {
      yield `${before}{"layer":${layer},"experts":`;
      yield* arrays(experts, shape);
      yield ',"weights":';
      yield* arrays(weights, shape);
      before = "},";
    }
    yield before === "}," ? "}]" : `${before}]`;
  }
  yield "}\n";
}

/** A flat row-major array as JSON's nested ones. */
function* arrays(values: Float32Array | Int32Array, [length, ...rest]: number[]): Generator<string> {
  if (rest.length === 0) return yield `[${values.join()}]`;
  const step = values.length / length;
  for (let i = 0; i < length; i++) {
    yield i === 0 ? "[" : ",";
    yield* arrays(values.subarray(i * step, (i + 1) * step), rest);
  }
  yield "]";
}

/** What each router chose, from the tensors it was seen with: indices [N, K], gates [N, E]. */
async function choices(seen: Map<string, tf.Tensor>): Promise<RouterChoice[]> {
  const layers = [...seen.keys()].filter((name) => name.endsWith("indices")).map((name) => Number(/\d+/.exec(name)));
  return Promise.all(
    layers.map(async (layer) => {
      const [indices, gates] = ["indices", "gates"].map((kind) => seen.get(`layer${layer}.router_${kind}`)!);
      const experts = (await indices.data()) as Int32Array;
      const dense = await gates.data();
      const [K, E] = [indices.shape[1]!, gates.shape[1]!];
      const weights = Float32Array.from(experts, (expert, i) => dense[Math.floor(i / K) * E + expert]);
      return { layer, experts, weights };
    }),
  );
}

export const main = command("forward", HELP, async (call) => {
  const args = readArguments(call);
  await useBackend(args.backend, { readsLater: true });
  for await (const piece of answer(loadModel(args.dir), args)) await print(piece);
});
