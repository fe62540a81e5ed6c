/** The routed experts, each on its own rows. */
import * as tf from "@tensorflow/tfjs";
import { mlp } from "../../model/mlp";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import type { ExpertWeights } from "../../model/weights";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { swiGlu } from "../../tensor/nn";
import { columnsOfMask } from "../../tensor/top-k";
import { Golden } from "./golden";
import { caseTensors } from "./shared";

type Experts = ModelParts["experts"];
type Routing = Parameters<Experts>[1];

/** What can go wrong, each as the right answer has it unless said otherwise. */
interface Habits {
  /** How much each expert counts for each token, [N, E]. */
  weights: (routing: Routing) => tf.Tensor2D;
  inner: (gate: tf.Tensor2D, up: tf.Tensor2D) => tf.Tensor2D;
  /** Whether an expert that nobody chose computes all the same. */
  all: boolean;
  /** What enters expert e. */
  input: (x: tf.Tensor2D, routing: Routing, e: number) => tf.Tensor2D;
}

/** 1 where an expert is chosen, [N, E]. */
const chosen = ({ expertIndices, gates }: Routing) =>
  tf.oneHot(expertIndices, gates.shape[1]).toFloat().sum(1) as tf.Tensor2D;
/** [N, E]: what `value` [N, K] says of each choice. */
const scattered = ({ expertIndices, gates }: Routing, value: tf.Tensor) =>
  tf.oneHot(expertIndices, gates.shape[1]).toFloat().mul(value.expandDims(2)).sum(1) as tf.Tensor2D;

const RIGHT: Habits = { weights: ({ gates }) => gates, inner: swiGlu, all: false, input: (x) => x };

const expertsWith =
  (habits: Partial<Habits>): Experts =>
  (x, routing, experts) =>
    tf.tidy(() => {
      const { weights, inner, input, all } = { ...RIGHT, ...habits };
      const counting = weights(routing);
      const busy = new Set(routing.expertIndices.dataSync());
      const numbers = Array.from({ length: counting.shape[1] }, (_, e) => e);
      const outputs = numbers
        .filter((e) => all || busy.has(e))
        .map((e) => {
          const own = (w: tf.Tensor3D) => w.slice([e], [1]).squeeze<tf.Tensor2D>([0]);
          const { gateProj, upProj, downProj } = experts;
          const rows = input(x, routing, e);
          const hidden = inner(tf.matMul(rows, own(gateProj)), tf.matMul(rows, own(upProj)));
          return tf.matMul(hidden, own(downProj)).mul(counting.slice([0, e], [-1, 1]));
        });
      return tf.addN(outputs) as tf.Tensor2D;
    });

/** The experts of the second layer of "d-mtp", with the choice that the reference made. */
function golden(): { args: Parameters<Experts>; routed: () => tf.Tensor2D } {
  const golden = new Golden("d-mtp");
  const { x, weights } = golden.expertInput(1);
  const { nRoutedExperts: E, hiddenSize: D } = golden.config;
  const hot = tf.oneHot(golden.value<tf.Tensor2D>("layer1.topk_idx").toInt(), E).toFloat();
  const gates = hot.mul(golden.value("layer1.topk_weight").expandDims(2)).sum<tf.Tensor2D>(1);
  const expertIndices = columnsOfMask(hot.sum<tf.Tensor2D>(1), golden.config.numExpertsPerTok);
  // The reference tells what leaves the layer; the routed part is what the stream and the shared expert leave of it.
  const routed = () =>
    golden
      .value("layer1.hidden_out")
      .sub(golden.middle(1))
      .reshape<tf.Tensor2D>([-1, D])
      .sub<tf.Tensor2D>(mlp(x, weights.sharedExperts!));
  return { args: [x, { expertIndices, gates }, weights.experts], routed };
}

/** E experts. The matrices of those that nobody chose hold NaN: whoever computes with them has it everywhere. */
function small(seed: number, chosenExperts: number[][], E = 4): Parameters<Experts> {
  const made = caseTensors(seed);
  const [N, D, I] = [chosenExperts.length, 5, 3];
  const expertIndices = tf.tensor2d(chosenExperts, undefined, "int32");
  const gates = tf.oneHot(expertIndices, E).toFloat().sum(1).mul(made(N, E).abs().add(0.2)) as tf.Tensor2D;
  const chosenByNobody = (e: number) => !chosenExperts.flat().includes(e);
  const lost = tf.tensor3d(
    Array.from({ length: E }, (_, e) => (chosenByNobody(e) ? NaN : 0)),
    [E, 1, 1],
  );
  const matrices = (...shape: number[]) => made<tf.Tensor3D>(...shape).add<tf.Tensor3D>(lost);
  const experts: ExpertWeights = {
    gateProj: matrices(E, D, I),
    upProj: matrices(E, D, I),
    downProj: matrices(E, I, D),
  };
  return [made(N, D), { expertIndices, gates }, experts];
}

