/** The chain of multi-token prediction (the report, section 2.2, figure 3 and equations 21 to 23). */
import type { ModelConfig } from "../model/config";
import type { Drawing } from "../notebook/drawing/drawing";
import { arrow, bottom, box, frame, label, right, top, type Box } from "../notebook/drawing/shapes";
import { whole } from "./numbers";

/** The main model and the first modules; a model with more than two is drawn with two. */
export function multiTokenPredictionDrawing(config: ModelConfig): Drawing {
  const { hiddenSize: D, numHiddenLayers: L, numNextnPredictLayers: modules, vocabSize: V } = config;
  const drawn = Math.min(2, Math.max(1, modules));
  const column = drawn === 1 ? 420 : 260;
  const first = drawn === 1 ? 150 : 110;
  const wide = drawn === 1 ? 230 : 190;
  const item = (x: number, y: number, text: Box["text"], kind: Box["kind"], width = wide): Box => ({
    x,
    y,
    width,
    height: typeof text === "string" ? 34 : 50,
    text,
    kind,
  });
  const main = {
    tokens: item(first, 60, "tokens t_{1} … t_{i}", "value"),
    embedding: item(first, 124, "embedding (shared)", "shared"),
    layers: item(first, 238, [`${L} layers`, "then RMSNorm"], "step"),
    state: item(first, 380, `state h^{0}_{i}: ${whole(D)} numbers`, "value"),
    head: item(first, 500, `head (shared): ${whole(V)} logits`, "shared"),
    predicted: item(first, 566, "predicts t_{i+1}", "value"),
  };
  const mainBoxes = Object.values(main);
  const chain = (boxes: Box[]) => boxes.slice(1).map((box, i) => arrow([bottom(boxes[i]), top(box)]));
  const half = wide / 2 - 6;
  const columns = Array.from({ length: drawn }, (_, i) => {
    const k = i + 1;
    const x = first + k * column;
    const [l, r] = [x - wide / 4 - 3, x + wide / 4 + 3];
    const token = item(r, 60, `token t_{i+${k}}`, "value", half);
    const embedding = item(r, 124, ["embedding", "(shared)"], "shared", half);
    const normState = item(l, 196, "RMSNorm", "step", half);
    const normToken = item(r, 196, "RMSNorm", "step", half);
    const projection = item(x, 262, ["side by side, then M_{" + k + "}:", `2 · ${whole(D)} → ${whole(D)}`], "step");
    const block = item(x, 332, "one layer, then RMSNorm", "step");
    const state = item(x, 400, `state h^{${k}}_{i}`, "value");
    const head = item(x, 500, "head (shared)", "shared");
    const predicted = item(x, 566, `predicts t_{i+${k + 1}}`, "value");
    const before = i === 0 ? main.state : item(first + (k - 1) * column, 400, "", "value");
    const between = x - wide / 2 - (drawn === 1 ? 60 : 22);
    return {
      boxes: [token, embedding, normState, normToken, projection, block, state, head, predicted],
      arrows: [
        ...chain([token, embedding, normToken]),
        arrow([right(before), [between, before.y], [between, 156], [l, 156], top(normState)]),
        arrow([bottom(normState), [l, 237]]),
        arrow([bottom(normToken), [r, 237]]),
        ...chain([projection, block, state, head, predicted]),
      ],
      frame: frame([x - wide / 2 - 10, 164], wide + 20, 262),
      caption: label([x, 24], `module ${k}`, { bold: true }),
    };
  });
  const last = first + drawn * column + wide / 2;
  const more = `${modules === 1 ? "One module is" : `${modules} modules are`} trained in this model.`;
  return {
    title: "The chain of multi-token prediction",
    description:
      `The main model (embedding, ${L} layers, RMSNorm) has a state of ${whole(D)} numbers at token i; the head makes ` +
      "of it a prediction of token i+1. Module 1 takes that state and the embedding of token i+1, brings both to the " +
      `same size with RMSNorm, lays them side by side and projects 2 · ${whole(D)} numbers to ${whole(D)} with M_1; one ` +
      "layer of its own follows, and the same head predicts token i+2. A further module would take module 1's state " +
      `and the embedding of token i+2. Embedding and head are the main model's. ${more}`,
    width: 760,
    height: 636,
    parts: [
      label([first, 24], "main model", { bold: true }),
      ...chain(mainBoxes),
      ...columns.flatMap(({ arrows }) => arrows),
      ...mainBoxes.map(box),
      ...columns.flatMap(({ boxes, frame, caption }) => [frame, caption, ...boxes.map(box)]),
      arrow(
        [
          [last, 400],
          [Math.min(last + 72, 754), 400],
        ],
        { dashed: true },
      ),
      ...(drawn === 1 ? [label([733, 374], ["next", "module"])] : []),
      label(
        [380, 612],
        ["Inside a dashed border: the module's own weights.", `Embedding and head are the main model's. ${more}`],
      ),
    ],
  };
}
