/**
 * Models, calls and texts that nothing can be made of, two hundred of them: each is answered by an error of one line
 * under 300 characters, at once and without much memory. Most go through the library in this process, a few through the
 * real commands.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadCheckpoint, saveCheckpoint } from "../../lib/checkpoint/checkpoint";
import { VOCAB_SIZE } from "../../lib/corpus/bytes";
import { tinyConfig } from "../../lib/model/config";
import { disposeWeights, initWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { main as forward } from "../../tools/commands/forward";
import { main as generate } from "../../tools/commands/generate";
import { main as quantise } from "../../tools/commands/quantise";
import { temporaryFolder } from "../support/folder";

const temporary = temporaryFolder();
const posix = process.platform !== "win32";
let model: string; // a good one, F32
let inFp8: string;

beforeAll(async () => {
  await useBackend("cpu");
  const config = tinyConfig({ vocabSize: VOCAB_SIZE, maxPositionEmbeddings: 64, ropeScaling: null });
  const weights = initWeights(config, 1);
  [model, inFp8] = [temporary("model"), temporary("fp8")];
  await saveCheckpoint(model, config, weights, { dtype: "F32" });
  await saveCheckpoint(inFp8, config, weights, { dtype: "F8_E4M3" });
  disposeWeights(weights);
});

type Json = Record<string, unknown>;
type Header = Record<string, { dtype: string; shape: unknown; data_offsets: unknown }>;

/** A copy of a model, changed. */
function changed(change: (dir: string) => void, from = model): string {
  const dir = temporary("changed");
  cpSync(from, dir, { recursive: true });
  change(dir);
  return dir;
}
const configOf = (dir: string) => path.join(dir, "config.json");
const tensorsOf = (dir: string) => path.join(dir, "model.safetensors");

function withConfig(change: (config: Json) => Json | string): string {
  return changed((dir) => {
    const made = change(JSON.parse(readFileSync(configOf(dir), "utf8")) as Json);
    writeFileSync(configOf(dir), typeof made === "string" ? made : JSON.stringify(made));
  });
}

/** The header of a file changed, its numbers left as they are; or the bytes of both. */
function withTensors(change: (header: Header, numbers: Buffer) => unknown, from = model): string {
  return changed((dir) => {
    const bytes = readFileSync(tensorsOf(dir));
    const begin = 8 + Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, begin).toString()) as Header;
    delete header.__metadata__;
    const numbers = Buffer.from(bytes.subarray(begin));
    const made = change(header, numbers) ?? header;
    const text = Buffer.from(typeof made === "string" ? made : JSON.stringify(made));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(tensorsOf(dir), Buffer.concat([length, text, numbers]));
  }, from);
}

function withIndex(map: unknown, more: (dir: string) => void = () => {}): string {
  return changed((dir) => {
    const whole = JSON.stringify({ weight_map: map });
    rmSync(tensorsOf(dir));
    writeFileSync(`${tensorsOf(dir)}.index.json`, whole);
    more(dir);
  });
}

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const long = "x".repeat(3_000_000);
const setNaN = (name: string) => (header: Header, numbers: Buffer) => {
  const [begin, end] = header[name].data_offsets as [number, number];
  numbers.writeFloatLE(NaN, end - begin > 4 ? begin + 4 : begin);
};

interface Case {
  name: string;
  make: () => string;
  message?: RegExp;
}