export const expertsExercise = defineExercise<Experts>({
  id: "09-experts",
  reference: LIB_PARTS.experts,
  cases: [
    { name: "the reference's second layer", args: () => golden().args, expected: () => golden().routed() },
    { name: "three tokens, an expert that nobody chose", args: () => small(1, [[0, 2], [1, 2], [0, 1]]) }, // prettier-ignore
    { name: "one token", args: () => small(2, [[1, 3]]) },
  ],
  draw: fromSeed((random) => {
    const [N, E] = [wholeBetween(random, 1, 5), wholeBetween(random, 4, 6)];
    const K = wholeBetween(random, 2, 3);
    const numbers = Array.from({ length: E }, (_, e) => e);
    const chosenExperts = Array.from({ length: N }, () => random.shuffle(numbers).slice(0, K).sort());
    return small(seedFrom(random), chosenExperts, E);
  }),
  misconceptions: [
    {
      name: "every chosen expert counts the same",
      answer: expertsWith({ weights: chosen }),
      message: "You add the experts up as they are. Each output is multiplied by its weight in `gates` first.",
    },
    {
      name: "the mean of the experts",
      answer: expertsWith({
        weights: (routing) => chosen(routing).div<tf.Tensor2D>(routing.expertIndices.shape[1]),
      }),
      message: "You take the mean of the chosen experts. Each output is multiplied by its weight in `gates`.",
    },
    {
      name: "weighted before the expert",
      answer: expertsWith({
        weights: chosen,
        input: (x, { gates }, e) => x.mul(gates.slice([0, e], [-1, 1])),
      }),
      message: "You multiply the input by the weight. An expert is not linear: its output is what is weighted.",
    },
    {
      name: "SiLU on the other branch",
      answer: expertsWith({ inner: (gate, up) => swiGlu(up, gate) }),
      message: "SiLU is on the up branch. It belongs to the gate: SiLU(x·gateProj) ⊙ (x·upProj).",
    },
    {
      name: "sigmoid in place of SiLU",
      answer: expertsWith({ inner: (gate, up) => gate.sigmoid().mul(up) }),
      message: "Your gate is a sigmoid. SiLU is y · sigmoid(y); `swiGlu(gate, up)` computes the whole product.",
    },
    {
      name: "no gate",
      answer: expertsWith({ inner: (gate) => gate.mul(gate.sigmoid()) }),
      message: "The up branch is missing: SiLU(x·gateProj) is multiplied, channel by channel, with x·upProj.",
    },
    {
      name: "the weight of another expert",
      answer: expertsWith({
        weights: (routing) => {
          const [N, K] = routing.expertIndices.shape;
          return scattered(routing, routing.gates.slice([0, 0], [N, K]));
        },
      }),
      message:
        "You read the weight by its place among the chosen. `gates` has a column for each expert: the weight of " +
        "expert e stands in column e.",
    },
    {
      name: "the last expert alone",
      answer: expertsWith({
        weights: (routing) => {
          const [N, K] = routing.expertIndices.shape;
          const last = tf.oneHot(tf.fill([N], K - 1, "int32") as tf.Tensor1D, K).toFloat();
          return scattered(routing, last).mul(routing.gates);
        },
      }),
      message: "A token keeps the output of its last expert only: later rows replace earlier ones. Add them up.",
    },
    {
      name: "every expert on every token",
      answer: expertsWith({ all: true }),
      message:
        "You run experts that nobody chose and multiply what they give by 0. They are to compute nothing: that is what " +
        "makes many experts cheap. (The case has NaN in their matrices, and NaN · 0 is NaN.)",
    },
    {
      name: "the tokens added",
      answer: (x, routing, experts) => tf.tidy(() => LIB_PARTS.experts(x, routing, experts).add<tf.Tensor2D>(x)),
      message: "You add the tokens themselves. The block adds the stream; here the experts' sum alone is wanted.",
    },
  ],
});
