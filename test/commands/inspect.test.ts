/** npm run inspect, on small models and on DeepSeek-V3's own files without their numbers, in a folder and on a hub. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  ftruncateSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { readConfig } from "../../lib/checkpoint/config-json";
import type { RouterFacts } from "../../lib/checkpoint/inspect/routers";
import type { ScaleFacts } from "../../lib/checkpoint/inspect/scales";
import { summarise, type TensorFacts } from "../../lib/checkpoint/inspect/statistics";
import { TensorFiles } from "../../lib/checkpoint/safetensors-read";
import { main } from "../../tools/commands/inspect";
import type { Overview } from "../../tools/commands/inspect/overview";
import { fetchOf, proxyFor } from "../../tools/commands/inspect/proxy";
import { tokenOf } from "../../tools/commands/inspect/source";
import { temporaryFolder } from "../support/folder";
import { fileOf, openHub, type Hub, type HubFile } from "../support/hub";
import { releasedShards, shardBytes, writeSparse } from "../support/released-layout";

const root = path.join(__dirname, "..", "..");
const fixture = (name: string) => path.join(root, "test", "fixtures", name);
const mini = path.join(root, "data", "checkpoints", "v3-mini");
const temporary = temporaryFolder();

interface Found {
  overview: Overview;
  tensors: TensorFacts[];
  routers: RouterFacts[];
  scales: ScaleFacts[];
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

/** Runs the command in this process. */
async function inspect(...args: string[]): Promise<{ out: string; err: string; code: typeof process.exitCode }> {
  let [out, err] = ["", ""];
  const written = ((text: string, done: () => void) => ((out += text), done(), true)) as typeof process.stdout.write;
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation(written);
  const stderr = vi.spyOn(console, "error").mockImplementation((line: string) => void (err += `${line}\n`));
  await main(args);
  for (const spy of [stdout, stderr]) spy.mockRestore();
  const code = process.exitCode;
  process.exitCode = undefined;
  return { out, err, code };
}

const json = async (...args: string[]) => JSON.parse((await inspect(...args, "--json")).out) as Found;

describe("a small model", () => {
  it("is told of as config and headers have it", async () => {
    const { out, err } = await inspect(mini);
    expect(err).toBe("");
    expect(out).toMatch(/6 layers, the first 1 dense; 256 wide; vocabulary 260/);
    expect(out).toMatch(/F8_E4M3 +632 tensors +11,726,848 +11.7 MB/);
    expect(out).toMatch(/routed experts +7,864,320 +7,864,320 +as in the config/);
    expect(out).not.toMatch(/differs|inspected only|Not understood/);
    const { overview } = await json(mini);
    expect(overview.components.every(({ inFiles, byConfig }) => inFiles === byConfig)).toBe(true);
    expect(overview.main).toEqual({ inFiles: 10_082_688, byConfig: 10_082_688 });
  });

  it("has the numbers that are in its files", async () => {
    const [codes, norm] = ["model.layers.1.mlp.experts.0.up_proj.weight", "model.norm.weight"];
    const { tensors, routers, scales } = await json(mini, "--tensor", codes, "--tensor", norm, "--router", "--scales");
    const files = TensorFiles.openFolder(mini);
    const plain = (name: string) => Array.from(files.read(name).values);
    const factors = plain(`${codes}_scale_inv`); // of 128 × 128; the matrix is [64, 256]
    const weights = plain(codes).map((code, i) => Math.fround(code * factors[Math.floor((i % 256) / 128)]));
    const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
    const deviation = Math.sqrt(weights.reduce((sum, x) => sum + (x - mean) ** 2, 0) / weights.length);
    expect(tensors[0]).toMatchObject({
      count: 16384,
      min: Math.min(...weights),
      max: Math.max(...weights),
      scaled: true,
    });
    expect(tensors[0].mean).toBeCloseTo(mean, 12);
    expect(tensors[0].deviation).toBeCloseTo(deviation, 9);
    const saturated = plain(codes).filter((code) => Math.abs(code) === 448).length;
    expect(tensors[0].codes).toMatchObject({ saturated, nan: 0 });
    expect(saturated).toBeGreaterThan(0);
    expect(tensors[0].histogram.reduce((a, b) => a + b, 0)).toBe(16384);
    expect(tensors[1]).toMatchObject({ dtype: "BF16", count: 256, codes: null, max: Math.max(...plain(norm)) });
    const bias = plain("model.layers.3.mlp.gate.e_score_correction_bias");
    const router = routers.find(({ layer }) => layer === 3)!;
    expect(router.favoured[0]).toEqual({ expert: bias.indexOf(Math.max(...bias)), bias: Math.max(...bias) });
    expect(router.held[0].bias).toBe(Math.min(...bias));
    const row = plain("model.layers.3.mlp.gate.weight").slice(0, 256);
    expect(router.norm!.min).toBeLessThanOrEqual(Math.hypot(...row) + 1e-9);
    expect(scales.reduce((sum, { count }) => sum + count, 0)).toBe(1329);
  });

  it("of another layout of numbers has the same statistics, whatever NaN it holds", () => {
    const values = [3, NaN, -1, 0, Infinity, 2];
    const told = { count: 6, notFinite: 2, zeros: 1, min: -1, max: 3, mean: 1 };
    expect(summarise(() => [values.slice(0, 2), values.slice(2)])).toMatchObject(told);
    expect(summarise(() => [values]).deviation).toBeCloseTo(Math.sqrt(2.5), 12);
    expect(summarise(() => [[5, 5]])).toMatchObject({ min: 5, max: 5, deviation: 0 });
  });

  it("whose files and config differ is told of by how much", async () => {
    const dir = temporary();
    for (const file of readdirSync(fixture("one-group")))
      copyFileSync(path.join(fixture("one-group"), file), path.join(dir, file));
    const config = JSON.parse(readFileSync(path.join(dir, "config.json"), "utf8")) as Record<string, number>;
    writeFileSync(path.join(dir, "config.json"), JSON.stringify({ ...config, vocab_size: config.vocab_size + 1 }));
    expect((await inspect(dir)).out).toMatch(/embedding .* differs by -\d+\n/);
  });

  it("of golden values has them beside the parameters", async () => {
    const { overview } = await json(fixture("golden-a-group.safetensors"));
    expect([overview.config, overview.tensors]).toEqual([
      null,
      TensorFiles.openFile(fixture("golden-a-group.safetensors")).names.length,
    ]);
  });
});

