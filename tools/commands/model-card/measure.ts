/** What the card says of a model, measured on held-out text. */
import { draftAcceptance } from "../../../lib/inference/acceptance";
import { decode } from "../../../lib/inference/decode";
import { loadModel } from "../../../lib/checkpoint/checkpoint";
import type { DeepSeekV3 } from "../../../lib/model/model";
import { BEGIN_OF_DOCUMENT, bytesOf, textOf } from "../../../lib/corpus/bytes";
import { maxVio } from "../../../lib/training/balance";
import { DOMAINS, type Corpus, type Domain } from "../../../lib/corpus/corpus";
import { evaluate, evaluationWindows } from "../../../lib/training/evaluate";
import { ByteStatistics } from "./ngram";
import { routersOf } from "../../../lib/training/objective";
import { mutualInformation } from "../../../lib/training/specialisation";

const LENGTH = 256; // of a window, where the model has as many positions
const WINDOWS = 64; // of each domain
const BATCH = 8;
const ORDERS = [0, 1, 2, 3, 4, 5];
const SAMPLE = { tokens: 180, temperature: 0.7, seed: 1 };

export const PROMPTS: Record<Domain, string> = {
  novel: "It was a dark morning when Captain Ahab",
  speeches: "My fellow citizens, the state of our Union",
  code: "export function mean(values: number[]): number {\n",
  arithmetic: "12 + 30 = 42\n",
};

export interface DomainMeasures {
  bitsPerByte: number;
  mtpBitsPerByte: number | null;
  /** Of byte statistics of the training text of all domains, by order. */
  statistics: number[];
  acceptance: { greedy: number; sampled: number } | null;
  prompt: string;
  sample: string;
}

export interface CardEvaluation {
  windows: number;
  length: number;
  domains: Record<Domain, DomainMeasures>;
  routers: {
    name: string;
    /** Over the held-out text of all domains, each with the same weight. */
    maxVio: number;
    /** Bits of I(domain; expert), of log2 of the number of domains. */
    mutualInformation: number;
  }[];
}

/** Measures the model of a folder. */
export async function measure(dir: string, corpus: Corpus, say: (text: string) => void): Promise<CardEvaluation> {
  const model = loadModel(dir);
  try {
    const length = Math.min(LENGTH, model.config.maxPositionEmbeddings);
    const windows = evaluationWindows(corpus.heldOut, { length, count: WINDOWS, seed: 1 });
    say("loss and loads on held-out text");
    const evaluation = await evaluate(model, windows, { batch: BATCH });
    const statistics = byteStatistics(corpus, windows, say);
    const domains: [Domain, DomainMeasures][] = [];
    for (const domain of DOMAINS) {
      say(`drafts and a sample: ${domain}`);
      const { bitsPerByte, mtpBitsPerByte } = evaluation[domain];
      domains.push([
        domain,
        {
          bitsPerByte,
          mtpBitsPerByte,
          statistics: statistics[domain],
          acceptance:
            model.weights.mtp.length === 0 ? null : await draftAcceptance(model, windows[domain], { batch: BATCH }),
          prompt: PROMPTS[domain],
          sample: await sampleOf(model, PROMPTS[domain]),
        },
      ]);
    }
    const routers = routersOf(model.weights).map(({ name }, row) => {
      const loads = DOMAINS.map((domain) => evaluation[domain].loads[row]);
      const all = loads[0].map((_, expert) => loads.reduce((sum, load) => sum + load[expert], 0));
      return { name, maxVio: maxVio(all), mutualInformation: mutualInformation(loads) };
    });
    return {
      windows: WINDOWS,
      length,
      domains: Object.fromEntries(domains) as CardEvaluation["domains"],
      routers,
    };
  } finally {
    model.dispose();
  }
}

/** Bits per byte of order 0, 1, … by domain, counted on the whole training text. */
function byteStatistics(corpus: Corpus, windows: Record<Domain, number[][]>, say: (text: string) => void) {
  const text = Uint16Array.from(DOMAINS.flatMap((domain) => Array.from(corpus.train[domain])));
  const bits = Object.fromEntries(DOMAINS.map((domain) => [domain, [] as number[]])) as Record<Domain, number[]>;
  for (const order of ORDERS) {
    say(`byte statistics of order ${order}`);
    const statistics = new ByteStatistics(text, order);
    for (const domain of DOMAINS) {
      bits[domain].push(statistics.bitsPerByte(windows[domain].map((window) => window.slice(0, -1))));
    }
  }
  return bits;
}

async function sampleOf(model: DeepSeekV3, prompt: string): Promise<string> {
  const ids: number[] = [];
  for await (const { id } of decode(model, [BEGIN_OF_DOCUMENT, ...bytesOf(prompt)], SAMPLE)) ids.push(id);
  return textOf(ids);
}
