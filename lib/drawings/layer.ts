/** One layer of DeepSeek-V3 (the report, section 2.1 and figure 2): the residual stream and what is added to it. */
import type { ModelConfig } from "../model/config";
import type { Drawing } from "../notebook/drawing/drawing";
import { arrow, bottom, box, frame, KINDS, label, left, right, sign, top, type Box } from "../notebook/drawing/shapes";
import { whole } from "./numbers";

const STREAM = 62;
/** Experts that are not chosen: visible on the card, less so than chosen ones. */
const UNCHOSEN = "#8d939e";

/**
 * A layer with a mixture of experts, every expert a square, with an example of a choice.
 * The dense layers that come first are named below it.
 */
export function layerDrawing(config: ModelConfig): Drawing {
  const { hiddenSize: D, numHiddenLayers: L, firstKDenseReplace: dense, numAttentionHeads: H } = config;
  const { nRoutedExperts: E, numExpertsPerTok: K, nSharedExperts, nGroup, topkGroup } = config;
  const norm = (y: number): Box => ({ x: 160, y, width: 92, height: 36, text: "RMSNorm", kind: "step" });
  const [norm1, norm2] = [norm(72), norm(222)];
  const attention: Box = {
    x: 378,
    y: 72,
    width: 270,
    height: 54,
    text: ["multi-head latent attention (MLA)", `${H} heads look at earlier tokens`],
    kind: "step",
  };
  const cache: Box = {
    x: 652,
    y: 72,
    width: 186,
    height: 54,
    text: ["cache, for each token:", `${config.kvLoraRank} + ${config.qkRopeHeadDim} numbers`],
    kind: "cached",
  };
  const shared: Box = {
    x: 330,
    y: 440,
    width: 150,
    height: 54,
    text: [nSharedExperts === 1 ? "shared expert" : `${nSharedExperts} shared experts`, "for every token"],
    kind: "shared",
  };
  const router: Box = {
    x: 330,
    y: 262,
    width: 150,
    height: 54,
    text: ["router: affinity s_{i}", "of each expert i"],
    kind: "choice",
  };
  const bias: Box = { x: 330, y: 356, width: 150, height: 38, text: "bias b_{i}, set by load", kind: "choice" };
  const grid = expertGrid(config, 452, 280);
  const sum: [number, number] = [590, 440];
  const end = 520;
  const [plus1, plus2]: [number, number][] = [
    [STREAM, 142],
    [STREAM, end],
  ];
  const denseNote =
    dense === 0
      ? []
      : [
          `Layers 1 to ${dense} have one dense network of width ${whole(config.intermediateSize)} in place of the ` +
            "experts.",
        ];
  return {
    title: `One of the ${L} layers of this model`,
    description:
      `A vector of ${whole(D)} numbers for each token runs through the layer as the residual stream. RMSNorm and ` +
      `attention (${H} heads) take it and add their result to the stream; attention keeps ${config.kvLoraRank} + ` +
      `${config.qkRopeHeadDim} numbers for each token in a cache. Then RMSNorm and a mixture of experts do the same: ` +
      `a router gives each of ${E} routed experts an affinity; ${K} are chosen by affinity plus bias, within ` +
      `${topkGroup} of ${nGroup} groups; their outputs are summed with weights made of the affinities alone` +
      `${nSharedExperts === 0 ? "" : ", and what the shared expert makes of every token is added"}. ` +
      denseNote.join(""),
    width: 760,
    height: 580,
    parts: [
      label([16, 16], `residual stream h: [B, T, D], D = ${whole(D)}`, { anchor: "start", bold: true }),
      arrow([
        [STREAM, 30],
        [STREAM, 568],
      ]),
      // attention
      arrow([[STREAM, 72], left(norm1)]),
      arrow([right(norm1), left(attention)]),
      arrow([left(cache), right(attention)]),
      arrow([bottom(attention), [attention.x, plus1[1]], [STREAM + 11, plus1[1]]]),
      ...[norm1, attention, cache].map(box),
      sign(plus1, "+"),
      // experts
      frame([240, 186], 506, 296),
      label([252, 204], dense === 0 ? "mixture of experts" : `mixture of experts (layers ${dense + 1} to ${L})`, {
        anchor: "start",
        bold: true,
      }),
      arrow([[STREAM, norm2.y], left(norm2)]),
      arrow([right(norm2), [222, norm2.y], [222, router.y], left(router)]),
      ...(nSharedExperts === 0
        ? []
        : [
            arrow([[222, router.y], [222, shared.y], left(shared)]),
            box(shared),
            arrow([right(shared), [sum[0] - 11, sum[1]]]),
          ]),
      arrow([top(bias), bottom(router)], { dashed: true }),
      label([340, 313], ["only for", "the choice"], { anchor: "start" }),
      ...[norm2, router, bias].map(box),
      arrow([right(router), [425, router.y], [425, grid.middle], [grid.left, grid.middle]]),
      label(
        [592, 242],
        [`${K} of ${E} routed experts, in ${topkGroup} of ${nGroup} groups:`, "the largest s_{i} + b_{i} (an example)"],
      ),
      grid.svg,
      arrow([
        [sum[0], grid.bottom],
        [sum[0], sum[1] - 11],
      ]),
      label([sum[0] + 12, 396], ["each times", "its weight g_{i}"], { anchor: "start" }),
      sign(sum, "+"),
      arrow([
        [sum[0], sum[1] + 11],
        [sum[0], end],
        [STREAM + 11, end],
      ]),
      sign(plus2, "+"),
      label([STREAM + 22, 556], ["to the next layer"], { anchor: "start" }),
      ...denseNote.map((note) => label([746, 556], note, { anchor: "end" })),
    ],
  };
}

