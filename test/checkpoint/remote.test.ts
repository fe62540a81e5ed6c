/** Models on a web server: a hub on this machine, which misbehaves when asked to. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadCheckpoint } from "../../lib/checkpoint/checkpoint";
import { modelAddress } from "../../lib/checkpoint/remote/address";
import { loadRemote } from "../../lib/checkpoint/remote/load";
import { merged, requestsFor, without } from "../../lib/checkpoint/remote/ranges";
import { RemoteFiles, type RemoteOptions } from "../../lib/checkpoint/remote/remote-files";
import { TensorFiles } from "../../lib/checkpoint/safetensors-read";
import { disposeWeights, namedTensors } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { temporaryFolder } from "../support/folder";
import { folderFiles, openHub, type Fault, type Hub, type Seen } from "../support/hub";

const sharded = path.join(__dirname, "..", "fixtures", "sharded");
const shards = readdirSync(sharded).filter((name) => name.endsWith(".safetensors"));
const temporary = temporaryFolder();
const total = [...folderFiles(sharded)].reduce(
  (sum, [name, { size }]) => sum + (name === "expected.json" ? 0 : size),
  0,
);
const token = "a-secret";
const hubs: Hub[] = [];

async function hubOf(dir = sharded, options = {}): Promise<Hub> {
  const hub = await openHub(folderFiles(dir), options);
  hubs.push(hub);
  return hub;
}

/** Without its waiting: seconds that would have been waited are counted. */
function options(more: Partial<RemoteOptions> = {}): RemoteOptions & { waited: number[] } {
  const waited: number[] = [];
  return { cache: null, wait: async (seconds) => void waited.push(seconds), waited, ...more };
}

/** That fault for the first answers about a file from one of the servers. */
function first(fault: Fault, file: string | RegExp, times = 1, server: Seen["server"] = "store") {
  let left = times;
  return (seen: Seen) => (seen.server === server && seen.file.match(file) && left-- > 0 ? fault : null);
}

async function told(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error("nothing went wrong"),
    (error: Error) => error,
  );
  expect(error.message).not.toMatch(/\n|signature|a-secret/);
  expect(error.message.length).toBeLessThan(300);
  return error.message;
}

const everything = async (hub: Hub, given = options()) => {
  const files = await RemoteFiles.open(hub.address, given);
  const tensors = await files.tensors();
  await files.fetchTensors(tensors, tensors.names, "all tensors");
  return { files, tensors };
};

/** Every number of a model, by tensor. */
const numbers = (tensors: TensorFiles) => tensors.names.map((name) => [name, tensors.read(name)]);

afterEach(async () => {
  await Promise.all(hubs.splice(0).map((hub) => hub.close()));
});

beforeAll(() => useBackend("cpu"));

describe("a model on a hub", () => {
  it("has the same tensors as in a folder, and is loaded as from there", async () => {
    const hub = await hubOf();
    const { files, tensors } = await everything(hub);
    expect(numbers(tensors)).toEqual(numbers(TensorFiles.openFolder(sharded)));
    const [remote, local] = [await loadRemote(hub.address, options()), loadCheckpoint(sharded)];
    expect(remote.config).toEqual(local.config);
    const values = ({ weights }: typeof local) => namedTensors(weights).map(({ tensor }) => tensor.dataSync());
    expect(values(remote)).toEqual(values(local));
    for (const { weights } of [remote, local]) disposeWeights(weights);
    expect(() => files.read(shards[0], 0, 8)).not.toThrow();
  });

  it("is read tensor by tensor, and little else comes along", async () => {
    const hub = await hubOf();
    const files = await RemoteFiles.open(hub.address, options());
    const tensors = await files.tensors();
    const [name] = tensors.names.filter((name) => name.endsWith("e_score_correction_bias"));
    const before = hub.sent;
    expect(() => tensors.read(name)).toThrow(/bytes \d+ to \d+ have not been fetched/);
    await files.fetchTensors(tensors, [name], "a bias");
    const { begin, end } = tensors.info(name);
    expect(hub.sent - before).toBe(end - begin);
    expect(tensors.read(name)).toEqual(TensorFiles.openFolder(sharded).read(name));
  });

  it("is found at its page, at a version of it, in a folder of any server, and as one file", async () => {
    expect(modelAddress("https://h/o/n").folders).toEqual(["https://h/o/n/resolve/main/", "https://h/o/n/"]);
    expect(modelAddress("https://h/o/n/tree/v2/").folders).toEqual(["https://h/o/n/resolve/v2/"]);
    expect(modelAddress("https://h/models/a/b").folders).toEqual(["https://h/models/a/b/"]);
    const one = { folders: ["https://h/o/n/resolve/main/"], file: "a.safetensors" };
    expect(modelAddress("https://h/o/n/blob/main/a.safetensors?download=true")).toEqual(one);
    expect(() => modelAddress("https://me:word@h/o/n")).toThrow(/a name or a password/);
    const hub = await hubOf();
    const files = await RemoteFiles.open(`${hub.address}/blob/main/${shards[1]}`, options());
    const tensors = await files.tensors();
    expect(tensors.names).toEqual(TensorFiles.openFile(path.join(sharded, shards[1])).names);
    expect(await told(RemoteFiles.open(`${hub.origin}/owner/other`, options()))).toMatch(
      /there is no model: no config/,
    );
  });

  it("gets the token, and the server that it sends to does not", async () => {
    const hub = await hubOf();
    await everything(hub, options({ token: { origin: hub.origin, value: token } }));
    const of = (server: Seen["server"]) => hub.seen.filter((seen) => seen.server === server);
    expect(new Set(of("front").map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]));
    expect(of("store").length).toBeGreaterThan(3);
    expect(of("store").every(({ authorization }) => authorization === null)).toBe(true);
    hub.seen.length = 0;
    await everything(hub, options({ token: { origin: "https://elsewhere.example", value: token } }));
    expect(hub.seen.every(({ authorization }) => authorization === null)).toBe(true);
  });
});