describe("a model of another architecture", () => {
  it("is told of by its headers, with a word on what is not understood", async () => {
    const dir = temporary();
    const header: Record<string, object> = {};
    let at = 0;
    for (let layer = 0; layer < 3; layer++) {
      const end = at + 64;
      header[`model.layers.${layer}.self_attn.k_proj.weight`] = {
        dtype: "F16",
        shape: [4, 8],
        data_offsets: [at, end],
      };
      at = end;
    }
    writeFileSync(path.join(dir, "config.json"), '{"model_type": "llama"}');
    writeFileSync(path.join(dir, "model.safetensors"), fileWith(header, at));
    const { out, code } = await inspect(dir);
    expect(code).toBeUndefined();
    expect(out).toMatch(/not understood: config: model_type "llama" is not supported/);
    expect(out).toMatch(/model\.layers\.\*\.self_attn\.k_proj\.weight +3 × +F16 \[4,8\] +96\n/);
  });
});

function fileWith(header: object, bytes: number): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(bytes)]);
}

describe("a hostile header is refused in a line, at once", () => {
  it.each<[string, object, RegExp]>([
    [
      "overlapping offsets",
      { a: entry("F32", [2], 0, 8), b: entry("F32", [2], 4, 12) },
      /tensors a and b overlap by 4 bytes/,
    ],
    [
      "10^12 elements",
      { a: entry("F32", [1e6, 1e6], 0, 16) },
      /\[1000000,1000000\], needs 4000000000000 bytes; its data_off/,
    ],
    [
      "10^12 elements, and their place",
      { a: entry("I8", [1e12], 0, 1e12) },
      /cut off: tensor a needs 1000000000000 bytes/,
    ],
    [
      "10^12 elements of no bytes",
      { a: entry("F8_E5M2", [1e12], 0, 0) },
      /needs 1000000000000 bytes; its data_offsets span 0/,
    ],
  ])("%s", async (_, header, line) => {
    const file = path.join(temporary(), "model.safetensors");
    writeFileSync(file, fileWith(header, 16));
    const { out, err, code } = await inspect(file);
    expect([out, code, err.trimEnd().split("\n").length]).toEqual(["", 1, 1]);
    expect(err).toMatch(line);
  });

  it("100 MB of JSON", async () => {
    const file = path.join(temporary(), "model.safetensors");
    writeFileSync(file, fileWith({}, 0));
    const opened = openSync(file, "r+");
    ftruncateSync(opened, 100_000_008);
    closeSync(opened);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(100_000_000n);
    writeFileSync(file, bytes, { flag: "r+" });
    expect((await inspect(file)).err).toMatch(/its header takes 100000000 bytes; at most 30000000 are read\n$/);
  });
});

function entry(dtype: string, shape: number[], begin: number, end: number): object {
  return { dtype, shape, data_offsets: [begin, end] };
}

