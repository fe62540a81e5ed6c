import { describe, expect, it } from "vitest";
import {
  decodeBound, exchangeBytes, exchangeSeconds, expectedNodes, expertsAtSamePrice, linksOf, meanNodes, V3_PAYLOAD,
} from "../../lib/economics/communication";
import { value } from "../../lib/economics/facts";
import {
  chunkTimes, computingShare, forwardAlone, layerSums, layerTimes, overlapGain, overlapRounds, type LayerTimes,
} from "../../lib/lessons/06-hardware-and-communication/overlap";
import { play } from "../../lib/economics/pipeline";
import { machine } from "../../lib/economics/roofline";
import { scheduleOf, type Method } from "../../lib/economics/pipeline-schedules";
import { DEEPSEEK_V3 } from "../../lib/model/config";
import { Random } from "../../lib/tensor/random";

const v3 = { experts: 256, nodes: 8, active: 8 };

describe("the nodes that a token reaches", () => {
  it("agrees with drawing experts evenly", () => {
    const random = new Random(3);
    const draw = () => {
      const chosen = new Set<number>();
      while (chosen.size < 8) chosen.add(Math.floor(random.uniform() * 256));
      return [...chosen];
    };
    const drawn = Array.from({ length: 20_000 }, draw);
    expect(meanNodes(drawn, { experts: 256, nodes: 8 })).toBeCloseTo(expectedNodes({ ...v3, limit: 8 }), 1);
  });

  it("is the number of experts where each has a node of its own, and the limit where all must spread", () => {
    expect(expectedNodes({ experts: 8, nodes: 8, active: 8, limit: 8 })).toBeCloseTo(8, 12);
    expect(expectedNodes({ ...v3, limit: 1 })).toBe(1);
    expect(expectedNodes({ ...v3, limit: 4 })).toBeLessThan(4);
  });

  it("refuses limits that leave too little", () => {
    expect(() => expectedNodes({ ...v3, limit: 9 })).toThrow("a limit of 9 nodes; there are 8");
    expect(() => expectedNodes({ experts: 16, nodes: 8, active: 8, limit: 2 })).toThrow("can't hold 8 active experts");
  });
});

describe("bytes and time", () => {
  it("counts one byte out and two back for each number and copy", () => {
    expect(exchangeBytes(7168, { interNode: 4, intraNode: 8 }, V3_PAYLOAD)).toEqual({
      interNode: 4 * 3 * 7168,
      intraNode: 8 * 3 * 7168,
    });
  });

  it("lets the slower link decide", () => {
    const links = { interNode: 50, intraNode: 160 };
    expect(exchangeSeconds({ interNode: 100, intraNode: 160 }, links)).toBe(2);
    expect(exchangeSeconds({ interNode: 100, intraNode: 480 }, links)).toBe(3);
  });

  it("lets a token reach 13 experts at the price of 8, as the report says", () => {
    const experts = expertsAtSamePrice(value("systems", "v3-training", "nodeLimit"), linksOf("h800"));
    expect(experts).toBeCloseTo(12.8, 12);
    expect(Math.round(experts)).toBe(value("systems", "v3-training", "expertsAtSamePrice"));
    expect(experts / 4).toBeCloseTo(value("systems", "v3-training", "expertsPerNode"), 12);
  });

  it("gives the published bound on decoding: 120.96 µs, 14.76 ms, 67 tokens/s", () => {
    const of = (key: string) => value("systems", "v3-decode-bound", key);
    const bound = decodeBound({
      tokens: of("tokens"), copies: of("copies"), hiddenSize: of("hiddenSize"),
      payload: V3_PAYLOAD, bandwidth: linksOf("h800").interNode, layers: 61,
    });
    expect(bound.exchange).toBeCloseTo(of("exchange"), 10);
    expect(bound.step).toBeCloseTo(of("step"), 5);
    expect(Math.floor(bound.tokensPerSecond)).toBe(of("tokensPerSecond"));
  });
});

describe("a layer's forward and another's backward together", () => {
  const at = (changes: object) =>
    layerTimes(DEEPSEEK_V3, machine("h800"), linksOf("h800"), {
      tokens: 4096, sequence: 4096, reached: 0.5, multiprocessors: 132, setAside: 20, nodeLimit: 4, payload: V3_PAYLOAD,
      ...changes,
    });

  it("takes about as long for exchange as for arithmetic in a forward, as the report says, at half of the peak", () => {
    const { forward } = layerSums(at({}));
    expect(forward.arithmetic / forward.exchange).toBeGreaterThan(0.9);
    expect(forward.arithmetic / forward.exchange).toBeLessThan(1.2);
  });

  it("hides all of the exchange while it is no longer than the arithmetic", () => {
    const { inTurn, together, arithmetic } = overlapGain(at({}));
    expect(together).toBeCloseTo(arithmetic, 9);
    expect(inTurn).toBeGreaterThan(1.5 * together);
  });

  it("takes as long as the exchange when that is the longer one", () => {
    const times = at({ nodeLimit: 8, reached: 0.9 });
    const { forward, backward } = layerSums(times);
    expect(overlapGain(times).together).toBeCloseTo(forward.exchange + backward.exchange, 9);
  });

  it("never runs two pieces of a lane at once, and nothing before its input", () => {
    const times: LayerTimes = {
      attention: { F: 1, B: 1.2, W: 0.8 }, experts: { F: 2, B: 2, W: 2 }, dispatch: 1.1, combine: 2.2,
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
  const load = {
    tokens: 4096, sequence: 4096, reached: 0.5, multiprocessors: 132, setAside: 20, nodeLimit: 4, payload: V3_PAYLOAD,
  };
  const times = layerTimes(DEEPSEEK_V3, machine("h800"), linksOf("h800"), load);

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
