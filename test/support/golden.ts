/** Golden values: reference inputs, outputs and weights in one safetensors file, beside a JSON file with the config. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import type { DeepSeekV3 } from "../../lib/model/model";
import { TensorFiles, type TensorValues } from "../../lib/checkpoint/safetensors-read";

export interface Golden {
  model: DeepSeekV3;
  ids: number[][];
  /** The reference value of that name, without "golden." */
  value(name: string): TensorValues;
}

/** Opens test/fixtures/NAME.safetensors, its weights as a model on the current backend. */
export function openGolden(name: string): Golden {
  const fixture = path.join(__dirname, "..", "fixtures", name);
  const files = TensorFiles.openFile(`${fixture}.safetensors`);
  const { config } = JSON.parse(readFileSync(`${fixture}.json`, "utf8")) as { config: object };
  const dir = mkdtempSync(path.join(tmpdir(), "golden-"));
  try {
    copyFileSync(`${fixture}.safetensors`, path.join(dir, "model.safetensors"));
    writeFileSync(path.join(dir, "config.json"), JSON.stringify(config));
    const { shape, values } = files.read("golden.input_ids");
    const [B, T] = shape;
    const ids = Array.from({ length: B }, (_, b) => Array.from(values.slice(b * T, (b + 1) * T)));
    return { model: loadModel(dir), ids, value: (key) => files.read(`golden.${key}`) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
