/**
 * npm run --silent generate -- --model data/checkpoints/v3-mini --prompt "It was a" --tokens 200 --temperature 0
 *
 * Writes on after a prompt, to stdout as it comes; ends with speed and acceptance on stderr.
 */
import { decode, type DecodeOptions, type DecodeStats } from "../../lib/inference/decode";
import { decodeSpeculatively } from "../../lib/inference/speculative";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import { useBackend } from "../../lib/tensor/backend";
import { BEGIN_OF_DOCUMENT, bytesOf, VOCAB_SIZE } from "../../lib/corpus/bytes";
import { command, fromCaller, oneOf, print, readCall, readNumber, toCaller } from "../cli";
import { loadParts } from "./generate/parts";

const HELP = `usage: npm run --silent generate -- --model DIR --prompt TEXT [options]

Writes on after a prompt, with a model whose tokens are bytes, as npm run pretrain makes them.

  --model        folder of the model, such as data/checkpoints/v3-mini
  --prompt       the text to go on from; empty for the begin of a document
  --tokens       how many tokens to write at most (default 200)
  --temperature  0 takes the most likely token, 1 draws as the model predicts (default 0.8)
  --top-k        draws from the K most likely tokens only
  --top-p        draws from the most likely tokens that have probability P together
  --seed         where the random numbers start (default 1)
  --speculative  the multi-token prediction module drafts, the main model verifies
  --parts        a module with parts of a model, as lesson 09 saves it: they stand in the place of lib's own
  --engine       auto, wasm or tensor: two ways to compute the same (default auto)
  --backend      auto, webgpu, wasm or cpu (default auto)
  --help         prints this`;

const BACKENDS = ["auto", "webgpu", "wasm", "cpu"] as const;
const ENGINES = ["auto", "wasm", "tensor"] as const;

interface Arguments {
  dir: string;
  prompt: string;
  speculative: boolean;
  parts: string | null;
  backend: (typeof BACKENDS)[number];
  options: DecodeOptions;
}

/** @throws if the call is not as HELP says */
function readArguments(args: string[]): Arguments {
  const text = { type: "string" } as const;
  const { values } = readCall(args, {
    model: text,
    prompt: text,
    tokens: text,
    temperature: text,
    "top-k": text,
    "top-p": text,
    seed: text,
    parts: text,
    engine: { ...text, default: "auto" },
    backend: { ...text, default: "auto" },
    speculative: { type: "boolean", default: false },
  });
  if (values.model === undefined) throw new Error("--model is missing; give the folder of a model");
  if (values.prompt === undefined) throw new Error('--prompt is missing; give a text such as --prompt "It was a"');
  const numbers = {
    tokens: readNumber("--tokens", values.tokens) ?? 200,
    temperature: readNumber("--temperature", values.temperature) ?? 0.8,
    topK: readNumber("--top-k", values["top-k"]),
    topP: readNumber("--top-p", values["top-p"]),
    seed: readNumber("--seed", values.seed) ?? 1,
  };
  return {
    dir: fromCaller(values.model),
    prompt: values.prompt,
    speculative: values.speculative,
    parts: values.parts === undefined ? null : fromCaller(values.parts),
    backend: oneOf("--backend", values.backend, BACKENDS),
    options: { ...numbers, engine: oneOf("--engine", values.engine, ENGINES), stop: BEGIN_OF_DOCUMENT },
  };
}

function report({ tokens, seconds, drafted, accepted, steps }: DecodeStats): string {
  const speed = `${tokens} tokens, ${seconds > 0 ? Math.round(tokens / seconds) : 0} tokens/s`;
  if (drafted === 0) return speed;
  const share = Math.round((100 * accepted) / drafted);
  const perStep = (tokens / steps).toFixed(2);
  return `${speed}; ${accepted} of ${drafted} drafts accepted (${share}%), ${perStep} tokens a step`;
}

/** Where functions of the reader's own compute, what they throw is theirs. */
function inParts(error: unknown, file: string): Error {
  return new Error(`${file}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
}

/** Ctrl-C ends the writing in order; a second one ends the process at once, as ever. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  return controller.signal;
}

export const main = command("generate", HELP, async (call) => {
  const args = readArguments(call);
  const signal = untilInterrupted();
  await useBackend(args.backend, { readsLater: true });
  const parts = args.parts === null ? undefined : loadParts(args.parts, toCaller(args.parts));
  const model = loadModel(args.dir);
  if (model.config.vocabSize !== VOCAB_SIZE) {
    throw new Error(
      `${args.dir}: its vocabulary has ${model.config.vocabSize} tokens; ` +
        `this command writes text with models whose tokens are bytes, which have ${VOCAB_SIZE}`,
    );
  }
  const prompt = [BEGIN_OF_DOCUMENT, ...bytesOf(args.prompt)];
  const begin = args.speculative ? decodeSpeculatively : decode;
  const writing = begin(model, prompt, { ...args.options, signal, parts });
  // A character can be several bytes: the decoder waits for the last of them.
  const decoder = new TextDecoder();
  try {
    for await (const { id } of writing) {
      const text = id < BEGIN_OF_DOCUMENT ? decoder.decode(Uint8Array.of(id), { stream: true }) : "";
      if (text !== "") await print(text);
    }
  } catch (error) {
    if (!signal.aborted) throw parts === undefined ? error : inParts(error, toCaller(args.parts!));
    process.exitCode = 130; // as a shell says of Ctrl-C
  }
  await print(`${decoder.decode()}\n`);
  console.error(report(writing.stats));
});
