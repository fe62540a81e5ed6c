/** What lessons read of a real model, from a hub on this machine that has the headers of eight layers of DeepSeek-V3, and some numbers. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../lib/checkpoint/config-json";
import {
  fromRealWeights,
  REAL_BIASES,
  REAL_ROUTERS,
  realScales,
  type Reading,
  type ReadingOptions,
} from "../../lib/lessons/real-weights";
import { captured } from "../notebook/captured";
import { fileOf, openHub, type Hub, type HubFile } from "../support/hub";
import { releasedShards, shardBytes } from "../support/released-layout";

const released = readFileSync(path.join(__dirname, "..", "fixtures", "hf_config_671B.json"), "utf8");
const text = JSON.stringify({ ...(JSON.parse(released) as object), num_hidden_layers: 8 }); // it is about single layers
const bytes = (values: Float32Array | Uint16Array) => new Uint8Array(values.buffer);
const BIAS = bytes(Float32Array.from({ length: 256 }, (_, e) => (e === 7 ? 5 : e === 9 ? -3 : e / 256)));
const ROUTER = bytes(new Uint16Array(256 * 7168).fill(0x3f80)); // ones in BF16
const SCALES = bytes(new Float32Array(16 * 56).fill(0.25));

function content(name: string): Uint8Array | null {
  if (name.endsWith("e_score_correction_bias")) return BIAS;
  if (name.endsWith("mlp.gate.weight")) return ROUTER;
  return /\.experts\.\d+\.up_proj\.weight_scale_inv$/.test(name) ? SCALES : null;
}

let hub: Hub;
beforeAll(async () => {
  const release = releasedShards(readConfig(JSON.parse(text)), 12);
  hub = await openHub(
    new Map<string, HubFile>([
      ["config.json", fileOf(Buffer.from(text))],
      ["model.safetensors.index.json", fileOf(release.index)],
      ...release.shards.map((shard): [string, HubFile] => {
        const read = (begin: number, end: number) => shardBytes(shard, begin, end, content);
        return [shard.file, { size: shard.size, etag: `"${shard.file}"`, read }];
      }),
    ]),
  );
});
afterAll(() => hub.close());

/** What is read, and all lines that are said. */
async function read<T>(source: string, reading: Reading<T>, options: ReadingOptions = {}) {
  const { shown, result } = await captured(() =>
    fromRealWeights(source, reading, { wait: () => Promise.resolve(), ...options }),
  );
  return { result, lines: shown.map(({ bundle }) => bundle["text/plain"]) };
}

describe("a real model in a lesson", () => {
  it("is not looked for unless it is asked for", async () => {
    const { result, lines } = await read("", REAL_BIASES, { fetch: () => Promise.reject(new Error("fetched")) });
    expect(result).toBeNull();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^Off: nothing was read\. .*the correction biases of all layers/);
  });

  it("has its biases read, and little else", async () => {
    const before = hub.sent;
    const { result, lines } = await read(hub.address, REAL_BIASES);
    expect(result).toHaveLength(6); // 3 … 7, with the module for multi-token prediction
    expect(result![0]).toMatchObject({ layer: 3, experts: 256, norm: null, bias: { min: -3, max: 5, spread: 8 } });
    expect(result![0].favoured[0]).toEqual({ expert: 7, bias: 5 });
    expect(result![0].held[0]).toEqual({ expert: 9, bias: -3 });
    expect(hub.sent - before).toBeLessThan(4e6);
    const sent = ((hub.sent - before) / 1e6).toFixed(1);
    expect(lines[lines.length - 1]).toMatch(`biases of all layers; ${sent} MB came over the network.`);
    expect(lines.some((line) => /^reading the headers of 12 files: \d+%/.test(line))).toBe(true);
  });

  it("that would be too much, or is not there, costs a line", async () => {
    const large = await read(hub.address, REAL_ROUTERS, { most: 10e6 });
    expect(large.result).toBeNull();
    const last = large.lines[large.lines.length - 1];
    expect(last).toMatch(
      /^Not read, and the lesson goes on: the routers of three layers: .*MB would come over the network, more than 10\.0 MB\.$/,
    );
    const none = await read("test/fixtures/nothing", REAL_BIASES);
    expect(none.result).toBeNull();
    expect(none.lines).toHaveLength(1);
    expect(none.lines[0]).toMatch(/^Not read, and the lesson goes on: test.fixtures.nothing/);
  });

  it.each([
    ["without a network", Object.assign(new Error("x"), { code: "ENOTFOUND" }), /no network, or there is no such/],
    ["in a tab that may not ask there", new TypeError("Failed to fetch"), /no connection/],
  ])("%s is one line", async (_, error, said) => {
    const { result, lines } = await read("https://example.org/owner/model", REAL_BIASES, {
      fetch: () => Promise.reject(error),
    });
    expect(result).toBeNull();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(said);
    expect(lines[0]).not.toContain("\n");
  });

  it("in a folder is read without a network: routers and scales of v3-mini", async () => {
    const fetch = () => Promise.reject(new Error("fetched"));
    const folder = "data/checkpoints/v3-mini";
    const routers = await read(folder, REAL_ROUTERS, { fetch });
    expect(routers.result!.map(({ layer }) => layer)).toEqual([1, 3, 6]); // of 1 … 5 and the module's 6
    expect(routers.result!.every(({ norm, experts }) => norm!.min > 0 && experts === 32)).toBe(true);
    const scales = await read(folder, realScales(1), { fetch });
    const experts = scales.result!.find(({ component }) => component === "routed experts")!;
    expect(experts.count).toBe(32 * 3 * 2); // [64, 256] is two blocks, and so is [256, 64]
    const dense = await read(folder, realScales(99), { fetch });
    expect(dense.lines).toEqual(["Not read, and the lesson goes on: layer 99 of this model has no block scales."]);
  });

  it("has one layer's scales read", async () => {
    const { result } = await read(hub.address, realScales(5));
    const experts = result!.find(({ component }) => component === "routed experts")!;
    expect(experts.count).toBe(256 * 3 * 16 * 56);
    expect(experts.powers).toEqual([{ power: -2, count: 256 * 16 * 56 }]);
  });
});
