import { describe, expect, it } from "vitest";
import {
  copiesBetweenNodes,
  decodeBound,
  exchangeBytes,
  exchangeSeconds,
  expectedNodes,
  expertsAtSamePrice,
  linksOf,
  meanNodes,
  V3_PAYLOAD,
} from "../../lib/economics/communication";
import { value } from "../../lib/economics/facts";
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

  it("compares NVLinks like for like: another chip is taken to use as much of its own as the H800 does", () => {
    const [h800, h100] = ["h800", "h100"].map((id) => linksOf(id).intraNode);
    const stated = (id: string) => value("accelerators", id, "intraNodeLink");
    expect(h100 / h800).toBeCloseTo(stated("h100") / stated("h800"), 12);
    expect(expertsAtSamePrice(4, linksOf("h100"))).toBeCloseTo(28.8, 12);
  });

  it("sends no copy over the network to the token's own node", () => {
    expect(copiesBetweenNodes(8, 8)).toBe(7);
    expect(copiesBetweenNodes(1, 8)).toBe(7 / 8);
  });

  it("gives the published bound on decoding: 120.96 µs, 14.76 ms, 67 tokens/s", () => {
    const of = (key: string) => value("systems", "v3-decode-bound", key);
    const bound = decodeBound({
      tokens: of("tokens"),
      copies: of("copies"),
      hiddenSize: of("hiddenSize"),
      payload: V3_PAYLOAD,
      bandwidth: linksOf("h800").interNode,
      layers: 61,
    });
    expect(bound.exchange).toBeCloseTo(of("exchange"), 10);
    expect(bound.step).toBeCloseTo(of("step"), 5);
    expect(Math.floor(bound.tokensPerSecond)).toBe(of("tokensPerSecond"));
  });
});
