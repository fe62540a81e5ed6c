/** The parts that a model is made of, and whose each of them is: for somebody who builds one. */
import type { ModelConfig } from "../model/config";
import type { Drawing } from "../notebook/drawing/drawing";
import { arrow, bottom, box, frame, label, right, top, type Box } from "../notebook/drawing/shapes";
import { whole } from "./numbers";

/** The parts that can be drawn as somebody's own, with how the drawing calls them. */
const NAMES = {
  rmsNorm: "RMSNorm",
  rotate: "rotary positions",
  remember: "latent cache",
  naive: "attention, expanded",
  absorbed: "attention, absorbed",
  route: "router",
  experts: "routed experts",
  block: "block",
  mtp: "prediction module",
  distribution: "probabilities",
} as const;

/**
 * A token's way through the model, part by part.
 *
 * @param own the names of the parts that are the reader's own
 */
export function modelPartsDrawing(config: ModelConfig, own: readonly string[]): Drawing {
  const { numHiddenLayers: L, hiddenSize: D, kvLoraRank: C, qkRopeHeadDim: R, numExpertsPerTok: K } = config;
  const part = (name: keyof typeof NAMES, x: number, y: number, note: string, width = 190): Box => ({
    x,
    y,
    width,
    height: 50,
    text: [own.includes(name) ? `✔ ${NAMES[name]}: yours` : NAMES[name], note],
    kind: own.includes(name) ? "shared" : "value",
  });
  const lib = (x: number, y: number, text: string, width = 190): Box => ({
    x,
    y,
    width,
    height: 34,
    text,
    kind: "value",
  });
  const spine = 120;
  const embedding = lib(spine, 40, "embedding (lib's)");
  const block = part("block", spine, 270, `${L} of them, width ${whole(D)}`);
  const norm = part("rmsNorm", spine, 430, "before branches and here");
  const head = lib(spine, 520, "head (lib's)");
  const distribution = part("distribution", spine, 600, "of the next token");
  const queries = lib(350, 142, "queries (lib's)");
  const rotate = part("rotate", 350, 206, `${R} channels of each head`);
  const remember = part("remember", 350, 280, `${C} + ${R} numbers a token`);
  const naive = part("naive", 592, 180, "for whole texts", 202);
  const absorbed = part("absorbed", 592, 250, "for decoding", 202);
  const route = part("route", 350, 400, `${K} experts a token`);
  const experts = part("experts", 592, 400, "each on its own tokens", 202);
  const shared = lib(592, 454, "shared expert (lib's)");
  const mtp = part("mtp", 470, 560, "guesses one token further", 250);
  const boxes = [
    ...[embedding, block, norm, head, distribution, queries, rotate, remember],
    ...[naive, absorbed, route, experts, shared, mtp],
  ];
  const count = Object.keys(NAMES).filter((name) => own.includes(name)).length;
  const total = Object.keys(NAMES).length;
  const listed = Object.entries(NAMES)
    .filter(([name]) => own.includes(name))
    .map(([, text]) => text);
  return {
    title: `The parts of the model: ${count} of ${total} are yours`,
    description:
      "A token goes through the embedding, the blocks, a last RMSNorm and the head to the probabilities of the next token. " +
      "In a block: attention, from queries, rotary positions and the latent cache, expanded or absorbed; then the router " +
      "and the experts. Beside it the multi-token prediction module. " +
      (count === 0 ? "All parts are lib's." : `Yours: ${listed.join(", ")}. The others are lib's.`),
    width: 760,
    height: 640,
    parts: [
      ...[
        [embedding, block],
        [block, norm],
        [norm, head],
        [head, distribution],
      ].map(([from, to]) => arrow([bottom(from), top(to)])),
      frame([240, 84], 462, 240),
      label([252, 104], "in a block: attention", { anchor: "start", bold: true }),
      frame([240, 340], 462, 140),
      label([252, 360], "in a block: experts", { anchor: "start", bold: true }),
      arrow([right(block), [240, block.y]]),
      arrow([
        [right(block)[0] + 12, block.y],
        [right(block)[0] + 12, 400],
        [240, 400],
      ]),
      arrow([right(rotate), [471, 206], [471, 180], [491, 180]]),
      arrow([right(remember), [471, 280], [471, 250], [491, 250]]),
      arrow([right(route), [491, 400]]),
      arrow([right(norm), [228, 430], [228, 560], [345, 560]], { dashed: true }),
      label([236, 512], ["states after the last norm"], { anchor: "start" }),
      ...boxes.map(box),
    ],
  };
}