function configCases(): Case[] {
  const sizes = [
    "vocab_size hidden_size intermediate_size moe_intermediate_size num_hidden_layers num_attention_heads",
    "kv_lora_rank qk_nope_head_dim qk_rope_head_dim v_head_dim n_routed_experts num_experts_per_tok n_group topk_group",
  ].flatMap((names) => names.split(" "));
  const values: unknown[] = [-1, 0, 1.5, "many", [], 1e15, null];
  const odd = sizes.flatMap((key) =>
    values.map((value): Case => {
      const make = () => withConfig((config) => ({ ...config, [key]: value, num_key_value_heads: undefined }));
      return { name: `${key} ${JSON.stringify(value)}`, make };
    }),
  );
  const set = (name: string, change: Json, message: RegExp): Case => ({
    name,
    make: () => withConfig((config) => ({ ...config, ...change })),
    message,
  });
  return [
    ...odd,
    set("five million experts", { n_routed_experts: 5_000_000 }, /gate\.weight has shape \[16,64\].*\[5000000,64\]/),
    set("a million layers", { num_hidden_layers: 1_000_000 }, /layer 3 is a multi-token prediction module/),
    set("a layer too many", { num_hidden_layers: 4 }, /layer 3 is a .*within the 4 layers that num_hidden_layers/),
    set("a layer too few", { num_hidden_layers: 2 }, /layer 2 is no multi-token prediction module.*after the 2 layers/),
    set("a hidden size of 20000", { hidden_size: 20_000 }, /embed_tokens\.weight has shape \[260,64\]/),
    set("sparse attention", { index_topk: 2048 }, /index_topk 2048 is not supported; supported: leaving it out/),
    set("sparse attention of no named model", { index_topk: 1, model_type: null }, /index_topk 1 is not supported/),
    set("another model", { model_type: "llama" }, /model_type "llama" is not supported/),
    set("a long name", { model_type: long }, /model_type "xxx.* … .*xxx" is not supported/),
    set("a long number", { hidden_size: long }, /hidden_size must be a number; it is "xxx/),
    set("another quantisation", { quantization_config: { quant_method: "awq" } }, /quant_method "awq"/),
    set("a section that is none", { rope_scaling: 3 }, /rope_scaling must be a JSON object; it is 3/),
    set("YaRN without a factor of sense", { rope_scaling: { type: "yarn", factor: -4 } }, /factor is -4/),
    ...[2_000, 200_000].map((levels): Case => {
      const make = () =>
        withConfig((config) => JSON.stringify({ ...config, hidden_size: 0 }).replace(":0", `:${nested(levels)}`));
      return { name: `${levels} levels`, make };
    }),
    { name: "an array", make: () => withConfig(() => "[]"), message: /config\.json: it must hold a JSON object/ },
    { name: "nothing", make: () => withConfig(() => ""), message: /config\.json: not JSON/ },
    { name: "lines of no JSON", make: () => withConfig(() => "{\n\n'a':\n1"), message: /config\.json: not JSON/ },
    { name: "zeros", make: () => withConfig(() => "\0".repeat(5_000_000)), message: /config\.json: not JSON/ },
    {
      name: "a Git LFS pointer",
      make: () => withConfig(() => "version https://git-lfs.github.com/spec/v1\n"),
      message: /LFS/,
    },
  ];
}

function tensorCases(): Case[] {
  const embedding = "model.embed_tokens.weight";
  const edit = (name: string, change: (header: Header, numbers: Buffer) => unknown, message: RegExp): Case => ({
    name,
    make: () => withTensors(change),
    message,
  });
  const entry = (key: string, value: unknown) => (header: Header) =>
    void Object.assign(header[embedding], { [key]: value });
  const named = [embedding, "model.norm.weight", "lm_head.weight", "model.layers.1.mlp.gate.e_score_correction_bias"];
  const within = [
    "self_attn.kv_b_proj.weight",
    "self_attn.q_a_layernorm.weight",
    "mlp.experts.7.up_proj.weight",
    "mlp.shared_experts.down_proj.weight",
    "mlp.gate.weight",
  ];
  const all = [...named, ...within.map((name) => `model.layers.2.${name}`), "model.layers.3.eh_proj.weight"];
  return [
    ...all.map((name) => edit(`NaN in ${name}`, setNaN(name), /tensor model\.|tensor lm_head/)),
    ...all.map((name) => edit(`${name} missing`, (header) => void delete header[name], /missing/)),
    ...all.map((name) =>
      edit(`${name} of I32`, (header) => void (header[name].dtype = "I32"), /is I32; weights must be/),
    ),
    ...all.map((name) =>
      edit(
        `${name} as long as a text`,
        (header) => void Object.assign(header, { [name + long]: { ...header[name], shape: "?" } }),
        /needs dtype/,
      ),
    ),
    edit("a format of the future", entry("dtype", "F3_E1M1"), /format F3_E1M1, which cannot be read/),
    edit("a format of megabytes", entry("dtype", long), /format xxx.*cannot be read/),
    ...[null, "two", [-1, 64], [1.5, 64], [1e300, 64], [2 ** 40, 2 ** 40], long].map((shape, i) =>
      edit(`shape ${i}`, entry("shape", shape), /needs/),
    ),
    ...[null, [0], [5, 1], [0, 1e18], [0, 2 ** 50], [-4, 0], ["0", "4"]].map((at, i) =>
      edit(`offsets ${i}`, entry("data_offsets", at), /tensor model\.embed/),
    ),
    edit("an entry that is none", (header) => ({ ...header, [embedding]: null }), /its header entry is null/),
    edit(
      "an entry of many levels",
      (header) => JSON.stringify(header).replace("[260,64]", nested(100_000)),
      /header entry is an object of too many/,
    ),
    edit(
      "two in one place",
      (header) => void (header["lm_head.weight"].data_offsets = [0, VOCAB_SIZE * 64 * 4]),
      /overlap/,
    ),
    edit("a header that is an array", () => "[1,2]", /its header is not a JSON object; it begins "\[1,2\]"/),
    ...[0, 1, 7, 8, 9, 100, 5_000].map((size): Case => ({
      name: `cut off after ${size} bytes`,
      make: () => changed((dir) => truncateSync(tensorsOf(dir), size)),
      message: /cut off/,
    })),
    {
      name: "a header longer than the format allows",
      make: () =>
        changed((dir) => {
          const length = Buffer.alloc(8);
          length.writeBigUInt64LE(3_000_000_000n);
          writeFileSync(tensorsOf(dir), length);
          truncateSync(tensorsOf(dir), 3_100_000_000); // holes, which take no room
        }),
      message: /its header takes 3000000000 bytes; at most 30000000 are read/,
    },
    {
      name: "a Git LFS pointer",
      make: () =>
        changed((dir) =>
          writeFileSync(
            tensorsOf(dir),
            `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d".repeat(32)}\nsize 523\n`,
          ),
        ),
      message: /model\.safetensors: it is a Git LFS pointer.*git lfs pull/,
    },
    {
      name: "scales of whole numbers",
      make: () =>
        withTensors((header) => void (header["model.layers.1.self_attn.o_proj.weight_scale_inv"].dtype = "I32"), inFp8),
      message: /o_proj\.weight_scale_inv is I32/,
    },
    {
      name: "scales missing",
      make: () =>
        withTensors((header) => void delete header["model.layers.1.self_attn.o_proj.weight_scale_inv"], inFp8),
      message: /scale_inv is missing/,
    },
    {
      name: "scales of NaN",
      make: () => withTensors(setNaN("model.layers.1.self_attn.o_proj.weight_scale_inv"), inFp8),
    },
  ];
}

function folderCases(): Case[] {
  const cases: Case[] = [
    { name: "nothing there", make: () => temporary("nowhere"), message: /nowhere: there is no such folder/ },
    { name: "an empty folder", make: () => temporary(), message: /config\.json: there is no such file/ },
    { name: "a file", make: () => configOf(changed(() => {})), message: /there is no such folder/ },
    ...["config.json", "model.safetensors"].map((file): Case => ({
      name: `a folder as ${file}`,
      make: () => changed((dir) => (rmSync(path.join(dir, file)), mkdirSync(path.join(dir, file)))),
      message: new RegExp(`${file}: it is a folder`),
    })),
    { name: "an index that is no index", make: () => withIndex("none"), message: /it has no weight_map/ },
    { name: "an index of numbers", make: () => withIndex({ a: 1 }), message: /it has no weight_map/ },
    ...["../model.safetensors", "a/../../model.safetensors", "/etc/passwd", "..", "."].map((shard): Case => ({
      name: `an index that leads to ${shard}`,
      make: () => withIndex({ "model.norm.weight": shard }),
      message: /which is not in its folder/,
    })),
    {
      name: "an index that leads nowhere",
      make: () => withIndex({ "model.norm.weight": "a" }),
      message: /which is not there/,
    },
    { name: "an index of long names", make: () => withIndex({ [long]: long }) },
  ];
  if (!posix) return cases;
  const replaced = (file: string, by: (place: string) => void) => () =>
    changed((dir) => {
      rmSync(path.join(dir, file));
      by(path.join(dir, file));
    });
  for (const file of ["config.json", "model.safetensors"]) {
    const pipe = (place: string) => void execFileSync("mkfifo", [place]);
    cases.push(
      { name: `a pipe as ${file}`, make: replaced(file, pipe), message: /no regular file but a pipe or a device/ },
      {
        name: `endless ${file}`,
        make: replaced(file, (at) => symlinkSync("/dev/zero", at)),
        message: /no regular file/,
      },
      {
        name: `${file} in a circle`,
        make: replaced(file, (at) => symlinkSync(at, at)),
        message: /links lead in a circle/,
      },
      {
        name: `${file} linked to nothing`,
        make: replaced(file, (at) => symlinkSync("nothing", at)),
        message: /there is n/,
      },
    );
  }
  return cases;
}

/** What an error says; it is one line, and not long. */
function toldBy(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    const { message } = error as Error;
    expect(message).not.toMatch(/[\n\r\u0000]/); // eslint-disable-line no-control-regex
    expect(message.length).toBeLessThan(300);
    expect(message).not.toMatch(
      /undefined|Maximum call stack|Invalid (typed )?array length|is not a function|E[A-Z]{4,}:/,
    );
    return message;
  }
  throw new Error("it was accepted");
}

