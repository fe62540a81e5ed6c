/**
 * The config.json of a model that is looked into, not loaded: of a relative of DeepSeek-V3 that this library can't
 * compute, what can be said of its sizes is.
 */
import type { ModelConfig } from "../../model/config";
import { readConfig } from "../config-json";

export interface FamilyConfig {
  /** The model's sizes; null, if it is none of the family. */
  config: ModelConfig | null;
  /** Why it can't be loaded, null if it can. */
  refused: string | null;
}

/** What changes what is computed, and none of the parameters that ModelConfig counts. */
const ASIDE = ["index_topk", "index_n_heads", "index_head_dim", "quantization_config"];

/** Reads the content of a config.json. */
export function readFamily(json: Record<string, unknown>): FamilyConfig {
  try {
    return { config: readConfig(json), refused: null };
  } catch (error) {
    const refused = error instanceof Error ? error.message : String(error);
    try {
      const plain = Object.fromEntries(Object.entries(json).filter(([key]) => !ASIDE.includes(key)));
      const type = json.model_type === "deepseek_v32" ? "deepseek_v3" : json.model_type;
      return { config: readConfig({ ...plain, model_type: type }), refused };
    } catch {
      return { config: null, refused };
    }
  }
}
