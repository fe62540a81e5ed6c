/** Exercise 2: the bytes that a token sends in one layer, over InfiniBand and over NVLink. */
import { exchangeBytes, tokenTraffic, type Traffic } from "../../economics/communication";
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** hiddenSize, its experts, experts on each node, its own node → bytes of a token in one layer, there and back. */
export type TokenBytes = (hiddenSize: number, experts: number[], expertsPerNode: number, home: number) => Traffic;

const trafficByLib: TokenBytes = (hiddenSize, experts, expertsPerNode, home) =>
  tokenTraffic(hiddenSize, { experts, expertsPerNode, home });

const distinct = (nodes: number[]) => new Set(nodes).size;

/** The bytes with another number of copies, or another size of a number there and back; nodes: that of each expert. */
function wrongTraffic({
  inter = (nodes: number[], home: number) => distinct(nodes.filter((node) => node !== home)),
  intra = (nodes: number[], _home: number) => nodes.length,
  bytes = 3,
}): TokenBytes {
  return (hiddenSize, experts, expertsPerNode, home) => {
    const nodes = experts.map((expert) => Math.floor(expert / expertsPerNode));
    const copies = { interNode: inter(nodes, home), intraNode: intra(nodes, home) };
    return exchangeBytes(hiddenSize, copies, { dispatch: bytes, combine: 0 });
  };
}

export const trafficExercise = defineExercise<TokenBytes>({
  id: "06-traffic",
  reference: trafficByLib,
  cases: [
    { name: "V3, four nodes, none of them its own", args: [7168, [3, 17, 40, 41, 63, 130, 131, 250], 32, 3] },
    { name: "V3, four nodes, its own among them", args: [7168, [3, 17, 40, 41, 63, 130, 131, 250], 32, 1] },
    { name: "all experts at home", args: [7168, [64, 65, 66, 70, 71, 80, 90, 95], 32, 2] },
    { name: "a small model, eight nodes", args: [1024, [0, 9, 18, 27, 36, 45], 8, 7] },
  ],
  draw: fromSeed((random) => {
    const [nodes, perNode] = [wholeBetween(random, 3, 12), wholeBetween(random, 4, 32)];
    const all = Array.from({ length: nodes * perNode }, (_, expert) => expert);
    const experts = random.shuffle(all).slice(0, wholeBetween(random, 3, 10));
    const home = oneOf(random, [random.integer(nodes), Math.floor(experts[0] / perNode)]);
    return [128 * wholeBetween(random, 4, 64), experts.sort((a, b) => a - b), perNode, home];
  }),
  misconceptions: [
    {
      name: "one copy an expert over InfiniBand",
      answer: wrongTraffic({ inter: (nodes, home) => nodes.filter((node) => node !== home).length }),
      message:
        "You send one copy for each expert over InfiniBand. One for each node is enough: NVLink carries it on to the " +
        "experts there.",
    },
    {
      name: "its own node counted",
      answer: wrongTraffic({ inter: distinct }),
      message: "You count the token's own node, too. To reach the experts at home, a token needs no InfiniBand.",
    },
    {
      name: "one copy a node over NVLink",
      answer: wrongTraffic({ intra: distinct }),
      message: "Over NVLink the token goes to each of its experts, not once to each node: they sit on different GPUs.",
    },
    {
      name: "experts at home without NVLink",
      answer: wrongTraffic({ intra: (nodes, home) => nodes.filter((node) => node !== home).length }),
      message: "Experts on the token's own node are reached over NVLink as well: they sit on other GPUs of it.",
    },
    {
      name: "the way back forgotten",
      answer: wrongTraffic({ bytes: 1 }),
      message: "You count the way there only. The experts' answers come back, in two bytes a number.",
    },
    {
      name: "one byte both ways",
      answer: wrongTraffic({ bytes: 2 }),
      message: "You count one byte a number both ways. V3 dispatches in FP8, but combines in BF16: one and two.",
    },
    {
      name: "two bytes both ways",
      answer: wrongTraffic({ bytes: 4 }),
      message: "You count two bytes a number both ways. V3 dispatches in FP8: one byte there, two bytes back.",
    },
  ],
});