describe("what is there already", () => {
  it("is not fetched again, by the next process either", async () => {
    const [hub, cache] = [await hubOf(), temporary("cache")];
    const { tensors } = await everything(hub, options({ cache }));
    const sent = hub.sent;
    const again = await everything(hub, options({ cache }));
    expect(numbers(again.tensors)).toEqual(numbers(tensors));
    expect([hub.sent, again.files.received]).toEqual([sent, 0]);
  });

  it("is kept up to the last byte when the work is ended", async () => {
    const [hub, cache] = [await hubOf(), temporary("cache")];
    const ending = new AbortController();
    const fetch: RemoteOptions["fetch"] = (address, given) => {
      if (hub.seen.length > 9) ending.abort(new Error("stopped"));
      return globalThis.fetch(address, given);
    };
    expect(await told(everything(hub, options({ cache, fetch, signal: ending.signal })))).toBe("stopped");
    const { files } = await everything(hub, options({ cache }));
    expect(files.received).toBeGreaterThan(0);
    expect(files.received).toBeLessThan(total);
    expect(hub.sent).toBeLessThanOrEqual(total);
  });

  it("is forgotten when the model has changed", async () => {
    const [hub, cache] = [await hubOf(), temporary("cache")];
    await everything(hub, options({ cache }));
    hub.fault = ({ file }) => (file.endsWith("index.json") ? { kind: "etag", etag: '"newer"' } : null);
    const { files } = await everything(hub, options({ cache }));
    expect(files.received).toBeGreaterThan(100_000);
  });

  it("is a reason to stop when a file changes in between", async () => {
    const hub = await hubOf();
    const files = await RemoteFiles.open(hub.address, options());
    const tensors = await files.tensors();
    hub.fault = ({ server }) => (server === "store" ? { kind: "etag", etag: '"newer"' } : null);
    expect(await told(files.fetchTensors(tensors, tensors.names, "all"))).toMatch(
      /it has changed on the server; run this/,
    );
  });
});

