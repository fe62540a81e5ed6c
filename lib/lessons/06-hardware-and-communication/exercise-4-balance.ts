/** Exercise 4: how many multiprocessors an exchange should take from the arithmetic beside it. */
import {
  bestSetAside,
  copiesBetweenNodes,
  exchangeBytes,
  linksOf,
  sharedSeconds,
  V3_PAYLOAD,
  type SharedJob,
} from "../../economics/communication";
import { value } from "../../economics/facts";
import { machine } from "../../economics/roofline";
import { DEEPSEEK_V3 } from "../../model/config";
import { firstGood, fromSeed, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { nodesReached } from "./nodes-reached";
import { layerSums, layerTimes } from "./overlap";

export type SetAside = (job: SharedJob) => number;

/** Whether a number of multiprocessors is good: true, or what is not good about it. */
function judgeSetAside(got: number, job: SharedJob): true | string {
  if (!Number.isInteger(got) || got < 1 || got >= job.multiprocessors)
    return `a whole number from 1 to ${job.multiprocessors - 1} is asked for; you return ${got}`;
  const [yours, best] = [sharedSeconds(job, got), sharedSeconds(job, bestSetAside(job))];
  if (yours <= best * 1.001) return true;
  const ms = (seconds: number) => `${(1e3 * seconds).toFixed(2)} ms`;
  return `with ${got} set aside it takes ${ms(yours)}; ${ms(best)} is possible`;
}

/** The first count that meets a condition; all multiprocessors but one if none does. */
const firstCount = (job: SharedJob, good: (count: number) => boolean): number => {
  for (let count = 1; count < job.multiprocessors; count++) if (good(count)) return count;
  return job.multiprocessors - 1;
};

const fromReport = (key: string) => value("systems", "v3-training", key);
const multiprocessors = value("accelerators", "h800", "multiprocessors");
const links = linksOf("h800");
const nodes = fromReport("expertNodes");
const tokens = fromReport("sequence");
const copies = copiesBetweenNodes(nodesReached(DEEPSEEK_V3, { nodes })[fromReport("nodeLimit") - 1], nodes);
const reached = 0.5; // assumed: the share of the peak that arithmetic reaches
const load = { tokens, sequence: tokens, reached, multiprocessors, setAside: 0, copies, payload: V3_PAYLOAD };

/**
 * A forward of one layer with 4,096 tokens. The report says that 20 multiprocessors are enough, so each is taken to
 * move a twentieth of InfiniBand's rate. The arithmetic is that of a chip at half of its FP8 peak.
 */
export const V3_JOB: SharedJob = {
  multiprocessors,
  arithmetic: layerSums(layerTimes(DEEPSEEK_V3, machine("h800"), links, load)).forward.arithmetic,
  bytes:
    tokens *
    exchangeBytes(DEEPSEEK_V3.hiddenSize, { interNode: copies, intraNode: DEEPSEEK_V3.numExpertsPerTok }).interNode,
  bandwidth: links.interNode,
  perMultiprocessor: links.interNode / fromReport("communicationMultiprocessors"),
};

/** Whether few numbers are good. Where bandwidth is what holds a job up, many are. */
function hasOneBest(job: SharedJob): boolean {
  const best = bestSetAside(job);
  const others = [best - 2, best + 2].filter((count) => count >= 1 && count < job.multiprocessors);
  return others.every((count) => judgeSetAside(count, job) !== true);
}

const jobs: [string, SharedJob][] = [
  ["V3's forward of a layer", V3_JOB],
  ["forward and backward together", { ...V3_JOB, arithmetic: 3 * V3_JOB.arithmetic, bytes: 2 * V3_JOB.bytes }],
  ["multiprocessors that move four times as much", { ...V3_JOB, perMultiprocessor: 4 * V3_JOB.perMultiprocessor }],
  ["a network twice as fast", { ...V3_JOB, bandwidth: 2 * V3_JOB.bandwidth, bytes: 1.5 * V3_JOB.bytes }],
  ["little to exchange", { ...V3_JOB, bytes: 0.1 * V3_JOB.bytes }],
];

export const balanceExercise = defineExercise<SetAside>({
  id: "06-balance",
  reference: bestSetAside,
  cases: jobs.map(([name, job]) => ({ name, args: [job] })),
  draw: fromSeed((random) => {
    const factor = () => shortened(4 ** (2 * random.uniform() - 1)); // between a fourth and four
    const job = (): SharedJob => ({
      multiprocessors: wholeBetween(random, 60, 180),
      arithmetic: V3_JOB.arithmetic * factor(),
      bytes: V3_JOB.bytes * factor(),
      bandwidth: V3_JOB.bandwidth * factor(),
      perMultiprocessor: V3_JOB.perMultiprocessor * factor(),
    });
    return [firstGood(job, hasOneBest)];
  }),
  accept: (got, _, [job]) => judgeSetAside(got, job),
  score: {
    name: "time of V3's forward of a layer",
    unit: "ms",
    of: (got, [job]) => 1e3 * sharedSeconds(job, got),
    v3: 1e3 * sharedSeconds(V3_JOB, fromReport("communicationMultiprocessors")),
  },
  misconceptions: [
    {
      name: "as many as the link can use",
      answer: (job) => Math.ceil(job.bandwidth / job.perMultiprocessor),
      message:
        "As many as saturate the link. That makes the exchange as short as it can be, but where arithmetic takes " +
        "longer anyway, some of them would do more good there.",
    },
    {
      name: "arithmetic that does not slow down",
      answer: (job) =>
        firstCount(job, (n) => job.bytes / Math.min(job.bandwidth, n * job.perMultiprocessor) <= job.arithmetic),
      message:
        "You hide the exchange behind the arithmetic of all multiprocessors. Those that you take away slow the " +
        "arithmetic down: it takes arithmetic · n / (n − s).",
    },
    {
      name: "the sum in place of the longer one",
      answer: (job) => {
        const seconds = (n: number) =>
          (job.arithmetic * job.multiprocessors) / (job.multiprocessors - n) +
          job.bytes / Math.min(job.bandwidth, n * job.perMultiprocessor);
        return firstCount(job, (n) => n === job.multiprocessors - 1 || seconds(n + 1) >= seconds(n));
      },
      message: "You minimise the sum of both times. They run side by side, so the longer one decides.",
    },
  ],
});
