/**
 * Decoding from the latent cache: time for a token of the v3-mini shape by how much stands before it, absorbed and
 * expanded again; and 256 tokens written from the cache against computing the whole text again for each.
 */
import * as tf from "@tensorflow/tfjs";
import { attentionFlops, attentionShape } from "../../lib/economics/flops";
import { openEngine } from "../../lib/inference/choose-engine";
import { LatentCache } from "../../lib/model/latent-cache";
import { createModel, type DeepSeekV3 } from "../../lib/model/model";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { MINI } from "../../lib/training/presets";
import { medianTime, milliseconds, ratio, type Row, type Section } from "./section";

const CONTEXTS = [256, 512, 1024, 2048];
const WRITTEN = 256;

/** A cache with a random past in every layer. */
function filled({ config }: DeepSeekV3, context: number): LatentCache {
  const random = new Random(context);
  const cache = new LatentCache();
  tf.tidy(() => {
    for (let layer = 0; layer < config.numHiddenLayers; layer++) {
      const made = (width: number) => random.normalTensor([1, context, width]) as tf.Tensor3D;
      cache.append(layer, made(config.kvLoraRank), made(config.qkRopeHeadDim));
    }
  });
  return cache;
}

/** Milliseconds of a token behind so many. */
async function tokenTime(model: DeepSeekV3, context: number, attention: "naive" | "absorbed"): Promise<number> {
  const cache = filled(model, context);
  const time = await medianTime(() => tf.tidy(() => void model.forward([[1]], { cache, attention }).dataSync()), {
    runs: 9,
    warmUp: 2,
  });
  cache.dispose();
  return time;
}

/** Milliseconds for all tokens, from the cache and without: the latter from every 32nd length. */
async function writing(model: DeepSeekV3): Promise<{ cached: number; recomputed: number }> {
  const ids = Array.from({ length: WRITTEN }, (_, t) => (t * 7) % 256);
  const once = async () => {
    const engine = openEngine(model, {}); // what decoding takes by default
    for (const id of ids) await engine.feed([id]);
    engine.dispose();
  };
  const cached = await medianTime(once, { runs: 3, warmUp: 1 });
  let recomputed = 0;
  for (let length = 16; length < WRITTEN; length += 32) {
    const whole = () => tf.tidy(() => void model.forward([ids.slice(0, length)]).dataSync());
    recomputed += 32 * (await medianTime(whole, { runs: 3, warmUp: 1 }));
  }
  return { cached, recomputed };
}

export const latent: Section = {
  name: "latent",
  title: "Decoding a token of the v3-mini shape from the latent cache",
  async run({ say }) {
    await useBackend("wasm");
    const config = { ...MINI.config, maxPositionEmbeddings: 4096 };
    const model = createModel(config, 1);
    const rows: Row[] = [];
    const absorbed: number[] = [];
    for (const context of CONTEXTS) {
      say(`${context} tokens before it`);
      absorbed.push(await tokenTime(model, context, "absorbed"));
      const naive = await tokenTime(model, context, "naive");
      rows.push(
        { what: `${context} tokens before it, absorbed`, value: milliseconds(absorbed[absorbed.length - 1]) },
        {
          what: `${context} tokens before it, expanded again costs`,
          value: ratio(naive / absorbed[absorbed.length - 1]),
        },
      );
    }
    const work = (context: number) => attentionFlops(attentionShape(config), context);
    rows.push(
      {
        what: `from ${CONTEXTS[0]} to ${CONTEXTS[3]} tokens the absorbed time grows`,
        value: ratio(absorbed[3] / absorbed[0]),
      },
      { what: "the attention part grows", value: ratio(work(CONTEXTS[3]) / work(CONTEXTS[0])) },
    );
    say(`${WRITTEN} tokens`);
    const { cached, recomputed } = await writing(model);
    rows.push({ what: `${WRITTEN} tokens without a cache cost, of with it`, value: ratio(recomputed / cached) });
    model.dispose();
    return rows;
  },
};