describe("a server that fails", () => {
  it.each<[string, Fault, number, RegExp]>([
    ["is busy and says how long", { kind: "status", status: 429, headers: { "retry-after": "7" } }, 3, /^7,7,7$/],
    ["is not well", { kind: "status", status: 503 }, 3, /^0.5,1,2$/],
    ["cuts the connection off", { kind: "cut", after: 30 }, 3, /^0.5(,0.5)*$/],
  ])("%s for a while is asked again", async (_, fault, times, waits) => {
    const hub = await hubOf();
    hub.fault = first(fault, shards[0], times);
    const given = options();
    const { tensors } = await everything(hub, given);
    expect(numbers(tensors)).toEqual(numbers(TensorFiles.openFolder(sharded)));
    expect(given.waited.join()).toMatch(waits);
  });

  it("is asked for no byte twice where it broke off", async () => {
    const hub = await hubOf();
    hub.fault = first({ kind: "cut", after: 1500 }, /./, 10);
    const { files } = await everything(hub);
    expect(files.received).toBe(total);
    expect(hub.sent - files.received).toBeLessThanOrEqual(10 * 1500); // what was under way when the connection ended
  });

  it.each<[string, Fault, RegExp]>([
    [
      "is busy for good",
      { kind: "status", status: 429 },
      /00003.safetensors: the server answers 429, 5 times in a row$/,
    ],
    [
      "is busy for long",
      { kind: "status", status: 429, headers: { "retry-after": "3600" } },
      /the server answers 429: try again in 3600 seconds$/,
    ],
    ["is not well", { kind: "status", status: 503 }, /the server answers 503, 5 times in a row$/],
    ["cuts off at once", { kind: "cut", after: 0 }, /the connection was cut off.*5 times in a row$/],
    [
      "sends another range",
      { kind: "range", range: "bytes 8-47/99999" },
      /answers with "bytes 8-47\/99999" where bytes=0-39/,
    ],
    [
      "hides the size",
      { kind: "range", range: "bytes 0-39/*" },
      /answers with "bytes 0-39\/\*" where bytes=0-39 was asked/,
    ],
    ["knows no ranges", { kind: "whole" }, /sends whole files only, no parts \(byte ranges\): download it first$/],
    ["has lost a file", { kind: "status", status: 404 }, /it places tensor \S+ in \S+, which is not there$/],
    ["wants to know who asks", { kind: "status", status: 401 }, /the server answers 401: .* HF_TOKEN may hold a token/],
    ["says something else", { kind: "status", status: 418 }, /the server answers 418$/],
  ])("%s is told of in a line", async (_, fault, line) => {
    const hub = await hubOf();
    hub.fault = first(fault, shards[0], Infinity);
    expect(await told(everything(hub))).toMatch(line);
  });

  it("or is not there is told of in a line", async () => {
    const hub = await hubOf();
    await hub.close();
    expect(await told(RemoteFiles.open(hub.address, options()))).toMatch(
      /no server answers there \(ECONNREFUSED\), 5 times/,
    );
  });

  it("that sends in circles, or away from https, is left", async () => {
    const hub = await hubOf();
    const to = (location: string) => () => ({ kind: "status", status: 302, headers: { location } }) as const;
    hub.fault = to(hub.address);
    expect(await told(RemoteFiles.open(hub.address, options()))).toMatch(
      /from one address to another more than 5 times/,
    );
    hub.fault = to("file:///etc/passwd");
    expect(await told(RemoteFiles.open(hub.address, options()))).toMatch(
      /sends from http: to file:, which is not foll/,
    );
  });

  it("ends nothing that was agreed to: what is not, is not fetched", async () => {
    const hub = await hubOf();
    const asked: string[] = [];
    const agree = (bytes: number, what: string) => {
      asked.push(`${what}: ${bytes}`);
      if (what === "all tensors") throw new Error("too much");
    };
    expect(await told(everything(hub, options({ agree })))).toBe("too much");
    const tensors = TensorFiles.openFolder(sharded);
    const bytes = tensors.names.map((name) => tensors.info(name)).reduce((sum, { begin, end }) => sum + end - begin, 0);
    expect(asked.pop()).toBe(`all tensors: ${bytes}`);
    expect(asked).toHaveLength(4);
    expect(hub.sent).toBeLessThan(200_000);
  });
});

describe("ranges", () => {
  it("become few requests, and little comes with them", () => {
    const at = (begin: number, end: number) => ({ begin, end });
    expect(merged([at(5, 9), at(0, 3), at(3, 5), at(20, 20)])).toEqual([at(0, 9)]);
    expect(merged([at(0, 100), at(102, 202), at(300, 400)], 0.02)).toEqual([at(0, 202), at(300, 400)]);
    expect(without([at(0, 10), at(20, 30)], [at(2, 4), at(8, 25)])).toEqual([at(0, 2), at(4, 8), at(25, 30)]);
    const wanted = [{ file: "a", ...at(0, 70e6) }];
    const known = () => ({ size: 65e6, there: [at(0, 1e6)] });
    expect(requestsFor(wanted, known).map(({ begin, end }) => [begin, end])).toEqual([
      [1e6, 33e6],
      [33e6, 65e6],
    ]);
  });
});