const CASES = [...configCases(), ...tensorCases(), ...folderCases()];

describe("a model that is none is refused in one line, at once, in little memory", () => {
  it("in two hundred ways", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(200);
  });

  it.each(CASES)("$name", ({ make, message = /./ }) => {
    const dir = make();
    const [begin, memory, tensors] = [process.cpuUsage(), process.memoryUsage().rss, tf.memory().numTensors];
    const told = toldBy(() => disposeWeights(loadCheckpoint(dir).weights));
    const { user, system } = process.cpuUsage(begin); // what else the machine does is not counted
    expect((user + system) / 1e6).toBeLessThan(3);
    expect(process.memoryUsage().rss - memory).toBeLessThan(512e6);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(told).toMatch(message);
    rmSync(dir, { recursive: true, force: true });
  });
});

/** Runs a command in this process. */
async function tell(
  main: (args: string[]) => Promise<void>,
  args: string[],
): Promise<{ code: unknown; lines: string[] }> {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  const quiet = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await main(args);
    return { code: process.exitCode, lines };
  } finally {
    spy.mockRestore();
    quiet.mockRestore();
    process.exitCode = undefined;
  }
}

describe("a command ends with exit code 1 and one line", () => {
  const before = process.exitCode;
  afterEach(() => {
    process.exitCode = before;
  });
  const cpu = ["--backend", "cpu"];
  const ids = (count: number) => Array.from({ length: count }, () => 1).join();

  it.each<[string, () => [typeof forward, string[]], RegExp]>([
    [
      "more ids than positions",
      () => [forward, [model, "--ids", ids(65), ...cpu]],
      /65 are too many: the model has 64 pos/,
    ],
    [
      "a position too high",
      () => [forward, [model, "--ids", "1,2", "--positions", "0,64", ...cpu]],
      /64 is too high.*0 to 63/,
    ],
    [
      "an argument of megabytes",
      () => [forward, [model, "--ids", long, ...cpu]],
      /--ids: "xxx.* … .*not a whole number/,
    ],
    ["a folder of megabytes", () => [forward, [`${model}/${long}`, "--ids", "1", ...cpu]], /^forward: /],
    [
      "NaN",
      () => [forward, [withTensors(setNaN("lm_head.weight")), "--ids", "1", ...cpu]],
      /lm_head\.weight holds NaN/,
    ],
    ["NaN", () => [generate, ["--model", withTensors(setNaN("lm_head.weight")), "--prompt", "a", ...cpu]], /holds NaN/],
    ["NaN", () => [quantise, [withTensors(setNaN("lm_head.weight")), temporary("to"), ...cpu]], /holds NaN/],
    [
      "a seed too large",
      () => [generate, ["--model", model, "--prompt", "a", "--seed", "4294967296", ...cpu]],
      /seed is 4294967296/,
    ],
    [
      "a prompt too long",
      () => [generate, ["--model", model, "--prompt", "a".repeat(64), ...cpu]],
      /nothing can follow it/,
    ],
    [
      "itself as the target",
      () => [quantise, [model, `${model}/../${path.basename(model)}`, ...cpu]],
      /are the same folder/,
    ],
  ])("for %s", async (_, call, message) => {
    const [main, args] = call();
    const { code, lines } = await tell(main, args);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(message);
    expect(lines[0].length).toBeLessThan(300);
    expect(lines[0]).not.toContain("\n");
    expect(code).toBe(1);
  });

  it.runIf(posix)("rather than write over the model that it reads, by whatever links", async () => {
    const dir = changed(() => {});
    const [link, above] = [temporary("link"), temporary("above")];
    symlinkSync(dir, link);
    symlinkSync(path.dirname(dir), above);
    const bytes = readFileSync(tensorsOf(dir));
    const throughAbove = path.join(above, path.basename(dir));
    for (const [from, to] of [
      [dir, link],
      [link, dir],
      [dir, throughAbove],
      [throughAbove, `${link}/.`],
    ]) {
      const { code, lines } = await tell(quantise, [from, to, "--windows", "0", ...cpu]);
      expect([code, lines.length]).toEqual([1, 1]);
      expect(lines[0]).toContain("are the same folder");
    }
    expect(readFileSync(tensorsOf(dir)).equals(bytes)).toBe(true);
    // The same name in another folder, and a folder within, are other places.
    const other = path.join(dir, "fp8");
    expect((await tell(quantise, [dir, other, "--windows", "0", ...cpu])).lines).toEqual([]);
    expect(readFileSync(tensorsOf(dir)).equals(bytes)).toBe(true);
    expect(readFileSync(tensorsOf(other)).equals(bytes)).toBe(false);
  });

  it.runIf(posix && process.getuid?.() === 0)("that says when a folder may not be read", () => {
    process.seteuid!(65534);
    try {
      expect(toldBy(() => loadCheckpoint(model))).toMatch(/model: permission denied: it cannot be read/);
    } finally {
      process.seteuid!(0);
    }
  });

  const root = path.join(__dirname, "..", "..");
  const real = (name: string, args: string[], env = {}) =>
    spawnSync(process.execPath, [path.join(root, "tools", "run.mjs"), name, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      encoding: "utf8",
      timeout: 200_000,
    });

  it("as a process of its own too, with five million experts or NaN", () => {
    const experts = withConfig((config) => ({ ...config, n_routed_experts: 5_000_000 }));
    const first = real("forward", [experts, "--ids", "1"]);
    expect([first.status, first.stdout]).toEqual([1, ""]);
    expect(first.stderr).toMatch(/^forward: .*\[5000000,64\]\n$/);
    const second = real("generate", ["--model", withTensors(setNaN("lm_head.weight")), "--prompt", "a"]);
    expect([second.status, second.stdout]).toEqual([1, ""]);
    expect(second.stderr).toMatch(/^generate: .* tensor lm_head\.weight holds NaN, first at number \d+ of 16640\n$/);
  });

  it("or quantises a folder relative to where npm was called", () => {
    const dir = changed(() => {});
    const env = { npm_lifecycle_event: "quantise", INIT_CWD: path.dirname(dir) };
    const { status, stderr } = real("quantise", [path.basename(dir), "in-fp8", "--windows", "0"], env);
    expect([status, stderr]).toEqual([0, ""]);
    expect(existsSync(path.join(path.dirname(dir), "in-fp8", "config.json"))).toBe(true);
  });
});