/** Every routed expert as a square, group beside group; K of them are filled, in as many groups as may be used. */
function expertGrid(
  { nRoutedExperts: E, nGroup: G, topkGroup, numExpertsPerTok: K }: ModelConfig,
  x: number,
  y: number,
) {
  const [width, height, margin] = [284, 80, 8]; // of the card that they lie on
  const size = E / G;
  const columns = Math.max(1, Math.floor(Math.sqrt(size / 2)));
  const rows = Math.ceil(size / columns);
  const across = (width - 2 * margin) / G;
  const step = Math.min(14, (height - 2 * margin) / rows, (0.8 * across) / columns);
  const [start, first] = [x + margin + (across - columns * step) / 2, y + (height - rows * step) / 2];
  const chosen = exampleChoice(size, G, topkGroup, K);
  const squares = Array.from({ length: E }, (_, e) => {
    const [group, inside] = [Math.floor(e / size), e % size];
    const picked = chosen.has(e);
    const inset = (picked ? 0.02 : 0.18) * step; // chosen ones are larger, too
    const side = (step - 2 * inset).toFixed(1);
    const left = start + group * across + (inside % columns) * step + inset;
    const above = first + Math.floor(inside / columns) * step + inset;
    const fill = picked ? KINDS.choice.fill : UNCHOSEN;
    return `<rect x="${left.toFixed(1)}" y="${above.toFixed(1)}" width="${side}" height="${side}" fill="${fill}"/>`;
  });
  const card = `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${KINDS.value.fill}"/>`;
  return { svg: [card, ...squares].join("\n"), left: x, middle: y + height / 2, bottom: y + height };
}

/** K experts in topkGroup groups, spread so that the picture shows both limits. */
function exampleChoice(size: number, groups: number, topkGroup: number, K: number): Set<number> {
  const chosen = new Set<number>();
  for (let k = 0; k < K; k++) {
    const [used, turn] = [k % topkGroup, Math.floor(k / topkGroup)];
    const spread = Math.floor((turn * size) / Math.ceil(K / topkGroup));
    chosen.add(Math.floor((used * groups) / topkGroup) * size + ((spread + 5 * used) % size));
  }
  return chosen;
}
