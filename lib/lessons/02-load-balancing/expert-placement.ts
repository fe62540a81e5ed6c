/**
 * Experts on GPUs. A layer is done when its slowest GPU is done, so what costs is the busiest one. DeepSeek's answer when
 * serving: give busy experts more than one copy (redundant experts, the report, section 3.4.1), and place the copies so
 * that every GPU gets about the same work. This is the algorithm that they published for it, EPLB
 * (https://github.com/deepseek-ai/EPLB), with the same choices where loads are equal.
 *
 * A slot is a place for one expert on a GPU. Slots are numbered through: the first ones are GPU 0's.
 */

export interface Cluster {
  /** Slots in all: experts and redundant copies. */
  slots: number;
  gpus: number;
  /** GPUs are spread evenly over them; 1 if left out. */
  nodes?: number;
  /** Groups of neighbouring experts that should stay on one node; 1 if left out. */
  groups?: number;
}

/**
 * Which expert sits in each slot. Hierarchical where the groups can be spread evenly over the nodes: first groups to
 * nodes, then copies within each node, then copies to that node's GPUs. Else global: groups and nodes are ignored.
 *
 * @param load [E], tokens of each expert, measured or expected
 * @returns [slots], the expert in each slot
 * @throws if slots, experts or GPUs cannot be shared out evenly, or there are fewer slots than experts
 */
export function placeExperts(load: number[], { slots, gpus, nodes = 1, groups = 1 }: Cluster): number[] {
  const hierarchical = groups % nodes === 0;
  const [G, N] = hierarchical ? [groups, nodes] : [1, 1];
  const E = load.length;
  for (const [what, parts] of [
    [`${E} experts in ${G} groups`, E / G],
    [`${slots} slots on ${gpus} GPUs`, slots / gpus],
    [`${gpus} GPUs on ${N} nodes`, gpus / N],
  ] as const) {
    if (!Number.isInteger(parts)) throw new Error(`placeExperts: ${what} cannot be shared out evenly`);
  }
  if (slots < E) throw new Error(`placeExperts: ${slots} slots are too few for ${E} experts`);
  const members = (g: number) => range(E / G).map((i) => (g * E) / G + i);
  const groupLoads = range(G).map((g) => total(members(g).map((e) => load[e])));
  return packEvenly(groupLoads, N).flatMap((nodeGroups) => {
    const experts = nodeGroups.flatMap(members);
    const copies = replicate(
      experts.map((e) => load[e]),
      slots / N,
    );
    const counts = copyCounts(copies, experts.length);
    const copyLoads = copies.map((i) => load[experts[i]] / counts[i]);
    return packEvenly(copyLoads, gpus / N).flatMap((gpu) => gpu.map((copy) => experts[copies[copy]]));
  });
}

/**
 * Copies for busy experts: each expert gets one; then, one by one, each slot that is left goes to the expert whose
 * copies have the most to do, which is the largest load / copies.
 *
 * @param load [E]
 * @returns [slots], the expert of each copy; the first E are the experts themselves
 */
export function replicate(load: number[], slots: number): number[] {
  const copies = range(load.length);
  const counts = load.map(() => 1);
  while (copies.length < slots) {
    const busiest = indexOfMax(load.map((tokens, e) => tokens / counts[e]));
    copies.push(busiest);
    counts[busiest]++;
  }
  return copies;
}

/**
 * Items into packs of equally many: the heaviest first, each into the lightest pack that has room.
 *
 * @param weights of the items
 * @returns the items of each pack, in the order in which they came
 * @throws if the packs cannot have equally many
 */
export function packEvenly(weights: number[], packs: number): number[][] {
  const size = weights.length / packs;
  if (!Number.isInteger(size)) throw new Error(`packEvenly: ${weights.length} items do not fill ${packs} packs evenly`);
  if (size === 1) return weights.map((_, i) => [i]);
  const order = range(weights.length).sort((a, b) => weights[b] - weights[a] || a - b);
  const filled = range(packs).map(() => ({ items: [] as number[], weight: 0 }));
  for (const item of order) {
    const open = filled.filter(({ items }) => items.length < size);
    const lightest = open.reduce((least, pack) => (pack.weight < least.weight ? pack : least));
    lightest.items.push(item);
    lightest.weight += weights[item];
  }
  return filled.map(({ items }) => items);
}

/** How many copies each of E experts has. */
export function copyCounts(placement: number[], E: number): number[] {
  return range(E).map((e) => placement.filter((expert) => expert === e).length);
}

/**
 * Tokens of each GPU; an expert's copies share its tokens evenly.
 *
 * @param load [E]
 * @param placement [slots], the expert in each slot
 */
export function gpuLoads(load: number[], placement: number[], gpus: number): number[] {
  const counts = copyCounts(placement, load.length);
  const size = placement.length / gpus;
  return range(gpus).map((gpu) => total(placement.slice(gpu * size, (gpu + 1) * size).map((e) => load[e] / counts[e])));
}

/**
 * How long a layer takes when all GPUs wait for the slowest, against the same work spread evenly: 1 is perfect. It is the
 * GPUs' MaxVio + 1. Counts the experts' arithmetic alone, which grows with the tokens.
 */
export function slowdown(loads: number[]): number {
  return (Math.max(...loads) * loads.length) / total(loads);
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);

/** The first of the largest values. */
function indexOfMax(values: number[]): number {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}
