import { describe, expect, it } from "vitest";
import { copiesBetweenNodes, linksOf, V3_PAYLOAD } from "../../../lib/economics/communication";
import { play } from "../../../lib/economics/pipeline";
import { scheduleOf, type Method } from "../../../lib/economics/pipeline-schedules";
import { machine } from "../../../lib/economics/roofline";
import {
  chunkTimes,
  computingShare,
  forwardAlone,
  layerSums,
  layerTimes,
  overlapGain,
  overlapRounds,
  type LayerTimes,
} from "../../../lib/lessons/06-hardware-and-communication/overlap";
import { nodesReached } from "../../../lib/lessons/06-hardware-and-communication/nodes-reached";
import { DEEPSEEK_V3 } from "../../../lib/model/config";

const load = {
  tokens: 4096,
  sequence: 4096,
  reached: 0.5,
  multiprocessors: 132,
  setAside: 20,
  copies: copiesBetweenNodes(nodesReached(DEEPSEEK_V3, { nodes: 8 })[3], 8),
  payload: V3_PAYLOAD,
};
const timesWith = (changes: Partial<typeof load>) =>
  layerTimes(DEEPSEEK_V3, machine("h800"), linksOf("h800"), { ...load, ...changes });

describe("a layer's forward and another's backward together", () => {
  it("takes about as long for exchange as for arithmetic in a forward, as the report says, at half of the peak", () => {
    const { forward } = layerSums(timesWith({}));
    expect(forward.arithmetic / forward.exchange).toBeGreaterThan(1.1);
    expect(forward.arithmetic / forward.exchange).toBeLessThan(1.3);
  });

  it("hides all of the exchange while it is no longer than the arithmetic", () => {
    const { inTurn, together, arithmetic } = overlapGain(timesWith({}));
    expect(together).toBeCloseTo(arithmetic, 9);
    expect(inTurn).toBeGreaterThan(1.5 * together);
  });

  it("takes as long as the exchange when that is the longer one", () => {
    const times = timesWith({ copies: 7, reached: 0.9 });
    const { forward, backward } = layerSums(times);
    expect(overlapGain(times).together).toBeCloseTo(forward.exchange + backward.exchange, 9);
  });

  it("never runs two pieces of a lane at once, and nothing before its input", () => {
    const times: LayerTimes = {
      attention: { F: 1, B: 1.2, W: 0.8 },
      experts: { F: 2, B: 2, W: 2 },
      dispatch: 1.1,
      combine: 2.2,
    };
    const pieces = overlapRounds(times, 4);
    expect(pieces).toHaveLength(4 * 10);
    for (const lane of ["arithmetic", "exchange"]) {
      const own = pieces.filter((piece) => piece.lane === lane);
      own.slice(1).forEach((piece, i) => expect(piece.start).toBeGreaterThanOrEqual(own[i].end));
    }
    const piece = (name: string, round: number) => pieces.find((one) => one.name === name && one.round === round)!;
    expect(piece("MLP (F)", 2).start).toBeGreaterThanOrEqual(piece("DISPATCH (F)", 2).end);
    expect(piece("MLP (B)", 2).start).toBeGreaterThanOrEqual(piece("COMBINE (B)", 1).end);
  });
});

describe("a pipeline step made of such layers", () => {
  const times = timesWith({});

  it("computes a little over half of the time in 1F1B, hardly more in ZB1P, and most of it in DualPipe", () => {
    const share = (method: Method) =>
      computingShare(play(scheduleOf(method, 16, 120), chunkTimes(times, 4)), times, 4, 120);
    expect(share("1F1B")).toBeLessThan(0.6);
    expect(share("ZB1P")).toBeLessThan(0.6);
    expect(share("DualPipe")).toBeGreaterThan(0.8);
    expect(share("DualPipe")).toBeLessThan(1);
  });

  it("starts each piece of a lonely forward when the one before it ends", () => {
    const pieces = forwardAlone(times);
    pieces.slice(1).forEach((piece, i) => expect(piece.start).toBe(pieces[i].end));
    const { forward } = layerSums(times);
    expect(pieces[3].end).toBeCloseTo(forward.arithmetic + forward.exchange, 12);
  });
});
