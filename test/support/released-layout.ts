/**
 * DeepSeek-V3's files without their numbers: index and headers of the released layout, made from a configuration. What
 * is asked of a tensor's bytes is computed, and most of them are zero, so that 690 GB take no room.
 */
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { isFp8Weight, scaleName, scaleShape } from "../../lib/checkpoint/fp8-weights";
import { eachParameterShape } from "../../lib/checkpoint/parameter-shapes";
import { FORMAT_BITS } from "../../lib/checkpoint/safetensors-formats";
import type { ModelConfig } from "../../lib/model/config";
import { isCorrectionBias } from "../../lib/model/weights";

interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

export interface Shard {
  file: string;
  size: number;
  /** The eight bytes of its length, and its JSON. */
  header: Buffer;
  entries: Entry[];
}

/** The bytes of a tensor that are not all zero. */
export type Content = (name: string) => Uint8Array | null;

const bytesOf = ({ dtype, shape }: Pick<Entry, "dtype" | "shape">) =>
  shape.reduce((product, length) => product * length, FORMAT_BITS.get(dtype)! / 8);

/** All tensors of a release, in the order of the layers. */
function releasedTensors(config: ModelConfig): Pick<Entry, "name" | "dtype" | "shape">[] {
  const { numHiddenLayers: layers, numNextnPredictLayers: mtp, vocabSize: V, hiddenSize: D } = config;
  const plain = [...eachParameterShape(config, { mtp })];
  for (let layer = layers; layer < layers + mtp; layer++) {
    for (const copy of ["embed_tokens.weight", "shared_head.head.weight"]) {
      plain.push({ name: `model.layers.${layer}.${copy}`, shape: [V, D] });
    }
  }
  return plain.flatMap(({ name, shape }) => {
    if (isCorrectionBias(name)) return [{ name, shape, dtype: "F32" }];
    if (!isFp8Weight(name)) return [{ name, shape, dtype: "BF16" }];
    return [
      { name, shape, dtype: "F8_E4M3" },
      { name: scaleName(name), shape: scaleShape(shape), dtype: "F32" },
    ];
  });
}

/** A release of that configuration in so many files, each as the safetensors package orders it: wide numbers first. */
export function releasedShards(config: ModelConfig, count: number): { index: Buffer; shards: Shard[] } {
  const tensors = releasedTensors(config);
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const parts: (typeof tensors)[] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const tensor of tensors) {
    parts[Math.floor((before / total) * count)].push(tensor);
    before += bytesOf(tensor);
  }
  const order = ["F32", "BF16", "F8_E4M3"];
  const weightMap: Record<string, string> = {};
  const shards = parts.map((part, i) => {
    const file = `model-${String(i + 1).padStart(5, "0")}-of-${String(count).padStart(6, "0")}.safetensors`;
    part.sort((a, b) => order.indexOf(a.dtype) - order.indexOf(b.dtype) || (a.name < b.name ? -1 : 1));
    const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
    let at = 0;
    const entries = part.map((tensor) => {
      const [begin, end] = [at, at + bytesOf(tensor)];
      header[tensor.name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] };
      weightMap[tensor.name] = file;
      at = end;
      return { ...tensor, begin, end };
    });
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const start = 8 + text.length;
    for (const entry of entries) [entry.begin, entry.end] = [entry.begin + start, entry.end + start];
    return { file, size: start + at, header: Buffer.concat([length, text]), entries };
  });
  const index = Buffer.from(JSON.stringify({ metadata: { total_size: total }, weight_map: weightMap }, null, 2));
  return { index, shards };
}

/** Bytes begin … end of a file of the release. */
export function shardBytes({ header, entries }: Shard, begin: number, end: number, content: Content): Buffer {
  const bytes = Buffer.alloc(end - begin);
  if (begin < header.length) header.copy(bytes, 0, begin, Math.min(end, header.length));
  for (const entry of entries) {
    if (entry.end <= begin || entry.begin >= end) continue;
    const whole = content(entry.name);
    if (whole === null) continue;
    const from = Math.max(begin, entry.begin);
    bytes.set(whole.subarray(from - entry.begin, Math.min(end, entry.end) - entry.begin), from - begin);
  }
  return bytes;
}

/** Writes a release into a folder, with holes where its numbers would be. */
export function writeSparse(dir: string, config: string, { index, shards }: ReturnType<typeof releasedShards>): void {
  writeFileSync(path.join(dir, "config.json"), config);
  writeFileSync(path.join(dir, "model.safetensors.index.json"), index);
  for (const { file, size, header } of shards) {
    const opened = openSync(path.join(dir, file), "w");
    writeSync(opened, header);
    ftruncateSync(opened, size);
    closeSync(opened);
  }
}
