/** The data flow of multi-head latent attention for one token (the report, section 2.1.1, equations 1 to 11). */
import type { ModelConfig } from "../model/config";
import type { Drawing } from "../notebook/drawing/drawing";
import { arrow, bottom, box, label, left, right, top, type Box, type Point } from "../notebook/drawing/shapes";
import { whole } from "./numbers";

/** From a token's vector to its query, to what is cached, and to what attention gives back. */
export function latentAttentionDrawing(config: ModelConfig): Drawing {
  const { hiddenSize: D, numAttentionHeads: H, qLoraRank, kvLoraRank: C, qkNopeHeadDim: nope } = config;
  const { qkRopeHeadDim: R, vHeadDim: V } = config;
  const kept = C + R;
  const value = (x: number, y: number, width: number, text: Box["text"], kind: Box["kind"] = "value"): Box => ({
    x,
    y,
    width,
    height: typeof text === "string" ? 34 : 48,
    text,
    kind,
  });
  const h = value(345, 34, 250, `h_{t}, normalised: ${whole(D)} numbers`);
  const cQ = value(135, 130, 150, [`c^{Q}_{t}: ${whole(qLoraRank ?? 0)}`, "after RMSNorm"]);
  const cKV = value(583, 130, 190, [`c^{KV}_{t}: ${whole(C)}`, "after RMSNorm: cached"], "cached");
  const kR = value(345, 130, 170, [`k^{R}_{t}: ${whole(R)}`, "after RoPE: cached"], "cached");
  const qC = value(72, 244, 128, ["q^{C}_{t}", `${H} heads × ${nope}`]);
  const qR = value(210, 244, 134, ["q^{R}_{t}, after RoPE", `${H} heads × ${R}`]);
  const kC = value(506, 244, 128, ["k^{C}_{s}", `${H} heads × ${nope}`]);
  const vC = value(660, 244, 128, ["v^{C}_{s}", `${H} heads × ${V}`]);
  const query = value(141, 340, 230, `q_{t} = [q^{C}_{t} ; q^{R}_{t}]: ${H} × ${nope + R}`);
  const key = value(425, 340, 230, `k_{s} = [k^{C}_{s} ; k^{R}_{s}]: ${H} × ${nope + R}`);
  const soft = value(
    283,
    426,
    330,
    ["softmax over all tokens s ≤ t of", `q_{t} · k_{s} × scale, in each of ${H} heads`],
    "step",
  );
  const mix = value(283, 518, 330, [`o_{t} = Σ_{s} weight × v^{C}_{s}`, `${H} heads × ${V}`], "step");
  const u = value(283, 606, 330, `u_{t} = W^{O} · o_{t}: ${whole(D)} numbers`);
  const fork = 76;
  const down = (from: Box, to: Box, y: number): Point[] => [bottom(from), [from.x, y], [to.x, y], top(to)];
  const direct = qLoraRank === null;
  const queryParts = direct
    ? [
        arrow(
          [
            [h.x, fork],
            [query.x, fork],
            [query.x, 190],
          ],
          { head: false },
        ),
        label([query.x + 8, 150], "W^{Q}", { anchor: "start" }),
        arrow([[query.x, 190], [qC.x, 190], top(qC)]),
        arrow([[query.x, 190], [qR.x, 190], top(qR)]),
      ]
    : [
        arrow([[h.x, fork], [cQ.x, fork], top(cQ)]),
        label([cQ.x + 8, 92], "W^{DQ}", { anchor: "start" }),
        arrow(down(cQ, qC, 184)),
        arrow(down(cQ, qR, 184)),
        label([qC.x + 8, 206], "W^{UQ}", { anchor: "start" }),
        label([qR.x + 8, 206], "W^{QR}", { anchor: "start" }),
        box(cQ),
      ];
  return {
    title: "Multi-head latent attention: what one token computes and what it leaves in the cache",
    description:
      `The token's vector h of ${whole(D)} numbers goes three ways. Queries: ` +
      (direct
        ? "W^Q makes "
        : `W^DQ compresses it to c^Q of ${whole(qLoraRank)} numbers, which are normalised; W^UQ and W^QR make `) +
      `for each of ${H} heads a query q^C of ${nope} numbers and q^R of ${R}, which RoPE turns by the position. Keys ` +
      `and values: W^DKV compresses h to c^KV of ${C} numbers, normalised and cached; W^UK and W^UV make of it the ` +
      `keys k^C and the values v^C of all heads. Position: W^KR makes one key k^R of ${R} numbers for all heads, ` +
      `turned by RoPE and cached. So ${kept} numbers are cached for each token and layer. A head's softmax compares ` +
      "its query with the keys of all tokens so far and mixes their values; W^O takes the heads' mixtures together " +
      `to ${whole(D)} numbers.`,
    width: 760,
    height: 636,
    parts: [
      arrow([[h.x, fork], [cKV.x, fork], top(cKV)]),
      arrow([bottom(h), top(kR)]),
      label([cKV.x + 8, 92], "W^{DKV}", { anchor: "start" }),
      label([kR.x + 8, 92], "W^{KR}", { anchor: "start" }),
      ...queryParts,
      arrow(down(cKV, kC, 184)),
      arrow(down(cKV, vC, 184)),
      label([kC.x + 8, 206], "W^{UK}", { anchor: "start" }),
      label([vC.x + 8, 206], "W^{UV}", { anchor: "start" }),
      arrow([bottom(qC), [qC.x, 323]]),
      arrow([bottom(qR), [qR.x, 323]]),
      arrow([bottom(kC), [kC.x, 323]]),
      arrow([bottom(kR), [kR.x, 323]]),
      arrow([bottom(query), [query.x, 402]]),
      arrow([bottom(key), [key.x, 402]]),
      arrow([bottom(soft), top(mix)]),
      label([291, 472], `a weight for each token s in each head`, { anchor: "start" }),
      arrow([bottom(vC), [vC.x, mix.y], right(mix)]),
      arrow([bottom(mix), top(u)]),
      ...[h, cKV, kR, qC, qR, kC, vC, query, key, soft, mix, u].map(box),
      label(
        [606, 590],
        [
          "Double border: cached for each token,",
          `${whole(C)} + ${whole(R)} = ${whole(kept)} numbers a layer.`,
          "All else is computed anew, or absorbed.",
        ],
        {
          anchor: "middle",
        },
      ),
      label([left(h)[0] - 12, 34], "input", { anchor: "end", bold: true }),
    ],
  };
}
