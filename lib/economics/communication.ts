/**
 * What travels when experts live on many GPUs: a token's vector goes to its experts (dispatch) and their answers come
 * back (combine), in every sparse layer. Between nodes it goes over InfiniBand, within a node over NVLink, which is a
 * few times as fast. In V3 (the report, section 3.2.2) a token crosses InfiniBand once per node, to the GPU of the same
 * number, and NVLink carries it on to the experts there.
 */
import { fact } from "./facts";
import { combinations } from "./routing";

/** Usable bytes/s of one GPU, one direction. */
export interface Links {
  interNode: number;
  intraNode: number;
}

/**
 * The links of an accelerator. NVLink: the usable rate where one is known, else half of what is stated for both
 * directions, less what the H800 loses from there to its usable rate; so chips are compared like for like.
 */
export function linksOf(id: string): Links {
  const known = (key: string) => {
    try {
      return fact("accelerators", id, key).value;
    } catch {
      return undefined;
    }
  };
  const stated = (chip: string) => fact("accelerators", chip, "intraNodeLink").value / 2;
  const usableShare = fact("accelerators", "h800", "intraNodeUsable").value / stated("h800");
  const intraNode = known("intraNodeUsable") ?? usableShare * stated(id);
  return { interNode: known("interNodeLink") ?? fact("accelerators", "h800", "interNodeLink").value, intraNode };
}

export interface Placement {
  experts: number; // E, spread evenly over
  nodes: number;
  active: number; // K experts a token
  limit: number; // nodes at most
}

/**
 * The expected number of nodes that a token's K experts live on, for experts chosen evenly: `limit` nodes are drawn,
 * then K different experts within them.
 *
 * @throws if the limit is not a whole number from 1 to the nodes, or leaves fewer than K experts
 */
export function expectedNodes({ experts, nodes, active, limit }: Placement): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > nodes)
    throw new Error(`expectedNodes: a limit of ${limit} nodes; there are ${nodes}`);
  const size = experts / nodes;
  if (limit * size < active)
    throw new Error(`expectedNodes: ${limit} nodes of ${size} experts can't hold ${active} active experts`);
  const all = combinations(limit * size, active);
  const without = combinations((limit - 1) * size, active); // sets that leave a given node out
  return limit * (1 - Number((without * 10n ** 15n) / all) / 1e15);
}

/** The mean of what a router chose: chosen [N][K]; experts of the same node have consecutive numbers. */
export function meanNodes(chosen: number[][], { experts, nodes }: Pick<Placement, "experts" | "nodes">): number {
  const size = experts / nodes;
  const count = (own: number[]) => new Set(own.map((expert) => Math.floor(expert / size))).size;
  return chosen.reduce((sum, own) => sum + count(own), 0) / chosen.length;
}

/** The copies that cross the network: of the nodes that a token reaches, one in `nodes` is its own, on average. */
export function copiesBetweenNodes(reached: number, nodes: number): number {
  return reached * (1 - 1 / nodes);
}

/** Bytes of one number on its way out and back: V3 dispatches in FP8 and combines in BF16 (section 3.3.3). */
export interface Payload {
  dispatch: number;
  combine: number;
}
export const V3_PAYLOAD: Payload = { dispatch: 1, combine: 2 };

export interface Traffic {
  interNode: number; // bytes
  intraNode: number; // bytes
}

/**
 * Bytes of one token in one layer, there and back.
 *
 * @param copies how many of the token's vector cross each kind of link: over InfiniBand the other nodes that it reaches
 *   (`copiesBetweenNodes` on average), over NVLink the active experts
 */
export function exchangeBytes(
  hiddenSize: number,
  copies: { interNode: number; intraNode: number },
  payload: Payload = V3_PAYLOAD,
): Traffic {
  const vector = hiddenSize * (payload.dispatch + payload.combine);
  return { interNode: copies.interNode * vector, intraNode: copies.intraNode * vector };
}

/** Seconds of an exchange. Both links work at the same time, so the slower one decides. */
export function exchangeSeconds(traffic: Traffic, links: Links): number {
  return Math.max(traffic.interNode / links.interNode, traffic.intraNode / links.intraNode);
}

/** How many experts a token could reach in `nodes` nodes before NVLink takes longer than InfiniBand: 12.8 for V3. */
export function expertsAtSamePrice(nodes: number, links: Links): number {
  return (nodes * links.intraNode) / links.interNode;
}

export interface DecodeExchange {
  tokens: number; // on each GPU
  copies: number; // experts that a token goes to, the shared one among them
  hiddenSize: number;
  payload: Payload;
  bandwidth: number; // bytes/s of the network
  layers: number;
}

/**
 * The least time of a decoding step when the network alone decides (Insights into DeepSeek-V3, ISCA 2025):
 * two micro-batches take turns, one computing while the other exchanges, so that a layer takes two exchanges.
 */
export function decodeBound(d: DecodeExchange): { exchange: number; step: number; tokensPerSecond: number } {
  const bytes = d.tokens * d.copies * d.hiddenSize * (d.payload.dispatch + d.payload.combine);
  const exchange = bytes / d.bandwidth;
  const step = 2 * exchange * d.layers;
  return { exchange, step, tokensPerSecond: 1 / step };
}

/** Where a token and its experts are. */
export interface TokenRoute {
  experts: number[]; // those that it chose
  expertsPerNode: number; // experts 0 to expertsPerNode - 1 are on node 0, and so on
  home: number; // the token's own node
}

/**
 * Bytes of one routed token in one layer, there and back. InfiniBand carries one copy to each other node that holds one
 * of its experts; NVLink carries one copy to each expert. (One in eight of these is on the right GPU already; like the
 * report, this does not subtract it.)
 */
export function tokenTraffic(
  hiddenSize: number,
  { experts, expertsPerNode, home }: TokenRoute,
  payload: Payload = V3_PAYLOAD,
): Traffic {
  const nodes = new Set(experts.map((expert) => Math.floor(expert / expertsPerNode)));
  nodes.delete(home);
  return exchangeBytes(hiddenSize, { interNode: nodes.size, intraNode: experts.length }, payload);
}

/** An exchange that runs beside arithmetic, on multiprocessors taken from it. */
export interface SharedJob {
  multiprocessors: number;
  arithmetic: number; // seconds, with all multiprocessors
  bytes: number; // to exchange
  bandwidth: number; // bytes/s of the link
  perMultiprocessor: number; // bytes/s that one multiprocessor can move
}

/** Seconds of the job with `setAside` multiprocessors for the exchange: both run at once, the longer one decides. */
export function sharedSeconds(job: SharedJob, setAside: number): number {
  const arithmetic = (job.arithmetic * job.multiprocessors) / (job.multiprocessors - setAside);
  return Math.max(arithmetic, job.bytes / Math.min(job.bandwidth, setAside * job.perMultiprocessor));
}

/** The number of multiprocessors to set aside that gives the shortest time; the smallest if several do. */
export function bestSetAside(job: SharedJob): number {
  const counts = Array.from({ length: job.multiprocessors - 1 }, (_, i) => i + 1);
  return counts.reduce((best, count) => (sharedSeconds(job, count) < sharedSeconds(job, best) ? count : best));
}
