/** What config and headers tell of a model, and whether they agree. */
import {
  countComponents,
  countFormats,
  countOf,
  countPatterns,
  scalesNeeded,
  type Component,
  type FormatCount,
  type NamePattern,
} from "../../../lib/checkpoint/inspect/components";
import { readFamily } from "../../../lib/checkpoint/inspect/family";
import type { TensorFiles } from "../../../lib/checkpoint/safetensors-read";
import { activeParameters, countParameters, mtpParameters } from "../../../lib/economics/parameters";
import type { ModelConfig } from "../../../lib/model/config";

export interface ComponentRow {
  component: Component;
  inFiles: number;
  /** As the config has it; null where it says nothing of it. */
  byConfig: number | null;
}

export interface Overview {
  config: ModelConfig | null;
  /** What config.json calls the model. */
  type: string;
  /** Why it can't be loaded by this library; null if it can, as far as headers tell. */
  refused: string | null;
  files: number;
  tensors: number;
  bytes: number;
  formats: FormatCount[];
  components: ComponentRow[];
  /** Parameters of the main model: without modules, biases, scales, and what is not understood. */
  main: { inFiles: number; byConfig: number } | null;
  active: number | null;
  /** Kinds of tensors that are not understood, the largest first. */
  other: NamePattern[];
}

const BESIDE: Component[] = ["multi-token prediction", "correction biases", "block scales", "indexer", "other"];

/** Takes both together. */
export function overviewOf(json: Record<string, unknown> | null, tensors: TensorFiles): Overview {
  const { config, refused } = json === null ? { config: null, refused: "there is no config.json" } : readFamily(json);
  const formats = countFormats(tensors);
  const facts = {
    config,
    type: String(json?.model_type ?? "unknown"),
    refused,
    files: new Set(tensors.names.map((name) => tensors.place(name).file)).size,
    tensors: tensors.names.length,
    bytes: formats.reduce((sum, { bytes }) => sum + bytes, 0),
    formats,
  };
  const counts = countComponents(tensors, config?.numHiddenLayers ?? Infinity);
  if (config === null) {
    return { ...facts, components: [], main: null, active: null, other: countPatterns(tensors) };
  }
  const expected = expectedOf(config, tensors);
  const names = [...new Set([...expected.keys(), ...counts.keys()])];
  const components = names.map((component) => ({
    component,
    inFiles: counts.get(component) ?? 0,
    byConfig: expected.get(component) ?? null,
  }));
  const main = components.filter(({ component }) => !BESIDE.includes(component));
  return {
    ...facts,
    components,
    main: {
      inFiles: main.reduce((sum, { inFiles }) => sum + inFiles, 0),
      byConfig: main.reduce((sum, { byConfig }) => sum + (byConfig ?? 0), 0),
    },
    active: activeParameters(config, { head: true, embedding: true }),
    other: counts.has("other") ? countPatterns(tensors, config.numHiddenLayers) : [],
  };
}

/** Numbers that files of a config hold, by component. Modules may be left out of files, and their copies of tables. */
function expectedOf(config: ModelConfig, tensors: TensorFiles): Map<Component, number> {
  const expected = new Map<Component, number>();
  for (const { component, total } of countParameters(config)) if (total > 0) expected.set(component, total);
  const { numHiddenLayers: layers, firstKDenseReplace: dense, numNextnPredictLayers: modules, nRoutedExperts } = config;
  const stored = Array.from({ length: modules }, (_, i) => `model.layers.${layers + i}.`).filter((layer) =>
    tensors.has(`${layer}eh_proj.weight`),
  );
  if (stored.length > 0) {
    const copies = stored.flatMap((layer) =>
      ["embed_tokens.weight", "shared_head.head.weight"]
        .map((copy) => layer + copy)
        .filter((name) => tensors.has(name)),
    );
    const tables = copies.reduce((sum, name) => sum + countOf(tensors, name), 0);
    expected.set("multi-token prediction", stored.length * mtpParameters(config).unique + tables);
  }
  const routers = Math.max(0, layers - dense) + stored.length;
  if (routers > 0) expected.set("correction biases", routers * nRoutedExperts);
  const scales = scalesNeeded(tensors);
  if (scales > 0) expected.set("block scales", scales);
  return expected;
}