describe("on its way to a hub", () => {
  it("takes the proxy that the environment names, and only where it does", async () => {
    const connected: string[] = [];
    const proxy = createServer().on("connect", ({ url, headers }, socket) => {
      connected.push(`${url} ${headers["proxy-authorization"] ?? ""}`);
      const [host, port] = (url ?? "").split(":");
      const through = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        through.pipe(socket).pipe(through);
      });
    });
    await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
    const hub = await openHub(new Map([["config.json", fileOf(Buffer.from("{}"))]]));
    const env = { HTTP_PROXY: `http://me:word@127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    const options = {
      headers: { Range: "bytes=0-0" },
      redirect: "manual",
      signal: new AbortController().signal,
    } as const;
    const address = `${hub.address}/resolve/main/config.json`;
    const answer = await fetchOf(env)(address, options);
    expect([answer.status, answer.headers.get("Content-Range")]).toEqual([206, "bytes 0-0/2"]);
    const reader = answer.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("{");
    expect(await reader.read()).toMatchObject({ done: true });
    expect(connected).toEqual([`${new URL(hub.origin).host} Basic ${Buffer.from("me:word").toString("base64")}`]);
    const direct = await fetchOf({ ...env, NO_PROXY: "127.0.0.1" })(address, options);
    await direct.body!.getReader().cancel();
    expect([direct.status, connected.length]).toEqual([206, 1]);
    await hub.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  it("knows a proxy by the rules that others have", () => {
    const url = new URL("https://hub.example.org/owner/model");
    const of = (env: Record<string, string>) => proxyFor(url, env)?.host ?? null;
    expect(of({ HTTP_PROXY: "http://p:3128" })).toBe(null);
    expect(of({ https_proxy: "p:3128", HTTPS_PROXY: "http://q" })).toBe("p:3128");
    for (const no of ["*", "example.org", ".example.org", "a, hub.example.org:443"]) {
      expect(of({ HTTPS_PROXY: "http://p:3128", NO_PROXY: no })).toBe(null);
    }
    expect(of({ HTTPS_PROXY: "http://p:3128", no_proxy: "ample.org,hub.example.org:80" })).toBe("p:3128");
    expect(() => of({ HTTPS_PROXY: "socks5://p" })).toThrow(/names no http:\/\/ proxy/);
  });

  it("has a token for one hub", () => {
    expect(tokenOf({})).toBe(null);
    expect(tokenOf({ HF_TOKEN: " t\n", HF_ENDPOINT: "https://hub.example.org/x" })).toEqual({
      origin: "https://hub.example.org",
      value: "t",
    });
    expect(new URL(tokenOf({ HF_TOKEN: "t" })!.origin).protocol).toBe("https:");
  });
});

/** The command in a process of its own, with how much memory it took at most, in bytes. */
function spawned(
  args: string[],
  { env = {} as Record<string, string>, killWhen = (): boolean => false, signal = "SIGKILL" as NodeJS.Signals } = {},
) {
  const hook = path.join(temporary(), "memory.cjs");
  writeFileSync(hook, 'process.on("exit", () => process.stderr.write(`\\nmemory ${process.resourceUsage().maxRSS}`));');
  const child = spawn(process.execPath, ["--require", hook, path.join(root, "tools", "run.mjs"), "inspect", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watching = setInterval(() => {
    if (!child.killed && killWhen()) child.kill(signal);
  }, 20);
  return new Promise<{ code: number | null; out: string; err: string; memory: number }>((done) => {
    let [out, err] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (err += piece.toString()));
    child.on("close", (code) => {
      clearInterval(watching);
      const [, kilobytes] = /\nmemory (\d+)$/.exec(err) ?? [];
      done({ code, out, err: err.replace(/\nmemory \d+$/, ""), memory: Number(kilobytes) * 1024 });
    });
  });
}

const bias = (layer: number, expert: number) => Math.fround(2 + ((expert * 37 + layer) % 256) / 1024);

/** Biases as above, routers of ones, and scales of 2^-12 or 1.5 times that; all else is zero. */
function content(name: string): Uint8Array | null {
  const layer = Number(/layers\.(\d+)\./.exec(name)?.[1]);
  if (name.endsWith("e_score_correction_bias"))
    return new Uint8Array(Float32Array.from({ length: 256 }, (_, expert) => bias(layer, expert)).buffer);
  if (name.endsWith("mlp.gate.weight")) return ROUTER;
  return null;
}
const ROUTER = new Uint8Array(new Uint16Array(256 * 7168).fill(0x3f80).buffer);

describe("DeepSeek-V3, all 163 files of it without their numbers", () => {
  const text = readFileSync(fixture("hf_config_671B.json"), "utf8");
  const release = releasedShards(readConfig(JSON.parse(text)), 163);
  let hub: Hub;

  beforeAll(async () => {
    const files = new Map<string, HubFile>([
      ["config.json", fileOf(Buffer.from(text))],
      ["model.safetensors.index.json", fileOf(release.index)],
      ...release.shards.map((shard): [string, HubFile] => {
        const read = (begin: number, end: number) => shardBytes(shard, begin, end, content);
        return [shard.file, { size: shard.size, etag: `"${shard.file}"`, read }];
      }),
    ]);
    hub = await openHub(files);
  });
  afterAll(() => hub.close());

  const headers =
    release.shards.reduce((sum, { header }) => sum + header.length, 0) + release.index.length + text.length;
  const cacheOf = (dir: string) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((found) => found.isFile() && /^\d+-/.test(found.name))
      .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);

  it("in a folder: 671 billion parameters, in little time and memory", async () => {
    const dir = temporary();
    writeSparse(dir, text, release);
    const { out, err, memory } = await spawned([dir, "--json"]);
    expect(err).toBe("");
    const { overview } = JSON.parse(out) as Found;
    expect(overview.main).toEqual({ inFiles: 671_026_404_352, byConfig: 671_026_404_352 });
    expect(overview.components.every(({ inFiles, byConfig }) => inFiles === byConfig)).toBe(true);
    const numbers = (dtype: string) => overview.formats.find((format) => format.dtype === dtype)?.numbers;
    expect(["F8_E4M3", "BF16", "F32"].map(numbers)).toEqual([680_571_043_840, 3_918_786_560, 41_555_600]);
    expect(overview.files).toBe(163);
    expect(memory).toBeLessThan(300e6);
  });

  it("on a hub: the same, and only headers come", async () => {
    const dir = temporary();
    const refused = await spawned([hub.address, "--cache", dir]);
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toMatch(
      /^inspect: this reads 8\.9 MB \(model\.safetensors\.index\.json\): add --yes to go on\n$/,
    );
    const sent = hub.sent;
    const { out, err, memory } = await spawned([hub.address, "--json", "--yes", "--cache", dir]);
    const { overview } = JSON.parse(out) as Found;
    expect(overview.main).toEqual({ inFiles: 671_026_404_352, byConfig: 671_026_404_352 });
    expect(err).toMatch(/^\d\d\.\d MB came over the network; they stay in /);
    expect(memory).toBeLessThan(300e6);
    expect(cacheOf(dir)).toBe(headers);
    expect(hub.sent - sent).toBeLessThan(1.05 * headers);
  });

  it("on a hub with --router: biases and routers of all layers, and little more", async () => {
    const [dir, sent] = [temporary(), hub.sent];
    const { out, err } = await spawned([hub.address, "--json", "--yes", "--router", "--cache", dir]);
    expect(err).toMatch(/came over the network/);
    const { routers } = JSON.parse(out) as Found;
    expect(routers.map(({ layer }) => layer)).toEqual(Array.from({ length: 59 }, (_, i) => i + 3));
    for (const { layer, bias: found, favoured, held, norm } of routers) {
      const all = Array.from({ length: 256 }, (_, expert) => bias(layer, expert));
      expect([found.min, found.max, found.spread]).toEqual([2, bias(layer, favoured[0].expert), 255 / 1024]);
      expect(found.mean).toBeCloseTo(all.reduce((a, b) => a + b) / 256, 12);
      expect(held[0]).toEqual({ expert: all.indexOf(2), bias: 2 });
      expect(norm).toMatchObject({ min: Math.sqrt(7168), max: Math.sqrt(7168) });
    }
    const needed = headers + 59 * (256 * 7168 * 2 + 256 * 4);
    expect(cacheOf(dir)).toBeGreaterThanOrEqual(needed);
    expect(hub.sent - sent).toBeLessThan(1.05 * needed);
  });

  it("on a hub: what a killed process has received is not fetched again, nor what one that was stopped has", async () => {
    for (const [signal, code, line] of [
      ["SIGKILL", null, /^$/],
      ["SIGINT", 130, /^inspect: stopped; what was received stays in \S+, and the same command goes on from there\n$/],
    ] as const) {
      const dir = temporary();
      const killWhen = () => cacheOf(dir) > 1.05 * release.index.length;
      const killed = await spawned([hub.address, "--yes", "--cache", dir], { killWhen, signal });
      expect(killed.code).toBe(code);
      expect(killed.err).toMatch(line);
      const there = cacheOf(dir);
      expect(there).toBeLessThan(headers);
      const { err } = await spawned([hub.address, "--yes", "--cache", dir]);
      expect(err).toMatch(/came over the network/);
      expect(cacheOf(dir)).toBe(headers); // pieces that had come twice would be there twice
    }
  });
});
